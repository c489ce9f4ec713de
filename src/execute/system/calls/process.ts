// System calls about processes and threads: making them, ending them, waiting for them (kernel/fork.c, kernel/exit.c, fs/exec.c).

import { type Cpu, FS_BASE, GS_BASE, SELECTORS, TLS_BASE, TLS_SELECTOR } from "../../../arch/x86/instructions/index.ts";
import { E2BIG, ECHILD, EFAULT, EINVAL, ENOSYS, ENOTDIR, ERESTARTSYS, ESRCH } from "../../files/errno.ts";
import { readText, writeBytes } from "../../memory/address-space.ts";
import { openFileAt } from "../descriptors.ts";
import { AT_EMPTY_PATH, AT_FDCWD } from "../open-flags.ts";
import { CLONE_SETTLS, CLONE_VFORK, CLONE_VM, clone, endProcess, endTask, execute, reap } from "../processes.ts";
import { type CallRow, readWords, refuse, row, textAt, writeWords } from "../row.ts";
import { CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, CONTINUED, SIGCHLD, SIGCONT } from "../signal-numbers.ts";
import type { Call, Process, Task } from "../state.ts";
import { usageWords } from "./identity.ts";

/** CLONE_FS and the other flags of what threads share; processes that share less than threads do not exist here. */
function cloneCall(call: Call): number {
  const { system, task, args, wordBytes } = call;
  const [flags, stack, parentId, fourth, fifth] = args;
  // x86-64 has the thread pointer last, i386 before the child's number.
  const [childId, tls] = wordBytes === 8 ? [fourth, fifth] : [fifth, fourth];
  return clone(system, task, {
    flags: flags & ~0xff,
    exitSignal: flags & 0xff,
    stack,
    parentId,
    childId,
    setThread: (flags & CLONE_SETTLS) === 0 ? undefined : (child) => setThreadPointer(child, tls),
  });
}

function setThreadPointer(task: Task, value: number): boolean {
  const { words, mode } = task.cpu;
  if (mode === 64) {
    words[FS_BASE] = value % 2 ** 32;
    words[FS_BASE + 1] = Math.floor(value / 2 ** 32);
    return true;
  }
  return setSegment(task, value) >= 0;
}

/** struct clone_args, of which the first eight words have always been there. */
function clone3(call: Call): number {
  const { system, task, space, args } = call;
  const [address, size] = args;
  if (size < 64) return -EINVAL;
  if (size > 4096) return -E2BIG;
  const words = readWords(space, address, 8, 8);
  if (words === undefined) return -EFAULT;
  const [flags, , childId, parentId, exitSignal, stack, stackSize, tls] = words;
  return clone(system, task, {
    flags: (flags % 2 ** 32) | 0,
    exitSignal,
    stack: stack === 0 ? 0 : stack + stackSize,
    parentId,
    childId,
    setThread: ((flags % 2 ** 32) & CLONE_SETTLS) === 0 ? undefined : (child) => setThreadPointer(child, tls),
  });
}

const plainClone = (call: Call, flags: number): number =>
  clone(call.system, call.task, {
    flags,
    exitSignal: SIGCHLD,
    stack: 0,
    parentId: 0,
    childId: 0,
    setThread: undefined,
  });

/** Words up to a zero as texts; negative: an errno. */
function texts({ space, wordBytes }: Call, address: number): string[] | number {
  const list: string[] = [];
  if (address === 0) return list;
  for (let at = address; ; at += wordBytes) {
    const words = readWords(space, at, 1, wordBytes);
    if (words === undefined) return -EFAULT;
    if (words[0] === 0) return list;
    const text = readText(space, words[0]);
    if (text === undefined) return -EFAULT;
    if (list.push(text) > 0x2_0000) return -E2BIG;
  }
}

function executeWith(
  call: Call,
  path: string,
  argvAt: number,
  environmentAt: number,
  from = call.process.directory,
): number {
  const argv = texts(call, argvAt);
  if (typeof argv === "number") return argv;
  const environment = texts(call, environmentAt);
  if (typeof environment === "number") return environment;
  return execute(call.system, call.task, path, argv.length === 0 ? [""] : argv, environment, from);
}

function execve(call: Call): number {
  const path = textAt(call, 0);
  return path === undefined ? -EFAULT : executeWith(call, path, call.args[1], call.args[2]);
}

function execveat(call: Call): number {
  const [base, , argvAt, environmentAt, flags] = call.args;
  const path = textAt(call, 1);
  if (path === undefined) return -EFAULT;
  if (base === AT_FDCWD || path.startsWith("/")) return executeWith(call, path, argvAt, environmentAt);
  const open = openFileAt(call.process, base);
  if (open === undefined) return -EINVAL;
  if (path === "" && (flags & AT_EMPTY_PATH) !== 0) return executeWith(call, open.path, argvAt, environmentAt);
  return open.node.kind === "directory" ? executeWith(call, path, argvAt, environmentAt, open.node) : -ENOTDIR;
}

function exit({ system, task, process, args }: Call): number {
  if (process.tasks.length === 1) endProcess(system, process, (args[0] & 0xff) << 8);
  else endTask(system, task);
  return 0;
}

function exitGroup({ system, process, args }: Call): number {
  endProcess(system, process, (args[0] & 0xff) << 8);
  return 0;
}

const WNOHANG = 1;
/** Of waitid WSTOPPED. */
const WUNTRACED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x100_0000;

/** What a child has to tell: that it has ended, or else that it was stopped or goes on; undefined: nothing that was asked for. */
function newsOf({ status, news }: Process, options: number): number | undefined {
  if (status !== undefined) return (options & WEXITED) === 0 ? undefined : status;
  if (news === undefined) return undefined;
  return (options & (news === CONTINUED ? WCONTINUED : WUNTRACED)) === 0 ? undefined : news;
}

/** The child to wait for: one that has something to tell; undefined: none has; an errno: there is none. */
function toldChild(
  { process }: Call,
  options: number,
  isMeant: (child: Process) => boolean,
): Process | undefined | number {
  const children = process.children.filter(isMeant);
  if (children.length === 0) return -ECHILD;
  return children.find((child) => newsOf(child, options) !== undefined);
}

/** It has been told: who has ended is gone. */
function taken({ system, process }: Call, child: Process): void {
  if (child.status === undefined) child.news = undefined;
  else {
    process.childrenExecuted += child.executed + child.childrenExecuted;
    reap(system, child);
  }
}

function wait4(call: Call): number {
  const { process, space, args, wordBytes } = call;
  const [pid, statusAt, asked, usageAt] = args;
  const options = asked | WEXITED;
  const child = toldChild(call, options, (it) =>
    pid > 0 ? it.pid === pid : pid === -1 || it.group === (pid === 0 ? process.group : -pid),
  );
  if (typeof child === "number") return child;
  if (child === undefined) return (options & WNOHANG) !== 0 ? 0 : -ERESTARTSYS;
  if (statusAt !== 0 && !writeWords(space, statusAt, [newsOf(child, options) ?? 0], 4)) return -EFAULT;
  const usage = usageWords(call.system, child.executed + child.childrenExecuted);
  if (usageAt !== 0 && usageAt !== undefined && !writeWords(space, usageAt, usage, wordBytes)) return -EFAULT;
  taken(call, child);
  return child.pid;
}

const P_PID = 1;
const P_PGID = 2;
const P_ALL = 0;

function waitid(call: Call): number {
  const { process, space, args, wordBytes } = call;
  const [kind, id, infoAt, options] = args;
  if (kind !== P_ALL && kind !== P_PID && kind !== P_PGID) return -EINVAL;
  if ((options & (WEXITED | WUNTRACED | WCONTINUED)) === 0) return -EINVAL;
  const child = toldChild(
    call,
    options,
    (it) => kind === P_ALL || (kind === P_PID ? it.pid === id : it.group === (id === 0 ? process.group : id)),
  );
  if (typeof child === "number") return child;
  if (child === undefined && (options & WNOHANG) === 0) return -ERESTARTSYS;
  const view = new DataView(new ArrayBuffer(128));
  if (child !== undefined) {
    const [code, status] = codeOf(newsOf(child, options) ?? 0);
    const fields = wordBytes === 8 ? 16 : 12;
    view.setInt32(0, SIGCHLD, true);
    view.setInt32(8, code, true);
    view.setInt32(fields, child.pid, true);
    view.setInt32(fields + 4, child.who.user, true);
    view.setInt32(fields + 8, status, true);
  }
  if (infoAt !== 0 && !writeBytes(space, infoAt, new Uint8Array(view.buffer))) return -EFAULT;
  if (child !== undefined && (options & WNOWAIT) === 0) taken(call, child);
  return 0;
}

/** si_code and si_status of what wait(2) gives. */
function codeOf(status: number): readonly [number, number] {
  if (status === CONTINUED) return [CLD_CONTINUED, SIGCONT];
  if ((status & 0xff) === 0x7f) return [CLD_STOPPED, status >> 8];
  return (status & 0x7f) === 0 ? [CLD_EXITED, status >> 8] : [CLD_KILLED, status & 0x7f];
}

const ARCH_SET_GS = 0x1001;
const ARCH_SET_FS = 0x1002;
const ARCH_GET_FS = 0x1003;
const ARCH_GET_GS = 0x1004;

function archPrctl({ task, space, args }: Call): number {
  const [code, address] = args;
  const { words } = task.cpu;
  const at = code === ARCH_SET_FS || code === ARCH_GET_FS ? FS_BASE : GS_BASE;
  switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
      words[at] = address % 2 ** 32;
      words[at + 1] = Math.floor(address / 2 ** 32);
      return 0;
    case ARCH_GET_FS:
    case ARCH_GET_GS:
      return writeWords(space, address, [words[at + 1] * 2 ** 32 + (words[at] >>> 0)], 8) ? 0 : -EFAULT;
    default:
      // Control-flow protection among them, which this processor does not have.
      return -EINVAL;
  }
}

/** The first of the three entries of the GDT that are a thread's own (GDT_ENTRY_TLS_MIN of a 64-bit kernel). */
const FIRST_SEGMENT = 12;
const SEGMENTS = 3;

/** struct user_desc: entry, base, limit, flags. @returns the entry, or the errno, negated */
function setSegment(task: Task, address: number): number {
  const { space } = task.process;
  const words = readWords(space, address, 4, 4);
  if (words === undefined) return -EFAULT;
  let entry = words[0] | 0;
  if (entry === -1) {
    entry = FIRST_SEGMENT;
    while (task.segments.has(entry)) entry++;
  }
  if (entry < FIRST_SEGMENT || entry >= FIRST_SEGMENT + SEGMENTS) return -EINVAL;
  task.segments.set(entry, { base: words[1], limit: words[2], flags: words[3] });
  showSegment(task.cpu, entry, words[1]);
  if ((words[0] | 0) === -1 && !writeWords(space, address, [entry], 4)) return -EFAULT;
  return entry;
}

/** The processor finds the entry's base when a selector of it is loaded, and one that is loaded has it at once. */
function showSegment({ words }: Cpu, entry: number, base: number): void {
  const selector = (entry << 3) | 3;
  words[TLS_SELECTOR] = selector;
  words[TLS_BASE] = base;
  if (words[SELECTORS + 5] === selector) words[GS_BASE] = base;
}

function setThreadArea(call: Call): number {
  return Math.min(0, setSegment(call.task, call.args[0]));
}

function getThreadArea({ task, space, args }: Call): number {
  const words = readWords(space, args[0], 1, 4);
  if (words === undefined) return -EFAULT;
  const segment = task.segments.get(words[0]);
  if (segment === undefined) return -EINVAL;
  return writeWords(space, args[0], [words[0], segment.base, segment.limit, segment.flags], 4) ? 0 : -EFAULT;
}

function setTidAddress({ task, args }: Call): number {
  task.clearOnExit = args[0];
  return task.id;
}

function setRobustList({ task, args, wordBytes }: Call): number {
  if (args[1] !== 3 * wordBytes) return -EINVAL;
  task.robustList = args[0];
  return 0;
}

function getRobustList({ system, task, space, args, wordBytes }: Call): number {
  const [id, headAt, sizeAt] = args;
  const target = id === 0 ? task : system.tasks.find((it) => it.id === id);
  if (target === undefined) return -ESRCH;
  return writeWords(space, headAt, [target.robustList], wordBytes) &&
    writeWords(space, sizeAt, [3 * wordBytes], wordBytes)
    ? 0
    : -EFAULT;
}

export const PROCESS_CALLS: readonly CallRow[] = [
  row("fork", 57, 2, "", (call) => plainClone(call, 0), "makes a copy of the process"),
  row(
    "vfork",
    58,
    190,
    "",
    (call) => plainClone(call, CLONE_VM | CLONE_VFORK),
    "makes a process that borrows the memory of this one",
  ),
  row("clone", 56, 120, "size address address address address", cloneCall, "makes a thread or a process"),
  row("clone3", 435, 435, "address size", clone3, "makes a thread or a process"),
  row("execve", 59, 11, "path address address", execve, "becomes the program {1}"),
  row("execveat", 322, 358, "fd path address address flags", execveat, "becomes the program {2}"),
  row("exit", 60, 1, "int", exit, "ends the thread"),
  row("exit_group", 231, 252, "int", exitGroup, "ends the process with status {1}"),
  row("wait4", 61, 114, "pid address int address", wait4, "waits for a child to end"),
  row("waitpid", -1, 7, "pid address int", wait4, "waits for a child to end"),
  row("waitid", 247, 284, "int pid address int address", waitid, "waits for a child to end"),
  row("arch_prctl", 158, 384, "int address", archPrctl, "sets or asks the base of %fs or %gs"),
  row("set_thread_area", -1, 243, "address", setThreadArea, "sets a segment for the thread's own storage"),
  row("get_thread_area", -1, 244, "address", getThreadArea, "asks for a segment of the thread's own storage"),
  row("set_tid_address", 218, 258, "address", setTidAddress, "says which word is cleared when the thread ends"),
  row("set_robust_list", 273, 311, "address size", setRobustList, "says which mutexes are marked when the thread ends"),
  row(
    "get_robust_list",
    274,
    312,
    "pid address address",
    getRobustList,
    "asks which mutexes are marked when a thread ends",
  ),
  row(
    "rseq",
    334,
    386,
    "address unsigned flags unsigned",
    refuse(ENOSYS),
    "would restart sequences when a thread is moved; glibc does without it",
  ),
  row("ptrace", 101, 26, "int pid address address", refuse(1), "watches another process"),
];
