// --icf: equal functions become one. lld, whose options these are, folds the same ones.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { compile, scratch, type Target, targets, x86_64 } from "../../support/build.ts";
import { type Linker, underTest, workshop } from "../../support/link.ts";
import { lint } from "../../support/observe.ts";
import { tool } from "../../support/run.ts";
import { needs, needsToRun, which } from "../../support/tools.ts";

const lld: Linker = { name: "lld", path: which("ld.lld-19") ?? "ld.lld-19" };

/** Functions, each in a section of its own. */
function assemble(target: Target, name: string, functions: Readonly<Record<string, string>>): string {
  const text = Object.entries(functions).map(
    ([symbol, code]) => `.section .text.${symbol},"ax",@progbits\n.globl ${symbol}\n${symbol}: ${code}\n`,
  );
  return compile(target, `${name}.s`, `${text.join("")}\n.section .note.GNU-stack,"",@progbits\n`);
}

/** The functions of a program that share an address, address by address. */
function shared(path: string): readonly string[] {
  const byAddress = new Map<string, string[]>();
  for (const line of tool("nm", [path]).trim().split("\n")) {
    const [address, kind, name] = line.split(" ");
    if (/^[tT]$/.test(kind) && /^[a-z]\w*$/.test(name))
      byAddress.set(address, [...(byAddress.get(address) ?? []), name]);
  }
  return [...byAddress.values()]
    .filter((names) => names.length > 1)
    .map((names) => names.sort().join(" "))
    .sort();
}

/** What both linkers fold. */
function folded(target: Target, files: readonly string[], ...flags: readonly string[]): readonly string[] {
  const base = scratch("icf");
  const [expected, actual] = [lld, underTest].map((linker) =>
    shared(workshop(linker, target, base).ld("main", ["-e", "start", ...files, ...flags])),
  );
  deepEqual(actual, expected);
  return actual;
}

function eachTarget(title: string, body: (target: Target) => void): void {
  for (const target of targets)
    test(`${title} (${target.name})`, needsToRun("ld.lld-19", ...target.tools), () => body(target));
}

eachTarget("functions are equal if their code is, and what they call", (target) => {
  const file = assemble(target, "calls", {
    start: "call one; call other; ret",
    one: "call leaf; nop; ret",
    other: "call twin; nop; ret",
    third: "call different; nop; ret",
    leaf: "mov $1, %eax; ret",
    twin: "mov $1, %eax; ret",
    different: "mov $2, %eax; ret",
  });
  deepEqual(folded(target, [file], "--icf=all"), ["leaf twin", "one other"]);
  deepEqual(folded(target, [file], "--icf=none"), []);
  deepEqual(folded(target, [file], "--icf=all", "--keep-unique=other", "--keep-unique=twin"), []);
});

eachTarget("functions that call each other's counterparts are equal", (target) => {
  const file = assemble(target, "cycle", {
    start: "ret",
    even1: "call odd1; nop; ret",
    odd1: "call even1; ret",
    even2: "call odd2; nop; ret",
    odd2: "call even2; ret",
    self1: "call self1; nop; nop; ret",
    self2: "call self2; nop; nop; ret",
    even3: "call odd3; nop; ret",
    odd3: "call self1; ret",
  });
  deepEqual(folded(target, [file], "--icf=all"), ["even1 even2", "odd1 odd2", "self1 self2"]);
});

eachTarget("a long chain of equals that ends differently has nothing equal", (target) => {
  const chain = (name: string, end: string): Record<string, string> =>
    Object.fromEntries([
      ...Array.from({ length: 30 }, (_, i) => [`${name}${i}`, `call ${name}${i + 1}; ret`] as const),
      [`${name}30`, end] as const,
    ]);
  const same = assemble(target, "same", { start: "ret", ...chain("a", "nop; ret"), ...chain("b", "nop; ret") });
  const other = assemble(target, "other", { start: "ret", ...chain("a", "nop; ret"), ...chain("b", "nop; nop; ret") });
  equal(folded(target, [same], "--icf=all").length, 31);
  deepEqual(folded(target, [other], "--icf=all"), []);
});

eachTarget("addends, strings and undefined names count", (target) => {
  const source = `
    extern int absent1 __attribute__((weak)), absent2 __attribute__((weak));
    int table[4];
    const char *hello1(void) { return "hello"; }
    const char *hello2(void) { return "hello"; }
    const char *bye(void) { return "bye"; }
    int *second(void) { return &table[1]; }
    int *third(void) { return &table[2]; }
    int *again(void) { return &table[2]; }
    int *weak1(void) { return &absent1; }
    int *weak2(void) { return &absent2; }
    int *weak3(void) { return &absent2; }
    void start(void) {}`;
  const file = compile(target, "data.c", source, ["-O2", "-fno-pie", "-ffunction-sections"]);
  deepEqual(folded(target, [file], "--icf=all"), ["again third", "hello1 hello2", "weak2 weak3"]);
});

test("--icf=safe folds only what clang says that nobody compares", needs("ld.lld-19", "clang", ...x86_64.tools), () => {
  const source = `
    __attribute__((noinline)) int called1(int x) { return x + 5; }
    __attribute__((noinline)) int called2(int x) { return x + 5; }
    int taken1(int x) { return x + 7; }
    int taken2(int x) { return x + 7; }
    int (*pointers[])(int) = { taken1, taken2 };
    int start(void) { return called1(1) + called2(2) + pointers[0](3); }`;
  // Only the optimizer finds out what is compared.
  const flags = ["-O1", "-ffunction-sections"];
  const clang: Target = { ...x86_64, cc: "clang" };
  const marked = compile(clang, "marked.c", source, ["-faddrsig", ...flags]);
  const unmarked = compile(clang, "unmarked.c", source, ["-fno-addrsig", ...flags]);
  deepEqual(folded(x86_64, [marked], "--icf=safe"), ["called1 called2"]);
  deepEqual(folded(x86_64, [marked], "--icf=safe", "--export-dynamic", "-pie"), []);
  deepEqual(folded(x86_64, [unmarked], "--icf=safe"), []);
  deepEqual(folded(x86_64, [marked], "--icf=all"), ["called1 called2", "taken1 taken2"]);
});

const PROGRAM = `
  #include <cstdio>
  #include <vector>
  template <class T> __attribute__((noinline)) T add(T a, T b) { return a + b + (T)1; }
  struct A { virtual int f() { return 1; } virtual ~A() {} };
  struct B { virtual int f() { return 1; } virtual ~B() {} };
  int first(int x) { try { if (x > 0) throw x; } catch (int) { return 1; } catch (long) { return 2; } return 0; }
  int second(int x) { try { if (x > 0) throw x; } catch (long) { return 1; } catch (int) { return 2; } return 0; }
  int thrower(int n) { throw n; }
  int other(int n) { throw n; }
  int main() {
    std::vector<int> ints; std::vector<unsigned> unsigneds;
    for (int i = 0; i < 10; i++) { ints.push_back(i); unsigneds.push_back(i + 1); }
    A a; B b;
    int caught = 0;
    try { thrower(3); } catch (int n) { caught += n; }
    try { other(4); } catch (int n) { caught += n; }
    printf("%d %u %d %u %d %d %d %d\\n", add(1, 2), add(1u, 2u), ints[3], unsigneds[3], a.f() + b.f(), first(1), second(1), caught);
  }`;

for (const target of targets) {
  for (const flags of [
    ["-pie"],
    ["-no-pie"],
    ["-static"],
    ["-pie", "-Wl,--gc-sections"],
    ["-no-pie", "-Wl,--shuffle-sections=3"],
  ]) {
    test(
      `a C++ program runs when it is folded: ${flags.join(" ")} (${target.name})`,
      needsToRun(...target.tools),
      () => {
        const shop = workshop(underTest, target);
        const main = compile(target, "folded.cc", PROGRAM, ["-fPIC", "-ffunction-sections", "-fdata-sections", "-g"]);
        const path = shop.cxx("main", [main, "-Wl,--icf=all,--print-icf-sections", ...flags]);
        match(shop.messages(), /folded into/);
        equal(shop.run("main").stdout, "4 4 3 4 2 1 2 7\n");
        // elfutils knows neither glibc's probes nor the headers' symbol.
        if (!flags.includes("-static")) deepEqual(lint(path), [[]]);
      },
    );
  }
}

test("a folded library runs, and exports every name", needs("ld.lld-19", ...x86_64.tools), () => {
  const source =
    "int one(int x) { return x + 5; } int two(int x) { return x + 5; } int three(int x) { return one(x); } int four(int x) { return two(x); }";
  const library = compile(x86_64, "library.c", source, ["-fPIC", "-ffunction-sections", "-O1"]);
  const main = compile(
    x86_64,
    "main.c",
    "int one(int), two(int), three(int), four(int); int main(void) { return one(1) + two(2) + three(3) + four(4); }",
  );
  const shop = workshop(underTest, x86_64);
  const path = shop.cc("library.so", ["-shared", library, "-Wl,--icf=all"]);
  // Another library may define `one` and not `two`: what calls them is not the same.
  deepEqual(shared(path), ["one two"]);
  shop.cc("main", [main, "./library.so"]);
  equal(shop.run("main").status, 30);
});

test(
  "--icf is not for -r and --emit-relocs, and tells of a --keep-unique that it does not know",
  needs(...x86_64.tools),
  () => {
    const shop = workshop(underTest, x86_64);
    const file = assemble(x86_64, "small", { start: "ret", one: "ret" });
    shop.ld("out.o", ["-r", "--icf=all", file]);
    match(shop.messages(), /--icf has no effect/);
    match(shop.refuses("main", ["-q", "--icf=all", file], "ld"), /-q.*--icf/);
    shop.ld("main", ["-e", "start", "--icf=all", "--keep-unique=absent", file]);
    match(shop.messages(), /absent/);
  },
);

for (const target of targets) {
  test(`functions are equal only if their unwind records are (${target.name})`, needsToRun(...target.tools), () => {
    const code = (symbol: string, records: string): string =>
      `.section .text.${symbol},"ax",@progbits\n.globl ${symbol}\n${symbol}: ${records}\n`;
    const asks = (routine: string): string =>
      `.cfi_startproc\n.cfi_personality 0x1b,${routine}\nmov $5,%eax\nret\n.cfi_endproc`;
    const source = [
      code("start", "ret"),
      code("p", "nop; ret"),
      code("q", "nop; nop; ret"),
      code("one", asks("p")),
      code("two", asks("q")),
      code("three", asks("p")),
      code("plain", ".cfi_startproc\nmov $5,%eax\nret\n.cfi_endproc"),
      code("plainer", ".cfi_startproc\nmov $5,%eax\nret\n.cfi_endproc"),
      code("moved", ".cfi_startproc\nmov $5,%eax\n.cfi_def_cfa_offset 64\nret\n.cfi_endproc"),
      code("bare", "mov $5,%eax\nret"),
      code("barer", "mov $5,%eax\nret"),
      '.section .note.GNU-stack,"",@progbits\n',
    ];
    const file = compile(target, "unwind.s", source.join(""));
    const path = workshop(underTest, target, scratch("icf")).ld("main", ["-e", "start", "--icf=all", file]);
    deepEqual(shared(path), ["bare barer", "one three", "plain plainer"]);
  });
}
