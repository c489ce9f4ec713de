// What the dynamic linker would see of this machine's CPU.

import { closeSync, openSync, readSync } from "node:fs";

export interface HostCpu {
  /** Directories below glibc-hwcaps that this CPU can use, best first. */
  readonly hwcaps: readonly string[];
  /** What `$PLATFORM` stands for in 64-bit programs. */
  readonly platform: string;
}

/**
 * Flags of /proc/cpuinfo that each level adds (x86-64 psABI, "Micro-Architecture Levels"); pni is SSE3. LZCNT (abm) is not asked
 * for: kernels of some virtual machines leave it out, the instruction `cpuid`, which ld.so asks, has it there, and no CPU with
 * BMI2 is without.
 */
const LEVELS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ["x86-64-v2", ["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"]],
  ["x86-64-v3", ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave"]],
  ["x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
];

/** A CPU of the first level: what is assumed where nothing is known. */
export const baselineCpu: HostCpu = { hwcaps: [], platform: "x86_64" };

/** This machine's CPU as far as /proc/cpuinfo tells; the baseline on other systems. */
export function hostCpu(): HostCpu {
  try {
    return cpuOf(startOf("/proc/cpuinfo"));
  } catch {
    return baselineCpu;
  }
}

/** The first CPU speaks for all, and there may be hundreds. */
function startOf(path: string): string {
  const bytes = Buffer.alloc(0x2000);
  const file = openSync(path, "r");
  try {
    return bytes.toString("latin1", 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** @param cpuinfo text of /proc/cpuinfo */
export function cpuOf(cpuinfo: string): HostCpu {
  const [, list = ""] = /^flags\s*: (.*)$/m.exec(cpuinfo) ?? [];
  const flags = new Set(list.split(" "));
  // gVisor's /proc/cpuinfo leaves abm out; no CPU has BMI2 and MOVBE without LZCNT.
  if (flags.has("bmi2") && flags.has("movbe")) flags.add("abm");
  const hwcaps: string[] = [];
  for (const [name, needed] of LEVELS) {
    if (!needed.every((flag) => flags.has(flag))) break;
    hwcaps.unshift(name);
  }
  // sysdeps/x86/cpu-features.c: only Intel's CPUs have platforms of their own.
  const isIntel = /^vendor_id\s*: GenuineIntel$/m.test(cpuinfo);
  const isHaswell = ["avx2", "fma", "bmi1", "bmi2", "movbe", "popcnt"].every((flag) => flags.has(flag));
  const isPhi = flags.has("avx512er") && flags.has("avx512pf");
  return { hwcaps, platform: isIntel && isPhi ? "xeon_phi" : isIntel && isHaswell ? "haswell" : "x86_64" };
}
