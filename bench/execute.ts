// How many instructions a second programs run at in simulated memory: a tight loop, and real programs from their dynamic
// linker's first instruction to their end, beside qemu-user and blink where they are installed. Processor time, not the clock's,
// so that others on the machine count less; V8's compilation in other threads is part of it.
//
//   node build/bench/execute.js            after a build

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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
  readonly seconds: number;
  readonly status: string;
}

function measure(argv: readonly string[]): Measured {
  const start = process.cpuUsage();
  const execution = execute(argv[0], { files: nodeLoadFiles(), argv, environment: ["PATH=/usr/bin:/bin", "HOME=/"] });
  if ("code" in execution) return { instructions: 0, seconds: 0, status: execution.code };
  while (runFor(execution, 100_000) === "limit");
  const { user, system } = process.cpuUsage(start);
  const { end, executed } = execution.system;
  const status = end?.kind === "exited" ? `exit ${end.status}` : (end?.kind ?? "waits");
  return { instructions: executed, seconds: (user + system) / 1e6, status };
}

/** Processor time of the same program under another emulator, or natively. */
function beside(command: readonly string[]): number {
  const time = spawnSync("/bin/sh", ["-c", '"$@" >/dev/null 2>&1; times', "sh", ...command]);
  const children = /\n?(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(String(time.stdout).trim());
  if (children === null) return Number.NaN;
  return Number(children[1]) * 60 + Number(children[2]) + Number(children[3]) * 60 + Number(children[4]);
}

const directory = mkdtempSync(join(tmpdir(), "bench-execute-"));
try {
  writeFileSync(join(directory, "loop.c"), LOOP);
  execFileSync("gcc", ["-O2", "-o", "loop", "loop.c"], { cwd: directory });
  const cases: readonly (readonly string[])[] = [
    [join(directory, "loop")],
    ["/bin/true"],
    ["/bin/ls", "/usr/bin"],
    ["/usr/bin/python3", "-S", "-c", "print(1)"],
    ["/usr/bin/python3", "-S", "-c", "print(sum(i * i for i in range(200000)))"],
    ["/usr/bin/perl", "-e", "my %h; $h{$_ % 997} += $_ for 1 .. 100000; print $h{5}"],
  ].filter(([program]) => existsSync(program));
  const emulators = ["/usr/bin/qemu-x86_64", "/usr/bin/qemu-x86_64-static", "/usr/bin/blink"].filter(existsSync);
  console.log(
    `| program | ended | instructions | seconds | million a second | ${["native", ...emulators].join(" | ")} |`,
  );
  console.log(`|---|---|---|---|---|${"---|".repeat(1 + emulators.length)}`);
  for (const argv of cases) {
    const { instructions, seconds, status } = measure(argv);
    const others = [[], ...emulators.map((it) => [it])].map((before) => beside([...before, ...argv]).toFixed(2));
    const name = argv.map((it) => it.replace(`${directory}/`, "")).join(" ");
    const speed = (instructions / seconds / 1e6).toFixed(1);
    console.log(
      `| ${name.replaceAll("|", "\\|")} | ${status} | ${instructions} | ${seconds.toFixed(2)} | ${speed} | ${others.join(" | ")} |`,
    );
  }
  console.log(`\nmemory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB at most`);
} finally {
  rmSync(directory, { recursive: true });
}
