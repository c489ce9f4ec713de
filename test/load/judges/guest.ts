// Programs of other machines as judges: their own loaders, run by qemu-user, in root directories of Debian packages
// (scripts/machine-roots.mjs) or of what a test has made. What this processor runs itself is reality.ts's own affair.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repository } from "../../support/build.ts";
import { type Outcome, run } from "../../support/run.ts";

/** A machine that qemu-user runs. */
export interface Guest {
  /** As src/load and Debian's triplets call it. */
  readonly machine: string;
  readonly qemu: string;
  /** The loader of its C library, as programs name it. */
  readonly loader: string;
}

export const GUESTS: readonly Guest[] = [
  { machine: "aarch64", qemu: "qemu-aarch64", loader: "/lib/ld-linux-aarch64.so.1" },
  { machine: "arm", qemu: "qemu-arm", loader: "/lib/ld-linux-armhf.so.3" },
  { machine: "riscv64", qemu: "qemu-riscv64", loader: "/lib/ld-linux-riscv64-lp64d.so.1" },
  { machine: "ppc64le", qemu: "qemu-ppc64le", loader: "/lib64/ld64.so.2" },
  { machine: "s390x", qemu: "qemu-s390x", loader: "/lib/ld64.so.1" },
  { machine: "mips64el", qemu: "qemu-mips64el", loader: "/lib64/ld.so.1" },
  { machine: "loongarch64", qemu: "qemu-loongarch64", loader: "/lib64/ld-linux-loongarch-lp64d.so.1" },
];

type Environment = Readonly<Record<string, string>>;

/** Runs a program of the root directory; it is told its path inside. */
export function runGuest(guest: Guest, root: string, path: string, environment: Environment): Outcome {
  const variables = Object.entries(environment).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
  return run(guest.qemu, ["-L", root, "-0", path, ...variables, root + path], { env: {} });
}

/**
 * Writes the memory and the mappings of a program, stopped where `hits` calls of `_dl_debug_state` have come, to `OUT.mem` and
 * `OUT.maps`.
 * @returns false if the program ended before
 */
export function freezeGuest(
  guest: Guest,
  root: string,
  out: string,
  offset: number | string,
  environment: Environment,
  command: readonly string[],
  hits: number,
): boolean {
  const [path = "", ...words] = command;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const where = typeof offset === "string" ? offset : offset.toString(16);
  const args = [out, guest.qemu, root, where, String(hits), ...variables, "--", root + path, ...words];
  const freezer = join(repository, "build/test/load/judges/guest-freezer.js");
  const { status, stderr } = spawnSync(process.execPath, [freezer, ...args], { encoding: "utf8" });
  if (status !== 0 && status !== 3) throw new Error(stderr);
  return status === 0;
}

/** What qemu tells programs of the processor: AT_HWCAP, AT_HWCAP2, AT_PLATFORM, AT_PAGESZ, as ld.so shows them. */
export function auxiliaryVector(guest: Guest, root: string, path: string): ReadonlyMap<string, string> {
  const { stdout } = runGuest(guest, root, path, { LD_SHOW_AUXV: "1" });
  return new Map([...stdout.matchAll(/^(AT_\w+):\s+(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
}
