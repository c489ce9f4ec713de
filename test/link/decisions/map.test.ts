// -Map and --cref say what GNU ld's say: which members are there and why, what was left out, where sections and symbols are.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mapPath } from "../../../src/cli/ld/map-file.ts";
import { archive, compile, scratch, type Target, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, underTest, type Workshop, workshop } from "../../support/link.ts";
import { needs } from "../../support/tools.ts";

interface MapFacts {
  /** `member because of file (symbol)` */
  readonly members: readonly string[];
  readonly commons: readonly string[];
  /** `file section size` of what is left out. */
  readonly discarded: readonly string[];
  /** `output: file section size` of the input sections that are loaded and not empty. */
  readonly pieces: readonly string[];
  /** `symbol in file section` */
  readonly symbols: readonly string[];
}

const MADE_BY_LINKER =
  /\(linker\)|\.(interp|dyn\w+|got|plt|hash|gnu\.\w+|rela?|note\.gnu|eh_frame|dynbss|data\.rel\.ro|symtab|strtab|shstrtab)/;

/** Reads a map. Names that are too long for their column stand on a line of their own. */
function readMap(text: string): MapFacts {
  const joined = text.replaceAll(/^( ?[^\s*]\S*)\n +0x/gm, "$1 0x");
  const part = (from: RegExp, to: RegExp): string[] => {
    const [, rest = ""] = joined.split(from);
    return rest
      .split(to)[0]
      .split("\n")
      .filter((it) => it !== "");
  };
  const base = (path: string): string => path.replaceAll(/\S*\//g, "");
  const inputs = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => {
      const found = /^ (\S+) +0x[0-9a-f]+ +0x([0-9a-f]+) (\S.*)$/.exec(line);
      return found === null ? [] : [`${base(found[3])} ${found[1]} ${found[2]}`];
    });
  const pieces: string[] = [];
  const symbols: string[] = [];
  let output = "";
  let input = "";
  for (const line of part(/^Linker script and memory map$/m, /^OUTPUT/m)) {
    const section = /^([^\s*]\S*) +0x[0-9a-f]+ +0x/.exec(line);
    const piece = inputs([line])[0];
    const symbol = /^ {16}0x[0-9a-f]+ +([A-Za-z_]\w*)$/.exec(line);
    if (section !== null) output = section[1];
    if (piece !== undefined) input = piece;
    if (piece !== undefined && !piece.endsWith(" 0") && !MADE_BY_LINKER.test(piece)) pieces.push(`${output}: ${piece}`);
    if (symbol !== null && input.includes(".o")) symbols.push(`${symbol[1]} in ${input.replace(/ [0-9a-f]+$/, "")}`);
  }
  const wanted = part(/^Archive member included.*$/m, /^(?:As-needed|Allocating|Discarded|There are|Merging|Memory)/m);
  return {
    members: base(wanted.join("\n").replaceAll(/\n? +/g, " ")).split("\n"),
    commons: part(/^Common symbol +size +file$/m, /^(?:Discarded|There are|Memory|\S.*:$)/m)
      .map((it) => it.replace(/ +/g, " "))
      .sort(),
    discarded: inputs(part(/^Discarded input sections$/m, /^Memory Configuration$/m))
      .filter((it) => !/ \.(group|note\.gnu\.property|gnu\.warning)/.test(it))
      .sort(),
    pieces: pieces.filter((it) =>
      /^\.(text|init|fini|data|bss|rodata|tdata|tbss|init_array|fini_array|items)\b/.test(it),
    ),
    // GNU ld allots common symbols in the order of its hash table.
    symbols: symbols.filter((it) => /^(main|used|member|data|shared_name|tls|com|cxx|dead)/.test(it)).sort(),
  };
}

/** The facts of both linkers' maps, which must be the same. */
function sameMaps(target: Target, link: (shop: Workshop) => void): MapFacts {
  const base = scratch("map");
  const [expected, actual] = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, target, base);
    link(shop);
    return readMap(readFileSync(join(shop.directory, "out.map"), "utf8"));
  });
  deepEqual(actual, expected, "the map differs from GNU ld's");
  return actual;
}

eachTarget("-Map names members, commons, what is left out, and every section and symbol", (target) => {
  const flags = ["-fpie", "-fcommon", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables"];
  const main = compile(
    target,
    "main.c",
    `int com; int com_large[20]; int data = 1; int data_zero; _Thread_local int tls = 2;
     extern int member(void);
     int used(void) { return data + tls + com + com_large[1] + data_zero; }
     int dead(void) { return 1; }
     int main(void) { return used() + member(); }`,
    flags,
  );
  const member = compile(
    target,
    "member.c",
    'int com; const char *member_text = "text"; int member(void) { return !member_text; }',
    flags,
  );
  const facts = sameMaps(target, (shop) => {
    shop.cc("out", ["-pie", main, archive(shop.directory, "library.a", [member]), "-Wl,-Map=out.map,--gc-sections"]);
  });
  deepEqual(facts.members, ["library.a(member.o) main.o (member)"]);
  equal(facts.commons.length, 3);
  ok(facts.discarded.some((it) => it.startsWith("main.o .text.dead ")));
  ok(
    facts.symbols.includes("used in main.o .text.used") &&
      facts.symbols.includes("member in library.a(member.o) .text.member"),
  );
});

eachTarget("the map shows each inline function once", (target) => {
  const unit = (name: string): string =>
    compile(target, `${name}.cc`, `inline int cxx(int x) { return 2 * x; } int (*used_${name})(int) = cxx;`, ["-fpie"]);
  const main = compile(target, "main.cc", "int main() { return 0; }", ["-fpie"]);
  const facts = sameMaps(target, (shop) => {
    shop.cxx("out", ["-pie", main, unit("one"), unit("two"), "-Wl,-Map=out.map,--no-demangle"]);
  });
  ok(facts.discarded.some((it) => it.startsWith("two.o .text._Z3cxxi ")));
  ok(facts.pieces.some((it) => it.startsWith(".text: one.o .text._Z3cxxi ")));
});

eachTarget("-r has a map too; nothing has an address yet", (target) => {
  const unit = (name: string, body: string): string =>
    compile(target, `${name}.c`, body, ["-fcommon", "-ffunction-sections", "-fno-pic"]);
  const one = unit("one", "int com; int data = 1; int used(void) { return data + com; }");
  const two = unit("two", "int used(void); int com_two[3]; int main(void) { return used() + com_two[0]; }");
  const facts = sameMaps(target, (shop) => {
    shop.ld("out", ["-r", "-d", one, two, "-Map=out.map"]);
  });
  ok(facts.symbols.includes("main in two.o .text.main") && facts.symbols.includes("com in one.o COMMON"));
});

const once = needs("ld.bfd", ...x86_64.tools);

test("names are demangled unless --no-demangle; --no-print-map-discarded leaves out what is left out", once, () => {
  const main = compile(x86_64, "main.cc", "int cxx(int x) { return x; } int main() { return cxx(0); }", ["-fpie"]);
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, x86_64, scratch("map"));
    const map = (...args: string[]): string => {
      shop.cxx("out", [main, "-Wl,-Map=out.map", ...args]);
      return readFileSync(join(shop.directory, "out.map"), "utf8");
    };
    match(map(), /^ {16}0x[0-9a-f]+ +cxx\(int\)$/m);
    match(map("-Wl,--no-demangle"), /^ {16}0x[0-9a-f]+ +_Z3cxxi$/m);
    match(map(), /^Discarded input sections$/m);
    ok(!map("-Wl,--no-print-map-discarded").includes("Discarded input sections"));
  }
});

test("-M and -Map=- print the map, a directory gets one, and a failed link has what is known", once, () => {
  const main = compile(x86_64, "main.c", "int main(void) { return 0; }", ["-fpie"]);
  const bad = compile(x86_64, "bad.c", "int nowhere(void); int main(void) { return nowhere(); }", ["-fpie"]);
  const shop = workshop(underTest, x86_64, scratch("map"));
  for (const option of ["-M", "-Map=-", "--print-map"]) {
    shop.cc("out", [main, `-Wl,${option}`]);
    match(shop.messages(), /^Linker script and memory map$/m);
  }
  mkdirSync(join(shop.directory, "maps"));
  shop.cc("out", [main, "-Wl,-Map=maps"]);
  ok(existsSync(join(shop.directory, "maps/out.map")));
  shop.refuses("failed", [bad, "-Wl,-Map=failed.map"]);
  match(readFileSync(join(shop.directory, "failed.map"), "utf8"), /^LOAD .*bad\.o$/m);
});

test("-Map's file: % stands for the output, a directory gets a file (ld manual, -Map)", () => {
  const place = (given: string, output: string): string => mapPath(given, output, (path) => path === "../dir");
  deepEqual(
    [
      place("bar", "../dir/foo.exe"),
      place("../dir", "../dir2/foo.exe"),
      place("%", "foo.exe"),
      place("%.bar", "../dir/foo.exe"),
      place("../dir/%", "../dir2/foo.exe"),
    ],
    ["bar", "../dir/foo.exe.map", "foo.exe.map", "../dir/foo.exe.bar", "../dir/../dir2/foo.exe.map"],
  );
});

test("--cref lists who defines and who uses each symbol", once, () => {
  const shared = compile(x86_64, "shared.c", "int shared_name(void) { return 0; }", ["-fPIC"]);
  const one = compile(
    x86_64,
    "one.c",
    "int com; int shared_name(void); int used(void) { return shared_name() + com; }",
    ["-fpie", "-fcommon"],
  );
  const two = compile(
    x86_64,
    "two.c",
    "int com; int used(void), shared_name(void); int main(void) { return used() + shared_name(); }",
    ["-fpie", "-fcommon"],
  );
  const rows = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, x86_64, scratch("cref"));
    shop.cc("library.so", ["-shared", shared]);
    shop.cc("out", [one, two, "./library.so", "-Wl,--cref"]);
    const table = new Map<string, string[]>();
    let name = "";
    const [, text = ""] = shop.messages().split("Cross Reference Table");
    for (const line of text.split("\n")) {
      const found = /^(\S*) +(\S+)$/.exec(line);
      if (found === null) continue;
      if (found[1] !== "") name = found[1];
      table.set(name, [...(table.get(name) ?? []), found[2].replace(/.*\//, "")]);
    }
    return ["used", "com", "shared_name"].map((it) => {
      const [first, ...others] = table.get(it) ?? [];
      return [it, first, ...others.sort()].join(" ");
    });
  });
  deepEqual(rows[1], ["used one.o two.o", "com one.o two.o", "shared_name library.so one.o two.o"]);
  // GNU ld names the files in the opposite order where several have a common symbol.
  deepEqual(
    rows[1].map((it) => it.split(" ").sort()),
    rows[0].map((it) => it.split(" ").sort()),
  );
});
