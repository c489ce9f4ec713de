// Programs of other machines as judges: their own loaders, run by qemu-user, in root directories of Debian packages
// (scripts/machine-roots.mjs) or of what a test has made. What this processor runs itself is reality.ts's own affair.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { nodeLoadFiles } from "../../../src/host/index.ts";
import type { LoaderMachine, LoadFiles } from "../../../src/load/index.ts";
import { repository } from "../../support/build.ts";
import { type Outcome, run } from "../../support/run.ts";
import type { Course, FreezeAnswer, FreezeRequest, FreezerData } from "./guest-freezer.ts";

/** A machine that qemu-user runs. */
export interface Guest {
  readonly machine: LoaderMachine;
  readonly qemu: string;
  readonly gcc: string;
  /** The name of Debian's architecture. */
  readonly debian: string;
  /** Of Debian's directories. */
  readonly triplet: string;
  /** Of the cross compiler's, where that is another. */
  readonly crossTriplet?: string;
  /** The loader of its C library, as programs name it. */
  readonly loader: string;
  /** Where the cross compiler's C library has the loader, below /usr/TRIPLET; default: lib. */
  readonly crossLib?: string;
  /** GNU ld and glibc know IFUNC there. */
  readonly hasResolvers: boolean;
}

/** What Debian has. */
export const GUESTS: readonly Guest[] = [
  {
    machine: "aarch64",
    debian: "arm64",
    qemu: "qemu-aarch64",
    gcc: "aarch64-linux-gnu-gcc",
    triplet: "aarch64-linux-gnu",
    loader: "/lib/ld-linux-aarch64.so.1",
    hasResolvers: true,
  },
  {
    machine: "riscv64",
    debian: "riscv64",
    qemu: "qemu-riscv64",
    gcc: "riscv64-linux-gnu-gcc",
    triplet: "riscv64-linux-gnu",
    loader: "/lib/ld-linux-riscv64-lp64d.so.1",
    hasResolvers: true,
  },
  {
    machine: "ppc64le",
    debian: "ppc64el",
    qemu: "qemu-ppc64le",
    gcc: "powerpc64le-linux-gnu-gcc",
    triplet: "powerpc64le-linux-gnu",
    loader: "/lib64/ld64.so.2",
    hasResolvers: true,
  },
  {
    machine: "arm",
    debian: "armhf",
    qemu: "qemu-arm",
    gcc: "arm-linux-gnueabihf-gcc",
    triplet: "arm-linux-gnueabihf",
    loader: "/lib/ld-linux-armhf.so.3",
    hasResolvers: true,
  },
  {
    machine: "armel",
    debian: "armel",
    qemu: "qemu-arm",
    gcc: "arm-linux-gnueabi-gcc",
    triplet: "arm-linux-gnueabi",
    loader: "/lib/ld-linux.so.3",
    hasResolvers: true,
  },
  {
    machine: "mips64el",
    debian: "mips64el",
    qemu: "qemu-mips64el",
    gcc: "mips64el-linux-gnuabi64-gcc",
    triplet: "mips64el-linux-gnuabi64",
    loader: "/lib64/ld.so.1",
    crossLib: "lib64",
    hasResolvers: false,
  },
  {
    machine: "s390x",
    debian: "s390x",
    qemu: "qemu-s390x",
    gcc: "s390x-linux-gnu-gcc",
    triplet: "s390x-linux-gnu",
    loader: "/lib/ld64.so.1",
    hasResolvers: true,
  },
  {
    machine: "i386",
    debian: "i386",
    qemu: "qemu-i386",
    gcc: "i686-linux-gnu-gcc",
    triplet: "i386-linux-gnu",
    crossTriplet: "i686-linux-gnu",
    loader: "/lib/ld-linux.so.2",
    hasResolvers: true,
  },
];

type Environment = Readonly<Record<string, string>>;

/** Runs a program of the root directory; it is told its path inside. */
export function runGuest(
  guest: Guest,
  root: string,
  path: string,
  environment: Environment,
  words: readonly string[] = [],
): Outcome {
  const variables = guestVariables(environment).flatMap((variable) => ["-E", variable]);
  const outcome = run(guest.qemu, ["-L", root, "-0", path, ...variables, hostPath(root, path), ...words], { env: {} });
  return { ...outcome, stderr: withoutEmulator(outcome.stderr) };
}

/** Without qemu's own word about a guest that dies; where the kernel runs a program the shell says it. */
function withoutEmulator(stderr: string): string {
  return stderr.replace(/^qemu: uncaught target signal .*\n/m, "");
}

/** qemu opens what the root directory has, and else what this machine has under the same path (-L in its manual). */
export function hostPath(root: string, path: string): string {
  return existsSync(root + path) ? root + path : path;
}

/** The files that a guest sees. */
export function guestFiles(root: string): LoadFiles {
  const [inside, outside] = [nodeLoadFiles({ root }), nodeLoadFiles()];
  const filesOf = (path: string): LoadFiles => (existsSync(root + path) ? inside : outside);
  return {
    open: (path) => filesOf(path).open(path),
    isDirectory: (path) => filesOf(path).isDirectory(path),
    list: (directory) => filesOf(directory).list(directory),
    linkTarget: (path) => filesOf(path).linkTarget?.(path),
  };
}

/** NAME=VALUE as qemu's -E takes it, which reads commas as the end of a variable; LD_DEBUG may have colons instead. */
function guestVariables(environment: Environment): string[] {
  return Object.entries(environment).map(([name, value]) => {
    const text = name === "LD_DEBUG" ? value.replaceAll(",", ":") : value;
    if (text.includes(",")) throw new Error(`qemu cannot hand over ${name}=${value}`);
    return `${name}=${text}`;
  });
}

/**
 * Stops a program where `hits` calls of `_dl_debug_state` have come, and takes its memory and mappings.
 * @param scratch a path that is free: of the socket on which qemu listens
 * @param toTheEnd whether the program goes on afterwards; then `end` is set
 */
export function freezeGuest(
  guest: Guest,
  root: string,
  scratch: string,
  offset: number | string,
  environment: Environment,
  command: readonly string[],
  hits: number,
  toTheEnd: boolean,
): Course {
  const [path = "", ...words] = command;
  const course = askFreezer({
    ...{ socket: `${scratch}.socket`, qemu: guest.qemu, root, hits, words, toTheEnd },
    offset: typeof offset === "string" ? offset : offset.toString(16),
    variables: guestVariables(environment),
    program: hostPath(root, path),
  });
  const { end } = course;
  return end === undefined ? course : { ...course, end: { ...end, stderr: withoutEmulator(end.stderr) } };
}

interface Freezer {
  readonly port: MessagePort;
  readonly signal: Int32Array;
}

let freezer: Freezer | undefined;

/** Waits for the worker: whoever judges goes on when it knows. */
function askFreezer(request: FreezeRequest): Course {
  freezer ??= startFreezer();
  const { port, signal } = freezer;
  Atomics.store(signal, 0, 0);
  port.postMessage(request);
  Atomics.wait(signal, 0, 0);
  const answer: FreezeAnswer | undefined = receiveMessageOnPort(port)?.message;
  if (answer === undefined || "error" in answer) throw new Error(answer?.error ?? "no answer");
  return answer;
}

function startFreezer(): Freezer {
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const workerData: FreezerData = { port: port2, signal };
  const path = join(repository, "build/test/load/judges/guest-freezer.js");
  new Worker(path, { workerData, transferList: [port2] }).unref();
  port1.unref();
  return { port: port1, signal };
}

const cpus = new Map<string, GuestCpu>();

interface GuestCpu {
  readonly hwcaps: readonly string[];
  readonly platform?: string;
}

/** What qemu tells programs of the processor (AT_HWCAP, AT_HWCAP2, AT_PLATFORM), by the loader's words where it has some. */
export function guestCpu(guest: Guest, root: string): GuestCpu {
  const key = `${guest.machine} ${root}`;
  let cpu = cpus.get(key);
  if (cpu === undefined) {
    const { stdout } = runGuest(guest, root, "/bin/true", { LD_SHOW_AUXV: "1" });
    const [, platform] = /^AT_PLATFORM:\s+(\S+)/m.exec(stdout) ?? [];
    const words = [...stdout.matchAll(/^AT_HWCAP2?:\s+(.*)$/gm)].flatMap(([, text = ""]) => text.trim().split(/\s+/));
    const hwcaps = words.flatMap((word) =>
      /^(0x)?[\da-f]+$/.test(word) ? bitNames(guest, Number.parseInt(word, 16)) : word,
    );
    if (guest.machine === "ppc64le") hwcaps.unshift(...powerLevels(words));
    if (guest.machine === "s390x") hwcaps.unshift(...zLevels(words));
    cpu = { hwcaps, ...(platform === undefined ? {} : { platform }) };
    cpus.set(key, cpu);
  }
  return cpu;
}

/** Bits of AT_HWCAP that a loader prints as a number, but has a directory for. */
function bitNames({ machine }: Guest, bits: number): string[] {
  return machine === "aarch64" && (bits & 0x100) !== 0 ? ["atomics"] : [];
}

/** Directories of glibc-hwcaps by the versions of the architecture that AT_HWCAP2 has (sysdeps/powerpc/powerpc64/le/dl-hwcaps-subdirs.c). */
function powerLevels(words: readonly string[]): string[] {
  const levels = { power10: "arch_3_1", power9: "arch_3_00" };
  return Object.entries(levels).flatMap(([name, bit]) => (words.includes(bit) ? [name] : []));
}

/** Directories of glibc-hwcaps by bits of AT_HWCAP, best first (sysdeps/s390/s390-64/dl-hwcaps_subdirs.c). */
function zLevels(words: readonly string[]): string[] {
  const levels = { z16: "nnpa", z15: "vxe2", z14: "vxd", z13: "vx" };
  return Object.entries(levels).flatMap(([name, bit]) => (words.includes(bit) ? [name] : []));
}
