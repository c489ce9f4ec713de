// Machines under the names that distributions, the kernel, container registries and Node.js have for them: `--for debian:12/arm64`.

import type { LoaderMachine } from "../settings/contract.ts";

/** Solder's name, and the others: Debian's, RPM's and uname's, Docker's, Node.js's. */
const NAMES: readonly (readonly [machine: string, others: readonly string[]])[] = [
  ["x86-64", ["amd64", "x86_64", "x64"]],
  ["i386", ["i686", "i586", "x86", "ia32", "386"]],
  ["aarch64", ["arm64", "arm64v8"]],
  ["arm", ["armhf", "armv7", "armv7l", "armv7hl", "armhfp", "arm32v7"]],
  // Debian's soft float: another ABI of the same machine.
  ["armel", []],
  ["riscv64", ["riscv64gc"]],
  ["ppc64le", ["ppc64el", "powerpc64le"]],
  ["s390x", []],
  ["loongarch64", ["loong64"]],
  ["mips64el", ["mips64le"]],
];

/** Solder's name of a machine; undefined for one that is not known. */
export function machineOfName(name: string): string | undefined {
  return NAMES.find(([machine, others]) => machine === name || others.includes(name))?.[0];
}

/** `aarch64 (arm64)`, for messages. */
export const MACHINE_NAMES: readonly string[] = NAMES.map(([machine, [other]]) =>
  other === undefined ? machine : `${machine} (${other})`,
);

/** `debian:12` of `debian:12/arm64`. */
export function withoutMachine(system: string): string {
  return system.replace(/\/.*$/, "");
}

/** Debian's package of the C library for a machine, on a computer of any. */
export function debianLibc(machine: LoaderMachine): string {
  if (machine === "i386") return "libc6-i386";
  const first = NAMES.find(([name]) => name === machine)?.[1][0];
  // Debian has Solder's own names for s390x, armel and mips64el.
  return `libc6:${first === undefined || machine === "riscv64" || machine === "mips64el" ? machine : first}`;
}

/** Machines whose programs one kernel runs: 32-bit ones beside 64-bit ones. */
const RELATED: readonly (readonly string[])[] = [
  ["x86-64", "i386"],
  ["aarch64", "arm", "armel"],
];

/** Do computers run programs of both? */
export function areRelated(a: LoaderMachine, b: LoaderMachine): boolean {
  return a === b || RELATED.some((machines) => machines.includes(a) && machines.includes(b));
}
