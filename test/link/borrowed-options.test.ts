// Options that GNU ld does not have, each judged by the linker that it comes from.

import { equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { archive, compile, scratch, type Target, targets, x86_64 } from "../support/build.ts";
import { type Linker, underTest, type Workshop, workshop } from "../support/link.ts";
import { tool } from "../support/run.ts";
import { needs, needsToRun, which } from "../support/tools.ts";

const lld: Linker = { name: "lld", path: which("ld.lld-19") ?? "ld.lld-19" };
const gold: Linker = { name: "gold", path: which("ld.gold") ?? "ld.gold" };
const mold: Linker = { name: "mold", path: which("ld.mold") ?? "ld.mold" };

/** Does the same with both linkers, whose answers must be equal; returns the answer. */
function like(judge: Linker, target: Target, build: (shop: Workshop) => string): string {
  const base = scratch("borrowed");
  const expected = build(workshop(judge, target, base));
  const actual = build(workshop(underTest, target, base));
  equal(actual, expected, `the result differs from ${judge.name}'s`);
  return actual;
}

function eachTargetLike(judge: Linker, title: string, body: (target: Target) => void): void {
  for (const target of targets) {
    test(`${title} (${target.name})`, needsToRun(judge.path, ...target.tools), () => body(target));
  }
}

function assemble(target: Target, name: string, source: string): string {
  return compile(target, `${name}.s`, `${source}\n.section .note.GNU-stack,"",@progbits\n`);
}

/** The global functions of a file in alphabetical order, without what GNU ld defines in any program. */
function globals(path: string): string {
  const lines = tool("nm", ["-g", "--defined-only", path]).trim().split("\n");
  return lines
    .flatMap((line) => / T (?!_end|_edata|__bss)(.*)/.exec(line)?.[1] ?? [])
    .sort()
    .join(" ");
}

/** A file that defines functions, each in a section of its own, each calling what stands behind its colon. */
function functions(target: Target, name: string, ...definitions: readonly string[]): string {
  const text = definitions.map((it) => {
    const [symbol, callee] = it.split(":");
    return `.section .text.${symbol},"ax",@progbits\n.globl ${symbol}\n${symbol}: ${callee === undefined ? "nop" : `call ${callee}`}\nret\n`;
  });
  return assemble(target, name, text.join(""));
}

eachTargetLike(lld, "--undefined-glob takes matching members out of archives, and what these need", (target) => {
  const main = functions(target, "main", "_start", "foo_here");
  const members = ["foo_a", "foo_b:helper", "bar", "helper"].map((it, i) => functions(target, `member${i}`, it));
  const answer = like(lld, target, (shop) => {
    archive(shop.directory, "libfoo.a", members);
    const list = (...args: readonly string[]) => globals(shop.ld("main", [main, ...args, "libfoo.a"]));
    return [list(), list("--undefined-glob=foo_*"), list("--undefined-glob=foo_*", "--gc-sections")].join("\n");
  });
  equal(answer.split("\n")[1].includes("foo_a foo_b foo_here helper"), true);
});

test("--no-gnu-unique makes unique symbols plain global ones", needs("ld.lld-19", ...x86_64.tools), () => {
  const part = assemble(
    x86_64,
    "unique",
    ".data\n.globl once\n.type once, @gnu_unique_object\n.size once, 4\nonce: .long 1",
  );
  const binding = (path: string) =>
    [
      ...new Set(
        tool("readelf", ["-sW", path])
          .split("\n")
          .filter((line) => line.endsWith(" once"))
          .map((line) => line.split(/ +/)[5].replace("<OS", "UNIQUE")),
      ),
    ].join();
  const answer = like(lld, x86_64, (shop) => {
    shop.ld("kept.so", ["-shared", part]);
    shop.ld("plain.so", ["-shared", "--no-gnu-unique", part]);
    shop.ld("plain.o", ["-r", "--no-gnu-unique", part]);
    return ["kept.so", "plain.so", "plain.o"].map((name) => binding(join(shop.directory, name))).join(" ");
  });
  equal(answer, "UNIQUE GLOBAL UNIQUE");
});

eachTargetLike(lld, "--why-extract and --print-archive-stats tell what was taken out of archives", (target) => {
  const main = functions(target, "why", "start", "first");
  const weak = assemble(target, "weak", ".weak unwanted\n.text\ncall unwanted");
  const members = ["first:second", "second", "unwanted", "globbed", "required"].map((it, i) =>
    functions(target, `why${i}`, it),
  );
  const entry = functions(target, "entry", "entry:third", "third");
  like(lld, target, (shop) => {
    archive(shop.directory, "libwhy.a", members);
    archive(shop.directory, "libentry.a", [entry]);
    const flags = ["--entry=entry", "--undefined-glob=glob*", "-u", "required"];
    const reports = ["--why-extract=why.txt", "--print-archive-stats=-"];
    const inputs = ["--start-lib", weak, "--end-lib", "libentry.a", "libwhy.a", weak];
    const path = join(shop.directory, "why.txt");
    shop.ld("main", [main, ...inputs, ...flags, ...reports]);
    const rows = readFileSync(path, "utf8").trim().split("\n");
    return `${rows.sort().join("\n")}\n${shop.messages()}`.replace(/\S*[0-9a-f]+-(\w+\.o)/g, "$1");
  });
});

test(
  "--why-extract shows C++ names as they were written, unless --no-demangle",
  needs("ld.lld-19", ...x86_64.tools),
  () => {
    const main = compile(x86_64, "use.cc", "namespace space { int f(int); } int main() { return space::f(1); }");
    const member = compile(x86_64, "member.cc", "namespace space { int f(int n) { return n; } }");
    const answer = like(lld, x86_64, (shop) => {
      archive(shop.directory, "libspace.a", [member]);
      const told = (...flags: readonly string[]) => {
        shop.ld("main", ["-e", "main", main, "libspace.a", "--why-extract=-", ...flags]);
        return shop
          .messages()
          .replace(/\S*use\.o/g, "use.o")
          .replace(/\(\S*member\.o\)/g, "(member.o)");
      };
      return told() + told("--no-demangle");
    });
    equal(answer.split("\n")[1], "use.o\tlibspace.a(member.o)\tspace::f(int)");
  },
);

/** The symbols of a program's sections, by address. */
function order(path: string): string {
  const lines = tool("nm", ["-n", path]).trim().split("\n");
  return lines
    .flatMap((line) => / [tTdDbB] ([a-z]\w*)$/.exec(line)?.[1] ?? [])
    .filter((it) => !/^(end|e(text|data))$/.test(it))
    .join(" ");
}

/** Functions and variables, each in a section of its own; `local` is a local symbol. */
function parts(target: Target): string {
  const part = (name: string, section: string): string =>
    `.section .${section}.${name},"${section === "text" ? "ax" : "aw"}",@${section === "bss" ? "nobits" : "progbits"}\n${name === "local" ? "" : `.globl ${name}\n`}${name}: ${section === "text" ? "ret" : ".zero 4"}\n`;
  return assemble(
    target,
    "parts",
    [
      ...["start", "alpha", "beta", "local", "gamma"].map((it) => part(it, "text")),
      ...["one", "two", "three"].map((it) => part(it, "data")),
      ...["red", "green", "blue"].map((it) => part(it, "bss")),
    ].join(""),
  );
}

eachTargetLike(lld, "--symbol-ordering-file puts the sections of listed symbols first", (target) => {
  const file = parts(target);
  const answer = like(lld, target, (shop) => {
    shop.file("order", "# hot\n gamma\nabsent\nlocal\n\nthree\nblue\nred\nalpha\ngamma\nfixed\n");
    const flags = ["-e", "start", "--symbol-ordering-file=order", "--defsym=fixed=1"];
    const first = order(shop.ld("main", [file, ...flags]));
    equal(shop.messages().match(/warning/g)?.length, 3, shop.messages());
    shop.ld("main", [file, ...flags, "--no-warn-symbol-ordering"]);
    equal(shop.messages(), "");
    return `${first}\n${order(shop.ld("lib.so", ["-shared", file, ...flags]))}`;
  });
  equal(answer.split("\n")[0], "gamma local alpha start beta three one two blue red green");
});

eachTargetLike(gold, "--section-ordering-file puts listed sections last, names before patterns", (target) => {
  const file = parts(target);
  const answer = like(gold, target, (shop) => {
    shop.file("order", ".text.g*\n# hot\n.text.alpha\n.data.t*\n.text.gamma\n.bss.red\n");
    return order(shop.ld("main", [file, "-e", "start", "--section-ordering-file=order"]));
  });
  equal(answer, "start beta local alpha gamma one two three green blue red");
});

eachTargetLike(mold, "--reverse-sections turns the order round", (target) => {
  const file = parts(target);
  const answer = like(mold, target, (shop) => order(shop.ld("main", [file, "-e", "start", "--reverse-sections"])));
  equal(answer, "gamma local beta alpha start three two one blue green red");
});

eachTargetLike(lld, "--shuffle-sections=PATTERN=-1 turns the order of some sections round", (target) => {
  const file = parts(target);
  const flags = ["-e", "start", "--shuffle-sections=.text.*=-1", "--shuffle-sections=.data.t*=-1"];
  const answer = like(lld, target, (shop) => order(shop.ld("main", [file, ...flags])));
  equal(answer, "gamma local beta alpha start one three two red green blue");
});

for (const target of targets) {
  test(
    `--shuffle-sections=SEED gives every seed an order of its own (${target.name})`,
    needsToRun(...target.tools),
    () => {
      const shop = workshop(underTest, target);
      const file = parts(target);
      const shuffled = (flag: string): string => order(shop.ld("main", [file, "-e", "start", flag]));
      const orders = Array.from({ length: 8 }, (_, seed) => shuffled(`--shuffle-sections=${seed}`));
      equal(shuffled("--shuffle-sections=7"), orders[7]);
      equal(new Set(orders).size > 6, true, orders.join("\n"));
      const sorted = (names: string): string => names.split(" ").sort().join();
      const plain = sorted(order(shop.ld("main", [file, "-e", "start"])));
      for (const it of orders) equal(sorted(it), plain);
    },
  );
}

test(
  "a shuffled C++ program still runs: constructors and unwind records keep their order",
  needs(...x86_64.tools),
  () => {
    const source = `#include <cstdio>
    #include <stdexcept>
    struct Log { Log(const char *text) { puts(text); } };
    Log second __attribute__((init_priority(300)))("second"), first __attribute__((init_priority(200)))("first"), third("third");
    int thrower(int n) { if (n > 0) throw std::runtime_error("caught"); return n; }
    int main() { try { return thrower(1); } catch (const std::exception &it) { puts(it.what()); } return 0; }`;
    const main = compile(x86_64, "shuffled.cc", source, ["-ffunction-sections", "-fdata-sections"]);
    const shop = workshop(underTest, x86_64);
    for (const flag of ["--shuffle-sections=1", "--shuffle-sections=2", "--reverse-sections"]) {
      shop.cxx("main", [main, `-Wl,${flag}`]);
      equal(shop.run("main").stdout, "first\nsecond\nthird\ncaught\n");
      shop.cxx("static", ["-static", main, `-Wl,${flag}`]);
      equal(shop.run("static").stdout, "first\nsecond\nthird\ncaught\n");
    }
  },
);

test("-r says that orders of sections are not for it", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  shop.ld("out.o", ["-r", parts(x86_64), "--reverse-sections", "--sort-section=name"]);
  equal(shop.messages().match(/has no effect/g)?.length, 2);
});

eachTargetLike(lld, "-z keep-text-section-prefix leaves hot and cold code in sections of their own", (target) => {
  const names = [
    "hot.a",
    "unlikely.b",
    "startup.c",
    "exit.d",
    "unknown.e",
    "split.f",
    "hot",
    "unlikely",
    "hotel",
    "plain",
  ];
  const code = names.map((name) => `.section .text.${name},"ax",@progbits\nnop\n`).join("");
  const file = assemble(target, "prefixes", `.globl start\nstart: ret\n${code}`);
  const answer = like(lld, target, (shop) => {
    const sections = (name: string, ...flags: readonly string[]) =>
      tool("readelf", ["-SW", shop.ld(name, ["-e", "start", file, ...flags])])
        .split("\n")
        .flatMap((line) => /(\.text\S*) +PROGBITS +\S+ \S+ (\S+)/.exec(line)?.slice(1) ?? [])
        .join(" ");
    return `${sections("apart", "-z", "keep-text-section-prefix")}\n${sections("joined")}`;
  });
  equal(answer.split("\n")[0].startsWith(".text 000003 .text.hot 000002 .text.unlikely 000002"), true, answer);
});

test("--error-execstack and --error-rwx-segments make errors of those warnings", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  const stack = compile(x86_64, "stack.s", '.globl start\nstart: ret\n.section .note.GNU-stack,"x",@progbits\n');
  match(shop.refuses("main", ["-e", "start", stack, "--error-execstack"], "ld"), /error.*stack/);
  shop.ld("main", ["-e", "start", stack, "--error-execstack", "--no-error-execstack"]);
  match(shop.refuses("writable", ["-e", "start", "-N", parts(x86_64), "--error-rwx-segments"], "ld"), /error.*RWX/);
});
