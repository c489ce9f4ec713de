// Functions of relocatable objects, executed: they return what they return when the machine runs them, and what stops them is told.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import {
  type CallArgument,
  type CallEnd,
  callFunction,
  type FunctionCall,
  runCall,
} from "../../src/execute/call-function.ts";
import { faultLine, otherResults, returnedLine } from "../../src/explain/execute/call.ts";
import { loadObjects } from "../../src/load/relocatable/index.ts";
import { compile, i386, x86_64 } from "../support/build.ts";
import { needs } from "../support/tools.ts";

const FIRST = `
  int shared = 5; int common; extern int table[3]; __thread int own = 7; static __thread int zero;
  int other(int); int weak(void) __attribute__((weak));
  int foo(int x) { return other(x) + shared; }
  int sum(int a, int b, int c, int d, int e, int f, int g, int h) { return a + 10*b + 100*c + 1000*d + 10000*e + 100000*f + 1000000*g + 10000000*h; }
  int counts(void) { own++; zero += 2; common += 3; return 100 * own + 10 * zero + common; }
  long negative(long x) { return -x; }
  int third(void) { return table[2]; }
  int no_weak(void) { return weak ? 1 : 2; }
  int null(int *p) { return *p; }
  void store(void) { *(volatile int *)foo = 1; }
  int divide(int a, int b) { return a / b; }
  int deep(int n) { volatile char pad[4096]; pad[0] = n; return n == -1 ? 0 : deep(n + 1) + pad[0]; }
  void forever(void) { for (;;) ; }
  void trap(void) { __builtin_trap(); }
  void jump(void (*to)(void)) { to(); }
  static int one(void) { return 1; } static int two(void) { return 2; }
  static void *choose(void) { return shared == 5 ? (void *)two : (void *)one; }
  int chosen(void) __attribute__((ifunc("choose")));
  int through(void) { return chosen() + 40; }
`;
const SECOND = "int table[3] = { 1, 2, 42 }; int other(int x) { return 2 * x; }";

/** What stands in rax or eax behind a call; objects placed apart, so that a call between them goes by itself or through a PLT. */
for (const target of [x86_64, i386]) {
  const bits = target === i386 ? 32 : 64;
  let objects: readonly Uint8Array[] = [];
  before(() => {
    if (needs(target.cc).skip !== undefined) return;
    const flags = ["-O1", "-fno-pic", "-fcommon", "-w", "-fno-optimize-sibling-calls", "-fno-stack-protector"];
    objects = [compile(target, "first.c", FIRST, flags), compile(target, "second.c", SECOND, flags)].map((path) =>
      readFileSync(path),
    );
  });

  const prepare = (name: string, args: readonly number[], far = 0x50000): FunctionCall => {
    const loaded = loadObjects([
      { name: "first.o", bytes: objects[0], base: 0x30000 },
      { name: "second.o", bytes: objects[1], base: far },
    ]);
    deepEqual(loaded.problems, []);
    const call = callFunction(loaded, name, { args: args.map(BigInt), limits: { instructions: 200_000 } });
    if ("severity" in call) throw new Error(call.code);
    return call;
  };
  const end = (name: string, ...args: readonly number[]): CallEnd => runCall(prepare(name, args));
  const result = (name: string, ...args: readonly number[]): number => {
    const it = end(name, ...args);
    ok(
      it.kind === "returned",
      JSON.stringify(it, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    );
    return Number(BigInt.asIntN(32, it.result));
  };

  test(
    `${bits} bits: arguments, data, commons, thread-local storage, IFUNCs and calls across objects`,
    needs(target.cc),
    () => {
      const told = [
        result("foo", 37),
        result("sum", 1, 2, 3, 4, 5, 6, 7, 8),
        result("counts"),
        result("negative", 5),
        result("third"),
        result("no_weak"),
        result("through"),
        result("chosen"),
        result("one"),
        result("divide", -7, 2),
      ];
      deepEqual(told, [79, 87654321, 823, -5, 42, 2, 42, 2, 1, -3]);
    },
  );

  test(`${bits} bits: a fault says which instruction did what`, needs(target.cc), () => {
    const line = (name: string, ...args: readonly number[]): string => {
      const call = prepare(name, args);
      const it = runCall(call);
      return it.kind === "fault"
        ? faultLine(call, it)
            .replace(/0x[0-9a-f]{5,}/g, "ADDRESS")
            .replace(/\+0x[0-9a-f]+/g, "+N")
            .replace(/after \d+ instructions?/, "after N instructions")
        : it.kind;
    };
    const at = (name: string): string => `after N instructions: the instruction at ADDRESS in ${name}+N of first.o`;
    equal(
      line("null", 8).replace(/null of/, "null+N of"),
      `ended by SIGSEGV (Segmentation fault) ${at("null")} reads 0x8, where nothing is mapped`,
    );
    equal(
      line("divide", 1, 0),
      `ended by SIGFPE (Floating point exception) ${at("divide")} divides by zero, or its quotient does not fit`,
    );
    ok(line("deep", 0).endsWith("where nothing is mapped: the stack is used up"));
    equal(
      line("jump", 16),
      "ended by SIGSEGV (Segmentation fault) after N instructions: it went to 0x10, where nothing is mapped",
    );
    ok(line("trap").includes("is ud2, which stands where a program must not get to"));
    equal(line("forever"), "stopped");
  });
}

test(
  "arguments of floating point go into registers of their own and onto the stack, and come back",
  needs("gcc"),
  () => {
    const source = `
    double half(double x) { return x / 2; }
    float third(float x) { return x / 3; }
    float narrow(double x) { return x; }
    int whole(int a, double x, int b, float y) { return a + 10 * (int)x + 100 * b + 1000 * (int)y; }
    double many(double a, double b, double c, double d, double e, double f, double g, double h, float i, int j, double k) {
      return a - b + c - d + e - f + g - h + 10 * i + 100 * j + k; }
    int variadic(int n, ...) { __builtin_va_list l; __builtin_va_start(l, n); double s = 0; while (n--) s += __builtin_va_arg(l, double); return s; }\n`;
    const double = (value: number): CallArgument => ({ value, isSingle: false });
    const single = (value: number): CallArgument => ({ value, isSingle: true });
    for (const target of [x86_64, i386]) {
      if (needs(target.cc).skip !== undefined) continue;
      const bytes = readFileSync(compile(target, "floats.c", source, ["-O1", "-fno-pic", "-fno-stack-protector"]));
      const line = (name: string, ...args: readonly CallArgument[]): string => {
        const call = callFunction(loadObjects([{ name: "floats.o", bytes, base: 0x30000 }]), name, { args });
        if ("severity" in call) return call.code;
        const end = runCall(call);
        if (end.kind !== "returned") return end.kind;
        const text = returnedLine(name, args, end.result, call.mode, 1, otherResults(call.cpu, args));
        return text.replace(/( = .*?)?; (xmm0|st\(0\))/, "; float").replace(/, 1 instruction$/, "");
      };
      const told = [
        line("half", double(3)),
        line("third", single(1.5)),
        line("many", ...[1, 2, 3, 4, 5, 6, 7, 8].map(double), single(0.5), 7n, double(0.25)),
      ];
      deepEqual(told, [
        "half(3.0); float holds 1.5",
        "third(1.5f); float holds 0.5",
        "many(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.5f, 7, 0.25); float holds 701.25",
      ]);
      const result = (name: string, ...args: readonly CallArgument[]): bigint | undefined => {
        const call = callFunction(loadObjects([{ name: "floats.o", bytes, base: 0x30000 }]), name, { args });
        const end = "severity" in call ? undefined : runCall(call);
        return end?.kind === "returned" ? end.result : undefined;
      };
      equal(result("whole", 1n, double(2.5), 3n, single(4.5)), 4321n);
      equal(result("variadic", 2n, double(1.5), double(40.5)), 42n);
      // Above a float there may be what was there of a double.
      if (target === x86_64) ok(line("narrow", double(0.1)).endsWith(" as double, 0.10000000149011612 as float"));
    }
  },
);

test("a call further than 2 GB goes through the object's own PLT", needs("gcc"), () => {
  const near = compile(x86_64, "near.c", "int other(int); int foo(int x) { return other(x) + 5; }", ["-O1"]);
  const far = compile(x86_64, "far.c", SECOND, ["-O1"]);
  const loaded = loadObjects([
    { name: "near.o", bytes: readFileSync(near), base: 0x30000 },
    { name: "far.o", bytes: readFileSync(far), base: 0x1234_5678_9000 },
  ]);
  const call = callFunction(loaded, "foo", { args: [37n] });
  ok(!("severity" in call));
  const ended = runCall(call);
  ok(ended.kind === "returned" && ended.result === 79n);
});

test("what cannot be called is said", needs("gcc"), () => {
  const object = compile(
    x86_64,
    "plain.c",
    'int kept = 5; int foo(int x) { return x; } void ask(void) { __asm__("mov $39, %eax; syscall"); }',
    ["-O1"],
  );
  const loaded = loadObjects([{ name: "plain.o", bytes: readFileSync(object), base: 0x30000 }]);
  const code = (name: string, ...args: readonly bigint[]): string => {
    const call = callFunction(loaded, name, { args });
    return "severity" in call ? call.code : runCall(call).kind;
  };
  deepEqual(
    [code("bar"), code("kept"), code("foo", 2n ** 64n), code("foo", 2n ** 64n - 1n), code("ask")],
    ["call-no-function", "call-of-data", "call-argument", "returned", "system-call"],
  );
});
