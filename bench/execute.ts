// How many instructions a second programs run at in simulated memory: a tight loop, and real programs from their dynamic
// linker's first instruction to their end, beside qemu-user and blink where they are installed. Processor time, not the clock's, so that
// others on the machine count less: of the thread that executes, and of all, V8's compilers among them, which run beside it where
// a processor is free. Each round is a process of its own, so that each begins cold.
//
//   node build/bench/execute.js [ROUNDS] [WORD...]      after a build; cases whose name has one of the words

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { execute, runFor } from "../src/execute/index.ts";
import { nodeLoadFiles } from "../src/host/load-files.ts";

/** xorshift, a table, calls, divisions: 70 million instructions. */
const LOOP = `
static unsigned table[1024]; static unsigned char bytes[4096];
static __attribute__((noinline)) unsigned step(unsigned x, unsigned long *sum) {
  x ^= x << 13; x ^= x >> 17; x ^= x << 5;
  table[x & 1023] += x; *sum += table[(x >> 7) & 1023];
  if (x % 7 == 3) *sum ^= (unsigned long)x << 20;
  return x;
}
int main(void) {
  unsigned long sum = 1; unsigned x = 2463534242u;
  for (int i = 0; i < 1500000; i++) {
    x = step(x, &sum);
    bytes[x & 4095] += (signed char)(x >> 8) + (short)(sum >> 16);
    if ((long)sum < 0 && i % 3 == 1) sum += bytes[i & 4095];
  }
  return sum & 63;
}`;

interface Measured {
  readonly instructions: number;
  /** Processor time of the thread that executes, and of all threads. */
  readonly own: number;
  readonly all: number;
  readonly status: string;
  /** Resident at most, in MB. */
  readonly memory: number;
}

/** Seconds that this thread has had of a processor. */
function ownTime(): number {
  return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e9;
}

function measure(argv: readonly string[]): Measured {
  const [start, begun] = [process.cpuUsage(), ownTime()];
  const options = { argv, environment: ["PATH=/usr/bin:/bin", "HOME=/"] };
  const execution = execute(argv[0], { files: nodeLoadFiles(), ...options });
  if ("code" in execution) return { instructions: 0, own: 0, all: 0, status: execution.code, memory: 0 };
  while (runFor(execution, 100_000) === "limit");
  const own = ownTime() - begun;
  const { user, system } = process.cpuUsage(start);
  const { end, executed } = execution.system;
  const status = end?.kind === "exited" ? `exit ${end.status}` : (end?.kind ?? "waits");
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  return { instructions: executed, own, all: (user + system) / 1e6, status, memory };
}

/** Processor time of the same program under another emulator, or natively. */
function beside(command: readonly string[]): number {
  const time = spawnSync("/bin/sh", ["-c", '"$@" >/dev/null 2>&1; times', "sh", ...command]);
  const children = /\n?(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(String(time.stdout).trim());
  if (children === null) return Number.NaN;
  return Number(children[1]) * 60 + Number(children[2]) + Number(children[3]) * 60 + Number(children[4]);
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
/** Median, and the spread. */
const spread = (values: readonly number[], digits: number): string =>
  `${middle(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;

function main(rounds: number, wanted: readonly string[]): void {
  const directory = mkdtempSync(join(tmpdir(), "bench-execute-"));
  try {
    writeFileSync(join(directory, "loop.c"), LOOP);
    execFileSync("gcc", ["-O2", "-o", "loop", "loop.c"], { cwd: directory });
    writeFileSync(join(directory, "hello.c"), '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n');
    execFileSync("gcc", ["-O2", "-o", "hello", "hello.c"], { cwd: directory });
    const cases = (
      [
        [join(directory, "loop")],
        [join(directory, "hello")],
        ["/bin/ls", "/usr/bin"],
        ["/usr/bin/python3", "-S", "-c", "print(1)"],
        ["/usr/bin/python3", "-S", "-c", "print(sum(i * i for i in range(200000)))"],
        ["/usr/bin/perl", "-e", "my %h; $h{$_ % 997} += $_ for 1 .. 100000; print $h{5}"],
      ] satisfies readonly (readonly string[])[]
    ).filter(
      (argv) => existsSync(argv[0]) && (wanted.length === 0 || wanted.some((it) => argv.join(" ").includes(it))),
    );
    const emulators = ["/usr/bin/qemu-x86_64", "/usr/bin/blink", "/usr/local/bin/blink"].filter(existsSync);
    console.log(`load ${loadavg()[0].toFixed(1)}, ${rounds} rounds, medians (shortest to longest)\n`);
    const heads = ["native", ...emulators.map((it) => it.slice(it.lastIndexOf("/") + 1))].map((it) => `${it}, s`);
    console.log(
      `| program | ended | instructions | million a second | with V8's other threads | MB | ${heads.join(" | ")} |`,
    );
    console.log(`|---|---|---:|---:|---:|---:|${"---:|".repeat(1 + emulators.length)}`);
    for (const argv of cases) {
      const measured: Measured[] = [];
      const others: number[][] = [[], ...emulators.map((): number[] => [])];
      for (let round = 0; round < rounds; round++) {
        const made = execFileSync(process.execPath, [import.meta.filename, "--measure", ...argv]);
        measured.push(JSON.parse(String(made)) as Measured);
        [[], ...emulators.map((it) => [it])].forEach((before, n) => {
          others[n].push(beside([...before, ...argv]));
        });
      }
      const [{ instructions, status }] = measured;
      const cells = [
        argv
          .map((it) => it.replace(`${directory}/`, ""))
          .join(" ")
          .replaceAll("|", "\\|"),
        status,
        String(instructions),
        spread(
          measured.map(({ own }) => instructions / own / 1e6),
          1,
        ),
        spread(
          measured.map(({ all }) => instructions / all / 1e6),
          1,
        ),
        String(middle(measured.map(({ memory }) => memory))),
        ...others.map((it) => middle(it).toFixed(2)),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (process.argv[2] === "--measure") console.log(JSON.stringify(measure(process.argv.slice(3))));
else main(Number(process.argv[2] ?? 3), process.argv.slice(3));
