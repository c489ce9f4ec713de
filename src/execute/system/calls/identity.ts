// System calls that ask who and where: numbers of processes, the machine's name, limits, the scheduler.

import { EACCES, EFAULT, EINVAL, ENODATA, EPERM, ESRCH } from "../../files/errno.ts";
import { toBytes } from "../../files/names.ts";
import { mayWrite, writeBytes } from "../../memory/address-space.ts";
import { nanoseconds, SECOND, STARTED_BEFORE } from "../clock.ts";
import { RLIMIT_NOFILE } from "../descriptors.ts";
import { executedBy, RLIMIT_AS, RLIMIT_STACK } from "../processes.ts";
import { randomBytes } from "../random.ts";
import { type CallRow, nothing, readWords, refuse, row, textAt, writeWords } from "../row.ts";
import { MOST_SIGNAL } from "../signal-numbers.ts";
import type { Call, Process, System } from "../state.ts";

/** What uname says, and sysinfo, and /proc. */
export const MACHINE = {
  system: "Linux",
  node: "solder",
  release: "6.1.0-solder",
  version: "#1 SMP",
  machine: "x86_64",
  processors: 1,
} as const;

function uname({ space, args, wordBytes }: Call): number {
  const texts = [
    MACHINE.system,
    MACHINE.node,
    MACHINE.release,
    MACHINE.version,
    wordBytes === 8 ? MACHINE.machine : "i686",
    "(none)",
  ];
  const bytes = new Uint8Array(6 * 65);
  texts.forEach((text, index) => {
    bytes.set(toBytes(text), 65 * index);
  });
  return writeBytes(space, args[0], bytes) ? 0 : -EFAULT;
}

/** By resource (include/uapi/asm-generic/resource.h): what a process begins with. -1: no limit. */
export function firstLimits(files: number): Map<number, readonly [number, number]> {
  const none = [UNLIMITED, UNLIMITED] as const;
  const limits = new Map<number, readonly [number, number]>(
    Array.from({ length: 16 }, (_, resource) => [resource, none]),
  );
  limits.set(RLIMIT_STACK, [0x80_0000, UNLIMITED]);
  limits.set(RLIMIT_CORE, [0, UNLIMITED]);
  limits.set(RLIMIT_NOFILE, [files, files]);
  return limits;
}

const RLIMIT_CORE = 4;
/** 2^64 - 1 as near as a number gets. */
const UNLIMITED = 2 ** 64;

function putLimit({ space }: Call, address: number, values: readonly [number, number], bytes: number): boolean {
  // All bits, which a number cannot hold.
  const words = values.map((value) => (value >= 2 ** (8 * bytes) - 1 ? -1 : value));
  return writeWords(space, address, words, bytes);
}

function setLimit({ limits }: System, process: Process, resource: number, soft: number, hard: number): number {
  const before = process.limits.get(resource);
  if (before === undefined || soft > hard) return -EINVAL;
  if (hard > before[1] && process.who.user !== 0) return -EPERM;
  process.limits.set(resource, [soft, hard]);
  if (resource === RLIMIT_AS) process.space.mostMapped = Math.min(soft, limits.mapped);
  if (resource === RLIMIT_STACK) process.space.stackLimit = Math.min(soft, 0x4000_0000);
  return 0;
}

function prlimit(call: Call): number {
  const { system, process, space, args } = call;
  const [pid, resource, address, old] = args;
  const target = pid === 0 ? process : system.processes.get(pid);
  if (target === undefined) return -ESRCH;
  const before = target.limits.get(resource);
  if (before === undefined) return -EINVAL;
  const words = address === 0 ? undefined : readWords(space, address, 2, 8);
  if (address !== 0 && words === undefined) return -EFAULT;
  const failed = words === undefined ? 0 : setLimit(system, target, resource, words[0], words[1]);
  if (failed < 0) return failed;
  return old === 0 || putLimit(call, old, before, 8) ? 0 : -EFAULT;
}

function getrlimit(call: Call): number {
  const limit = call.process.limits.get(call.args[0]);
  if (limit === undefined) return -EINVAL;
  return putLimit(call, call.args[1], limit, call.wordBytes) ? 0 : -EFAULT;
}

function setrlimit({ system, process, space, args, wordBytes }: Call): number {
  const words = readWords(space, args[1], 2, wordBytes);
  if (words === undefined) return -EFAULT;
  const wide = (value: number): number => (wordBytes === 4 && value === 0xffff_ffff ? UNLIMITED : value);
  return setLimit(system, process, args[0], wide(words[0]), wide(words[1]));
}

const PRIO_PROCESS = 0;
const PRIO_PGRP = 1;
const PRIO_USER = 2;

/** Whose priorities are meant; an errno. Nobody's turns are longer for it: it is kept for those who ask. */
function processesFor({ system, process, args }: Call): Process[] | number {
  const [which, id] = args;
  if (which < PRIO_PROCESS || which > PRIO_USER) return -EINVAL;
  const found = [...system.processes.values()].filter((it) => {
    if (it.status !== undefined) return false;
    if (which === PRIO_PGRP) return it.group === (id === 0 ? process.group : id);
    if (which === PRIO_USER) return it.who.user === (id === 0 ? process.who.user : id);
    return id === 0 ? it === process : it.pid === id || it.tasks.some((task) => task.id === id);
  });
  return found.length === 0 ? -ESRCH : found;
}

/** 40 for the best, -20, to 1 for the worst, 19: of several the best. */
function getpriority(call: Call): number {
  const found = processesFor(call);
  return typeof found === "number" ? found : Math.max(...found.map(({ nice: level }) => 20 - level));
}

function setpriority(call: Call): number {
  const found = processesFor(call);
  if (typeof found === "number") return found;
  const level = Math.max(-20, Math.min(19, call.args[2]));
  // Only the superuser may be less nice than before.
  if (call.process.who.user !== 0 && found.some(({ nice: before }) => level < before)) return -EACCES;
  for (const it of found) it.nice = level;
  return 0;
}

function nice({ process, args }: Call): number {
  if (args[0] < 0 && process.who.user !== 0) return -EPERM;
  process.nice = Math.max(-20, Math.min(19, process.nice + args[0]));
  return 0;
}

const RUSAGE_SELF = 0;
const RUSAGE_CHILDREN = -1;
const RUSAGE_THREAD = 1;

function getrusage({ system, task, process, space, args, wordBytes }: Call): number {
  const [who, address] = args;
  if (who < RUSAGE_CHILDREN || who > RUSAGE_THREAD) return -EINVAL;
  const { executed, childrenExecuted } = process;
  const count =
    who === RUSAGE_SELF
      ? executed
      : who === RUSAGE_CHILDREN
        ? childrenExecuted
        : executedBy(task.cpu.words) - task.begun;
  return writeWords(space, address, usageWords(system, count), wordBytes) ? 0 : -EFAULT;
}

/** struct rusage of so many instructions: CPU time, and the most memory of the run. */
export function usageWords({ frames }: Call["system"], executed: number): number[] {
  const words = new Array<number>(18).fill(0);
  words[0] = Math.floor(executed / SECOND);
  words[1] = Math.floor((executed % SECOND) / 1000);
  words[4] = frames.peak * 4;
  return words;
}

function sysinfo({ system, space, args, wordBytes }: Call): number {
  const { memory } = system.limits;
  const used = system.frames.used * 4096;
  const uptime = STARTED_BEFORE + Math.floor(nanoseconds(system) / SECOND);
  // uptime, three loads, total and free memory, shared, buffers, swap twice, and the number of processes in a half.
  const words = [uptime, 0, 0, 0, memory, memory - used, 0, 0, 0, 0, system.processes.size];
  const isWritten =
    writeWords(space, args[0], words, wordBytes) &&
    writeWords(space, args[0] + (wordBytes === 8 ? 88 : 44), [0, 0], wordBytes);
  return isWritten && writeWords(space, args[0] + (wordBytes === 8 ? 104 : 52), [1], 4) ? 0 : -EFAULT;
}

/** A set of one processor. */
function getAffinity({ space, args, wordBytes }: Call): number {
  const [, size, address] = args;
  if (size < wordBytes) return -EINVAL;
  return writeWords(space, address, [1], wordBytes) ? wordBytes : -EFAULT;
}

function getcpu({ space, args }: Call): number {
  for (const address of args.slice(0, 2)) if (address !== 0 && !writeWords(space, address, [0], 4)) return -EFAULT;
  return 0;
}

const GRND_INSANE = 4;

function getrandom({ system, space, args }: Call): number {
  const [address, size, flags] = args;
  if (flags > 2 * GRND_INSANE - 1) return -EINVAL;
  const count = Math.min(size, 0x200_0000);
  if (!mayWrite(space, address, Math.min(count, 0x1000))) return -EFAULT;
  return writeBytes(space, address, randomBytes(system, count)) ? count : -EFAULT;
}

const PR_SET_PDEATHSIG = 1;
const PR_GET_PDEATHSIG = 2;
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;
const PR_GET_SECCOMP = 21;
const PR_CAPBSET_READ = 23;
const PR_GET_TIMERSLACK = 30;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_GET_CHILD_SUBREAPER = 37;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_GET_NO_NEW_PRIVS = 39;

/** Nanoseconds by which sleep may be longer; here it is not. */
const TIMER_SLACK = 50_000;

function prctl(call: Call): number {
  const { process, space, args } = call;
  const [what, value] = args;
  const tell = (answer: number): number => (writeWords(space, value, [answer], 4) ? 0 : -EFAULT);
  switch (what) {
    case PR_SET_NAME: {
      const name = textAt(call, 1);
      if (name === undefined) return -EFAULT;
      process.name = name.slice(0, 15);
      return 0;
    }
    case PR_GET_NAME: {
      const bytes = new Uint8Array(16);
      bytes.set(toBytes(process.name));
      return writeBytes(space, value, bytes) ? 0 : -EFAULT;
    }
    case PR_SET_PDEATHSIG:
      if (value > MOST_SIGNAL) return -EINVAL;
      process.parentEnds = value;
      return 0;
    case PR_GET_PDEATHSIG:
      return tell(process.parentEnds);
    case PR_SET_CHILD_SUBREAPER:
      process.takesOrphans = value !== 0;
      return 0;
    case PR_GET_CHILD_SUBREAPER:
      return tell(process.takesOrphans ? 1 : 0);
    case PR_SET_DUMPABLE:
      if (value > 1) return -EINVAL;
      process.isDumpable = value === 1;
      return 0;
    case PR_GET_DUMPABLE:
      return process.isDumpable ? 1 : 0;
    case PR_SET_NO_NEW_PRIVS:
      // It is for ever.
      if (value !== 1) return -EINVAL;
      process.hasNoNewPrivileges = true;
      return 0;
    case PR_GET_NO_NEW_PRIVS:
      return process.hasNoNewPrivileges ? 1 : 0;
    case PR_CAPBSET_READ:
      // CAP_CHECKPOINT_RESTORE is the last one.
      return value <= 40 ? 1 : -EINVAL;
    case PR_GET_SECCOMP:
      return 0;
    case PR_GET_TIMERSLACK:
      return TIMER_SLACK;
    default:
      return -EINVAL;
  }
}

function setpgid({ system, process, args }: Call): number {
  const [pid, group] = args;
  const target = pid === 0 ? process : system.processes.get(pid);
  if (target === undefined) return -ESRCH;
  target.group = group === 0 ? target.pid : group;
  return 0;
}

function setsid({ process }: Call): number {
  if (process.group === process.pid) return -EPERM;
  process.session = process.pid;
  process.group = process.pid;
  return process.pid;
}

const groupOf = ({ system, process, args }: Call): number =>
  (args[0] === 0 ? process : system.processes.get(args[0]))?.group ?? -ESRCH;
const sessionOf = ({ system, process, args }: Call): number =>
  (args[0] === 0 ? process : system.processes.get(args[0]))?.session ?? -ESRCH;

export const IDENTITY_CALLS: readonly CallRow[] = [
  row("getpid", 39, 20, "", ({ process }) => process.pid, "asks for its number"),
  row("gettid", 186, 224, "", ({ task }) => task.id, "asks for the thread's number"),
  row("getppid", 110, 64, "", ({ process }) => process.parent?.pid ?? 1, "asks for its parent's number"),
  row("getpgrp", 111, 65, "", ({ process }) => process.group, "asks for its group's number"),
  row("getpgid", 121, 132, "pid", groupOf, "asks for the group of {1}"),
  row("setpgid", 109, 57, "pid pid", setpgid, "puts {1} into group {2}"),
  row("getsid", 124, 147, "pid", sessionOf, "asks for the session of {1}"),
  row("setsid", 112, 66, "", setsid, "begins a session"),
  row("uname", 63, 122, "address", uname, "asks for the system's name"),
  row("prlimit64", 302, 340, "pid int address address", prlimit, "asks for or sets a limit"),
  row("getrlimit", 97, 191, "int address", getrlimit, "asks for a limit"),
  row("old_getrlimit", -1, 76, "int address", getrlimit, "asks for a limit"),
  row("setrlimit", 160, 75, "int address", setrlimit, "sets a limit"),
  row("getrusage", 98, 77, "int address", getrusage, "asks what it has used"),
  row("sysinfo", 99, 116, "address", sysinfo, "asks about the machine"),
  row("getrandom", 318, 355, "out size flags", getrandom, "asks for {2} random bytes"),
  row("prctl", 157, 172, "int size size size size", prctl, "asks or sets something about the process"),
  row(
    "sched_yield",
    24,
    158,
    "",
    ({ system }) => {
      system.turnLeft = 0;
      return 0;
    },
    "lets other threads run",
  ),
  row("sched_getaffinity", 204, 242, "pid size address", getAffinity, "asks on which processors {1} runs"),
  row("sched_setaffinity", 203, 241, "pid size address", nothing, "says on which processors {1} runs"),
  row("sched_getscheduler", 145, 157, "pid", nothing, "asks how {1} is scheduled"),
  row("sched_setscheduler", 144, 156, "pid int address", nothing, "says how {1} is scheduled"),
  row(
    "sched_getparam",
    143,
    155,
    "pid address",
    ({ space, args }) => (writeWords(space, args[1], [0], 4) ? 0 : -EFAULT),
    "asks how {1} is scheduled",
  ),
  row("sched_setparam", 142, 154, "pid address", nothing, "says how {1} is scheduled"),
  row(
    "sched_get_priority_max",
    146,
    159,
    "int",
    ({ args }) => (args[0] === 1 || args[0] === 2 ? 99 : 0),
    "asks for the highest priority",
  ),
  row(
    "sched_get_priority_min",
    147,
    160,
    "int",
    ({ args }) => (args[0] === 1 || args[0] === 2 ? 1 : 0),
    "asks for the lowest priority",
  ),
  row("getpriority", 140, 96, "int int", getpriority, "asks for a priority"),
  row("setpriority", 141, 97, "int int int", setpriority, "sets a priority"),
  row("nice", -1, 34, "int", nice, "adds {1} to its priority"),
  row("getcpu", 309, 318, "address address address", getcpu, "asks on which processor it runs"),
  row(
    "personality",
    135,
    136,
    "size",
    ({ args }) => (args[0] === 0xffff_ffff || args[0] === 0 ? 0 : -EINVAL),
    "asks whose habits the kernel takes",
  ),
  row("seccomp", 317, 354, "int flags address", refuse(EINVAL), "forbids itself system calls"),
  row("sethostname", 170, 74, "text size", refuse(EPERM), "names the machine"),
  row("syslog", 103, 103, "int address int", refuse(EPERM), "reads the kernel's messages"),
  row("ioprio_get", 252, 290, "int pid", nothing, "asks for a priority of disks"),
  row("ioprio_set", 251, 289, "int pid int", nothing, "sets a priority of disks"),
  row("keyctl", 250, 288, "int size size size size", refuse(ENODATA), "asks for keys"),
];
