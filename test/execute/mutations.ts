// Programs whose code was changed at random: each must end within its limits, in a way that can be said, never by an exception
// and never by hanging.
//
//   node build/test/execute/mutations.js 1 10000        # seeds 1 to 10,000, on a static program of its own
//   node build/test/execute/mutations.js 1 10000 i386
//   node build/test/execute/mutations.js 1 300 /sbin/ldconfig --version     # another static program

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, runFor, signalName } from "../../src/execute/index.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";

/** Does some of everything and leaves: 14,000 instructions. */
const SOURCE = `
static unsigned table[256]; static char text[64];
#ifdef __x86_64__
static long call(long n, long a, long b, long c) {
  long r; __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory"); return r;
}
#define WRITE 1
#define EXIT 60
#else
static long call(long n, long a, long b, long c) {
  long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory"); return r;
}
#define WRITE 4
#define EXIT 1
#endif
static __attribute__((noinline)) unsigned mix(unsigned x, int n) {
  for (int i = 0; i < n; i++) { x ^= x << 13; x ^= x >> 17; x ^= x << 5; table[x & 255] += x / (i + 1); }
  return x;
}
static __attribute__((noinline)) int number(unsigned long v, char *to) {
  int n = 0; do to[n++] = '0' + v % 10; while (v /= 10); to[n++] = '\\n'; return n;
}
static unsigned (*volatile pointer)(unsigned, int) = mix;
void _start(void) {
  double d = 1; unsigned x = 7;
  for (int i = 0; i < 20; i++) { x = pointer(x, 20); d = d * 1.5 + x; }
  __builtin_memset(text, 'x', 20);
  call(WRITE, 1, (long)text, number(x + (unsigned long)d % 1000, text));
  call(EXIT, 0, 0, 0);
}`;

/** The program above, linked statically by the compiler of x86-64 or i386. */
export function victim(compiler: "gcc" | "i686-linux-gnu-gcc" = "gcc"): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), "mutations-"));
  try {
    writeFileSync(join(directory, "a.c"), SOURCE);
    execFileSync(
      compiler,
      ["-O1", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector", "-o", "a", "a.c"],
      {
        cwd: directory,
      },
    );
    return readFileSync(join(directory, "a"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** xorshift: the same seed, the same changes. */
function random(seed: number): (below: number) => number {
  let x = Math.imul(seed, 2654435761) | 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** Offset and size of what is executable in a file. */
function codeRange(file: Uint8Array): { offset: number; size: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const long = file[4] === 2;
  const number = (at: number): number => (long ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const table = number(long ? 32 : 28);
  for (let n = 0; n < view.getUint16(long ? 56 : 44, true); n++) {
    const at = table + n * (long ? 56 : 32);
    const flags = view.getUint32(at + (long ? 4 : 24), true);
    if (view.getUint32(at, true) !== 1 || (flags & 1) === 0) continue;
    return { offset: number(at + (long ? 8 : 4)), size: number(at + (long ? 32 : 16)) };
  }
  return { offset: 0, size: file.length };
}

const LIMITS = { instructions: 30_000, memory: 1 << 24, output: 1 << 16, storage: 1 << 20, files: 32, tasks: 8 };

/** How a changed program ends, in a word: "exited 0", "SIGSEGV", a problem's code; an exception is thrown on. */
export function mutate(original: Uint8Array, seed: number, argv: readonly string[] = ["/a"]): string {
  const next = random(seed);
  const bytes = Uint8Array.from(original);
  const { offset, size } = codeRange(bytes);
  // In a large program more, so that some are where it comes by.
  for (let changes = (1 + next(4)) * Math.ceil(size / 8192); changes > 0; changes--) {
    const at = offset + next(size);
    bytes[at] = next(3) === 0 ? bytes[at] ^ (1 << next(8)) : next(256);
  }
  const execution = execute("/a", {
    files: memoryLoadFiles(new Map()),
    added: [{ path: "/a", bytes }],
    argv,
    limits: LIMITS,
  });
  if ("code" in execution) return execution.code;
  for (let turn = 0; ; turn++) {
    if (turn > 1000) throw new Error(`seed ${seed}: 1000 turns and no end`);
    const pause = runFor(execution, 10_000);
    if (pause !== "limit") break;
  }
  const { end } = execution.system;
  if (end === undefined) return "waits for input";
  if (end.kind === "exited") return `exited ${end.status === 0 ? 0 : "otherwise"}`;
  return end.kind === "signaled" ? signalName(end.signal.number) : end.problem.code;
}

if (process.argv[1] === import.meta.filename) {
  const [first = "1", count = "100", program, ...args] = process.argv.slice(2);
  const original =
    program === undefined ? victim() : program === "i386" ? victim("i686-linux-gnu-gcc") : readFileSync(program);
  const ends = new Map<string, number>();
  let slowest = 0;
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const start = process.cpuUsage().user;
    const how = mutate(original, seed, ["/a", ...args]);
    ends.set(how, (ends.get(how) ?? 0) + 1);
    slowest = Math.max(slowest, process.cpuUsage().user - start);
  }
  for (const [how, times] of [...ends].sort(([, a], [, b]) => b - a))
    console.log(`${String(times).padStart(6)}  ${how}`);
  console.log(`slowest: ${Math.round(slowest / 1000)} ms`);
}
