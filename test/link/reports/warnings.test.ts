// Warnings and checks that users of GNU ld expect: said when GNU ld says them, about the same files and symbols.

import { deepEqual, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { archive, compile, scratch, type Target, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, type Linker, likeGnuLd, underTest, type Workshop, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const program = (target: Target): string => compile(target, "program.c", "int main(void) { return 0; }", ["-fpie"]);

interface Said {
  /** Which of the patterns the linker's words match. */
  readonly said: readonly string[];
  readonly linked: boolean;
}

type Patterns = Readonly<Record<string, RegExp>>;

/** Links with both linkers and asks which patterns their messages match: the answers must be the same. */
function bothSay(
  target: Target,
  link: (shop: Workshop) => readonly string[],
  patterns: Patterns,
  driver: "cc" | "ld" = "cc",
): Said {
  const base = scratch("said");
  const [expected, actual] = [gnu, underTest].map((linker: Linker) => {
    const shop = workshop(linker, target, base);
    const args = link(shop);
    let text: string;
    try {
      shop[driver]("output", args);
      text = shop.messages();
    } catch {
      text = shop.messages();
    }
    const said = Object.keys(patterns).filter((name) => patterns[name].test(text));
    return { said, linked: existsSync(join(shop.directory, "output")), text };
  });
  const comparable = ({ said, linked }: Said): Said => ({ said, linked });
  deepEqual(
    comparable(actual),
    comparable(expected),
    `GNU ld said:\n${expected.text}\nthe tested linker:\n${actual.text}`,
  );
  return comparable(actual);
}

/** What does not depend on the machine is tried on one. */
function once(title: string, body: (target: Target) => void): void {
  test(title, needs("ld.bfd", ...x86_64.tools), () => body(x86_64));
}

const silence: Said = { said: [], linked: true };
const warns = (...said: string[]): Said => ({ said, linked: true });
const fails = (...said: string[]): Said => ({ said, linked: false });

// ---------------------------------------------------------------------------------------------------------------------

eachTarget("the text of .gnu.warning.SYMBOL is shown where the symbol is used", (target) => {
  const asm = (name: string) =>
    `__asm__(".section .gnu.warning.${name}\\n.string \\"do not use ${name}\\"\\n.previous");`;
  const library = compile(
    target,
    "library.c",
    `${asm("risky")} ${asm("unused")} int risky(void) { return 0; } int unused(void) { return 0; }`,
    ["-fPIC"],
  );
  const user = compile(target, "user.c", "int risky(void); int main(void) { return risky(); }", ["-fpie"]);
  const second = compile(target, "second.c", "int risky(void); int more(void) { return risky(); }", [
    "-fpie",
    "-ffunction-sections",
  ]);
  const patterns = {
    "used in user.o": /user\.o(?:: in function.*\n.*|:.*): .*do not use risky/,
    "used in second.o": /second\.o(?:: in function.*\n.*|:.*): .*do not use risky/,
    unused: /do not use unused/,
  };
  const link = (...args: string[]): Said => bothSay(target, () => args, patterns);
  deepEqual(link(user, library), warns("used in user.o"));
  deepEqual(link(library, user, second), warns("used in user.o"));
  deepEqual(link(user, library, "-Wl,--no-warnings"), silence);
  deepEqual(link(user, library, "-Wl,--fatal-warnings"), fails("used in user.o"));
  // A library that is linked with passes its warnings on; a program does not keep them.
  const shared = bothSay(
    target,
    (shop) => {
      shop.cc("library.so", ["-shared", library]);
      ok(tool("readelf", ["-SW", join(shop.directory, "library.so")]).includes(".gnu.warning.risky"));
      return [user, "./library.so"];
    },
    patterns,
  );
  deepEqual(shared, warns("used in user.o"));
});

eachTarget("common symbols that meet are warned of under -r too", (target) => {
  const unit = (name: string, source: string): string => compile(target, `${name}.c`, source, ["-fcommon"]);
  const [small, large] = [unit("small", "int com;"), unit("large", "int com[64];")];
  const defined = unit("defined", "int com = 3;");
  const patterns = {
    larger: /common of `com' overriding smaller common from .*small\.o/,
    defined: /definition of `com' overriding common from .*small\.o/,
  };
  const link = (...args: string[]): Said => bothSay(target, () => ["-r", ...args], patterns, "ld");
  deepEqual(link("--warn-common", small, large), warns("larger"));
  deepEqual(link("--warn-common", "-d", small, large), warns("larger"));
  deepEqual(link("--warn-common", small, defined), warns("defined"));
  deepEqual(link(small, large), silence);
});

eachTarget("the text of .gnu.warning is shown for its whole file, and not kept", (target) => {
  const file = compile(
    target,
    "old.s",
    '.section .gnu.warning,"",@progbits\n.asciz "this file is old"\n.section .note.GNU-stack,"",@progbits',
  );
  const patterns = { old: /old\.o.*this file is old/, twice: /file is old(.|\n)*file is old/ };
  for (const args of [["-r"], ["-shared"], ["-e", "0"], ["-e", "0", "--gc-sections"]]) {
    const said = bothSay(target, () => [...args, file], patterns, "ld");
    deepEqual(said, warns("old"));
  }
  const kept = likeGnuLd(target, (shop) =>
    tool("readelf", ["-SW", shop.ld("out.o", ["-r", file])]).includes(".gnu.warning"),
  );
  deepEqual(kept, false);
});

once("glibc warns of gets in static and dynamic programs", (target) => {
  const user = compile(target, "user.c", "char *gets(char *); int main(void) { char b[9]; return !gets(b); }", [
    "-fpie",
  ]);
  const patterns = { gets: /`gets' function is dangerous and should not be used/ };
  deepEqual(
    bothSay(target, () => [user], patterns),
    warns("gets"),
  );
  deepEqual(
    bothSay(target, () => ["-static", user], patterns),
    warns("gets"),
  );
});

eachTarget("an executable stack is warned of: missing and executable .note.GNU-stack, -z execstack", (target) => {
  const none = compile(target, "none.s", ".text\n.globl none\nnone: ret");
  const asks = compile(target, "asks.s", '.text\nret\n.section .note.GNU-stack,"x",@progbits');
  const main = program(target);
  const patterns = {
    missing: /none\.o: missing \.note\.GNU-stack section implies executable stack/,
    asked: /asks\.o: requires executable stack/,
    option: /enabling an executable stack because of -z execstack/,
  };
  const link = (...args: string[]): Said & { readonly stack: string } => {
    let stack = "";
    const said = bothSay(
      target,
      (shop) => {
        shop.cc("output", ["-w", ...args]);
        stack =
          /GNU_STACK.* ([RWE]+) +0x/.exec(tool("readelf", ["-lW", join(shop.directory, "output")]))?.[1] ?? "none";
        return args;
      },
      patterns,
    );
    return { ...said, stack };
  };
  deepEqual(link(main), { ...silence, stack: "RW" });
  deepEqual(link(main, none), { ...warns("missing"), stack: "RWE" });
  deepEqual(link(main, none, asks), { ...warns("asked"), stack: "RWE" });
  deepEqual(link(main, none, asks, "-z", "noexecstack"), { ...silence, stack: "RW" });
  deepEqual(link(main, "-z", "execstack"), { ...silence, stack: "RWE" });
  deepEqual(link(main, "-z", "execstack", "-Wl,--warn-execstack"), { ...warns("option"), stack: "RWE" });
  deepEqual(link(main, none, "-Wl,--no-warn-execstack"), { ...silence, stack: "RWE" });
  // When no file says anything there is no PT_GNU_STACK.
  const headers = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, target, scratch("stack"));
    shop.ld("output", [none, "-e", "none"]);
    return tool("readelf", ["-lW", join(shop.directory, "output")]).includes("GNU_STACK");
  });
  deepEqual(headers, [false, false]);
});

once("a segment that is both writable and executable is warned of", (target) => {
  const wild = compile(target, "wild.s", '.section wild,"awx",@progbits\nret\n.section .note.GNU-stack,""');
  const data = compile(target, "data.c", "int data = 1; int start(void) { return data; }", ["-fno-pie"]);
  const patterns = { rwx: /output has a LOAD segment with RWX permissions/ };
  const main = program(target);
  deepEqual(
    bothSay(target, () => [main], patterns),
    silence,
  );
  deepEqual(
    bothSay(target, () => [main, wild], patterns),
    warns("rwx"),
  );
  deepEqual(
    bothSay(target, () => [main, wild, "-Wl,--no-warn-rwx-segments"], patterns),
    silence,
  );
  for (const option of ["-N", "-n"])
    deepEqual(
      bothSay(target, () => [option, "-e", "start", data], patterns, "ld"),
      warns("rwx"),
    );
});

once("common symbols that meet are warned of with --warn-common; smaller definitions always", (target) => {
  const unit = (name: string, source: string): string => compile(target, `${name}.c`, source, ["-fcommon", "-fPIC"]);
  const small = unit("small", "int com;");
  const again = unit("again", "int com;");
  const large = unit("large", "int com[64];");
  const defined = unit("defined", "int com = 3;");
  const weak = unit("weak", "__attribute__((weak)) int com = 4;");
  const aligned = unit("aligned", "int com __attribute__((aligned(64)));");
  const versioned = unit("versioned", 'int of_v1 = 3; __asm__(".symver of_v1, com@@V1");');
  const main = program(target);
  const patterns = {
    larger: /large\.o: (?:warning: )?common of `com' overriding smaller common from .*small\.o/,
    smaller: /small\.o: (?:warning: )?common of `com' overridden by larger common from .*large\.o/,
    again: /multiple common of `com'/,
    defined: /defined\.(o|so): (?:warning: )?definition of `com' overriding common from .*small\.o/,
    common: /small\.o: (?:warning: )?common of `com' overridden by definition from .*defined\.o/,
    "size of large":
      /size of symbol `com' (?:changed from 256 in .*large\.o to 4 in .*defined\.(o|so)|is 4, but 256 in .*large\.o)/,
    "alignment of aligned": /alignment 4 of (?:symbol )?`com'.* is smaller than 64/,
  };
  const link = (...args: string[]): string[] => [...bothSay(target, () => [main, ...args], patterns).said];
  const warn = "-Wl,--warn-common";
  deepEqual(link(warn, small, large), ["larger"]);
  deepEqual(link(warn, large, small), ["smaller"]);
  deepEqual(link(warn, small, again), ["again"]);
  deepEqual(link(warn, small, defined), ["defined"]);
  deepEqual(link(warn, defined, small), ["common"]);
  deepEqual(link(warn, small, weak), []);
  deepEqual(link(warn, weak, small), []);
  deepEqual(link(small, large, again), []);
  deepEqual(link(large, defined), ["size of large"]);
  deepEqual(link(defined, large), []);
  // The default version's definition is another symbol to GNU ld when it comes.
  deepEqual(link(large, versioned), []);
  deepEqual(link(aligned, defined), ["alignment of aligned"]);
  deepEqual(link(defined, aligned), ["alignment of aligned"]);
  const shared = (object: string, ...more: string[]): string[] => [
    ...bothSay(
      target,
      (shop) => {
        shop.cc("defined.so", ["-shared", defined]);
        return [main, object, "./defined.so", ...more];
      },
      patterns,
    ).said,
  ];
  deepEqual(shared(small, warn), ["defined"]);
  deepEqual(shared(large), ["size of large"]);
  const ofVersion = bothSay(
    target,
    (shop) => {
      shop.cc("defined.so", ["-shared", defined, `-Wl,--version-script=${shop.file("v.map", "V1 { com; };")}`]);
      return [main, large, "./defined.so"];
    },
    patterns,
  );
  deepEqual([...ofVersion.said], []);
});

once("-y names the files that define and use a symbol, in their order", (target) => {
  const user = compile(target, "user.c", "int traced(void); int main(void) { return traced(); }", ["-fpie"]);
  const definer = compile(target, "definer.c", "int traced(void) { return 0; }", ["-fpie"]);
  const lines = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, target, scratch("traced"));
    const library = archive(shop.directory, "library.a", [definer]);
    shop.cc("output", [user, library, "-Wl,-y,traced,-y,abort,-y,nowhere"]);
    const found = shop.messages().matchAll(/([\w.]+(?:\(\w+\.o\))?): (reference to|definition of) (\w+)/g);
    return [...found].map(([, file, what, symbol]) => `${file}: ${what} ${symbol}`);
  });
  deepEqual(lines[1], lines[0]);
  deepEqual(lines[1], [
    "user.o: reference to traced",
    "library.a(definer.o): definition of traced",
    "libc.so.6: definition of abort",
  ]);
});

once("undefined symbols can be warnings, and --noinhibit-exec links in spite of errors", (target) => {
  const user = compile(
    target,
    "user.c",
    "int nowhere(void); int unused(void) { return nowhere(); } int main(void) { return 0; }",
    ["-fno-pie"],
  );
  const twice = compile(target, "twice.c", "int main(void) { return 1; }", ["-fno-pie"]);
  const patterns = {
    warning: /warning: (?:.*: )?undefined reference to `nowhere'/,
    undefined: /undefined reference to `nowhere'/,
    twice: /multiple definition of `main'/,
  };
  const link = (...args: string[]): Said => bothSay(target, () => ["-no-pie", user, ...args], patterns);
  deepEqual(link(), fails("undefined"));
  deepEqual(link("-Wl,--warn-unresolved-symbols"), warns("warning", "undefined"));
  deepEqual(link("-Wl,--warn-unresolved-symbols,--error-unresolved-symbols"), fails("undefined"));
  deepEqual(link("-Wl,--unresolved-symbols=ignore-all"), silence);
  deepEqual(link("-Wl,--noinhibit-exec"), warns("undefined"));
  deepEqual(link(twice, "-Wl,--warn-unresolved-symbols"), fails("warning", "undefined", "twice"));
  deepEqual(link(twice, "-Wl,--unresolved-symbols=ignore-all,--noinhibit-exec"), warns("twice"));
});

once("a missing entry symbol is warned of, in a shared library only if it was named", (target) => {
  const main = program(target);
  const patterns = {
    _start: /cannot find entry symbol _start; defaulting to/,
    named: /cannot find entry symbol nosuch; defaulting to/,
    "not set": /cannot find entry symbol nosuch; not setting start address/,
  };
  const link = (...args: string[]): readonly string[] => bothSay(target, () => [main, ...args], patterns, "ld").said;
  deepEqual(link(), ["_start"]);
  deepEqual(link("-pie"), ["_start"]);
  deepEqual(link("-e", "main"), []);
  deepEqual(link("-e", "0x1234"), []);
  deepEqual(link("-e", "nosuch"), ["named"]);
  deepEqual(link("-shared"), []);
  deepEqual(link("-shared", "-e", "nosuch"), ["not set"]);
  const fromScript = bothSay(target, (shop) => [main, shop.file("entry.ld", "ENTRY(main)")], patterns, "ld");
  deepEqual(fromScript, silence);
});

once("--no-undefined-version refuses names in a version script that nothing defines", (target) => {
  const library = compile(target, "library.c", "int here(void) { return 0; }", ["-fPIC"]);
  const patterns = { nosuch: /\bnosuch\b/, wildcard: /wild/, here: /\bhere\b.*(undefined|not defined)/ };
  const link = (...args: string[]): Said =>
    bothSay(
      target,
      (shop) => {
        shop.file("versions", "V1 { global: here; nosuch; wild*; local: *; };");
        return ["-shared", library, "-Wl,--version-script=versions", ...args];
      },
      patterns,
    );
  deepEqual(link(), silence);
  deepEqual(link("-Wl,--no-undefined-version"), fails("nosuch"));
});

eachTarget("what a library refers to must not be hidden in the program", (target) => {
  const library = compile(target, "library.c", "int wanted(void); int ask(void) { return wanted(); }", ["-fPIC"]);
  const weak = compile(
    target,
    "weak.c",
    "int wanted(void) __attribute__((weak)); int ask(void) { return wanted ? wanted() : 0; }",
    ["-fPIC"],
  );
  const user = (visibility: string): string =>
    compile(
      target,
      "user.c",
      `__attribute__((visibility("${visibility}"))) int wanted(void) { return 0; } int ask(void); int main(void) { return ask(); }`,
      ["-fpie"],
    );
  const separate = compile(target, "separate.c", "int wanted(void) { return 0; }", ["-fpie"]);
  const asking = compile(
    target,
    "asking.c",
    "int ask(void), wanted(void); int main(void) { return ask() + wanted(); }",
    ["-fpie"],
  );
  const patterns = {
    hidden: /hidden symbol `wanted'.* is referenced by DSO/,
    internal: /internal symbol `wanted'.* is referenced by DSO/,
    local: /local symbol `wanted'.* is referenced by DSO/,
  };
  const link = (from: string, ...args: string[]): Said =>
    bothSay(
      target,
      (shop) => {
        shop.cc("library.so", ["-shared", from]);
        shop.file("local", "V { local: wanted; };");
        return [...args, "./library.so"];
      },
      patterns,
    );
  deepEqual(link(library, user("default")), silence);
  deepEqual(link(library, user("protected")), silence);
  deepEqual(link(library, user("hidden")), fails("hidden"));
  deepEqual(link(library, user("internal")), fails("internal"));
  deepEqual(link(weak, user("hidden")), silence);
  deepEqual(link(library, user("default"), "-Wl,--version-script=local"), fails("local"));
  const directory = scratch("archive");
  deepEqual(
    link(library, asking, archive(directory, "separate.a", [separate]), "-Wl,--exclude-libs,ALL"),
    fails("hidden"),
  );
});

once("a symbol that only this link may define must be defined, used or not", (target) => {
  const user = compile(
    target,
    "user.c",
    '__attribute__((visibility("hidden"))) extern int wanted; int main(void) { return wanted; }',
    ["-fpie"],
  );
  const mention = compile(target, "mention.s", '.globl wanted\n.hidden wanted\n.section .note.GNU-stack,""');
  const library = compile(target, "library.c", "int wanted = 1;", ["-fPIC"]);
  const main = program(target);
  const patterns = {
    undefined: /undefined reference to `wanted'/,
    hidden: /hidden symbol `wanted' isn't defined|reference is hidden/,
  };
  const link = (...args: string[]): Said =>
    bothSay(
      target,
      (shop) => {
        shop.cc("library.so", ["-shared", library]);
        return args;
      },
      patterns,
    );
  deepEqual(link(user, "./library.so"), fails("undefined", "hidden"));
  deepEqual(link(main, mention), fails("hidden"));
});

eachTarget("text relocations are warned of, allowed or refused", (target) => {
  const absolute = compile(
    target,
    "absolute.s",
    `.text\n.globl here\nhere: ret\n.${target.wordBytes === 8 ? "quad" : "long"} here\n.section .note.GNU-stack,""`,
  );
  const main = program(target);
  const patterns = { here: /relocation against `here'/ };
  const link = (...args: string[]): Said => bothSay(target, () => ["-pie", main, absolute, ...args], patterns);
  deepEqual(link(), warns("here"));
  deepEqual(link("-z", "notext"), silence);
  deepEqual(link("-z", "notext", "-Wl,--warn-textrel"), warns("here"));
  deepEqual(link("-z", "text"), fails("here"));
});

eachTarget(
  "a definition that is something else than the library's is warned of where the library comes first",
  (target) => {
    const library = compile(
      target,
      "kinds-library.s",
      `.globl code, number
     .text
     .type code, @function
     code: ret
     .data
     .type number, @object
     number: .long 1
     .size number, 4`,
    );
    const other = compile(
      target,
      "kinds-other.s",
      `.globl code, _start
     .data
     .type code, @object
     code: .long 1
     .size code, 4
     .text
     _start: ret
     .comm number, 4, 1`,
    );
    const patterns = { changed: /`code'.* (?:changed from 2 to 1|is OBJECT here)/, common: /common of `number'/ };
    const link = (order: (library: string) => readonly string[]): Said =>
      bothSay(target, (shop) => order(shop.ld("libkinds.so", ["-shared", library])), patterns, "ld");
    deepEqual(
      link((it) => ["--warn-common", it, other]),
      warns("changed", "common"),
    );
    deepEqual(
      link((it) => [other, it]),
      silence,
    );
  },
);
