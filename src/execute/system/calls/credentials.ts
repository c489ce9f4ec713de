// System calls about users and groups: the real, the effective and the saved one (kernel/sys.c, credentials(7)). What a process may do
// with files the effective ones say; whoever is user 0 may become anybody.

import { EFAULT, EINVAL, EPERM } from "../../files/errno.ts";
import { type CallRow, nothing, readWords, row, writeWords } from "../row.ts";
import type { Call } from "../state.ts";

type Kind = "user" | "group";

/** The real, the effective and the saved one. */
function idsOf({ process }: Call, kind: Kind): readonly [number, number, number] {
  const { real, saved } = process.identity[kind];
  return [real, process.who[kind], saved];
}

function setIds({ process }: Call, kind: Kind, real: number, effective: number, saved: number): number {
  process.identity = { ...process.identity, [kind]: { real, saved } };
  if (effective !== process.who[kind]) process.who = { ...process.who, [kind]: effective };
  return 0;
}

const isPrivileged = ({ process }: Call): boolean => process.who.user === 0;

/** setuid and setgid: the superuser becomes another for good. */
const setAll =
  (kind: Kind) =>
  (call: Call): number => {
    const [id] = call.args;
    const [real, , saved] = idsOf(call, kind);
    if (id === -1) return -EINVAL;
    if (isPrivileged(call)) return setIds(call, kind, id, id, id);
    return id === real || id === saved ? setIds(call, kind, real, id, saved) : -EPERM;
  };

/** setreuid and setregid; -1 leaves one as it is. */
const setTwo =
  (kind: Kind) =>
  (call: Call): number => {
    const [newReal, newEffective] = call.args;
    const [real, effective, saved] = idsOf(call, kind);
    if (!isPrivileged(call)) {
      if (newReal !== -1 && newReal !== real && newReal !== effective) return -EPERM;
      if (newEffective !== -1 && newEffective !== real && newEffective !== effective && newEffective !== saved)
        return -EPERM;
    }
    const becomes = newEffective === -1 ? effective : newEffective;
    const isSaved = newReal !== -1 || (newEffective !== -1 && newEffective !== real);
    return setIds(call, kind, newReal === -1 ? real : newReal, becomes, isSaved ? becomes : saved);
  };

/** setresuid and setresgid. */
const setThree =
  (kind: Kind) =>
  (call: Call): number => {
    const before = idsOf(call, kind);
    if (!isPrivileged(call) && call.args.some((id) => id !== -1 && !before.includes(id))) return -EPERM;
    const [real, effective, saved] = call.args.map((id, index) => (id === -1 ? before[index] : id));
    return setIds(call, kind, real, effective, saved);
  };

const tellThree =
  (kind: Kind) =>
  (call: Call): number =>
    idsOf(call, kind).every((id, index) => writeWords(call.space, call.args[index], [id], 4)) ? 0 : -EFAULT;

const realOf =
  (kind: Kind) =>
  (call: Call): number =>
    idsOf(call, kind)[0];
const effectiveOf =
  (kind: Kind) =>
  (call: Call): number =>
    idsOf(call, kind)[1];

function getgroups({ process, space, args }: Call): number {
  const { groups } = process.who;
  const [size, address] = args;
  if (size === 0) return groups.length;
  if (size < groups.length) return -EINVAL;
  return writeWords(space, address, groups, 4) ? groups.length : -EFAULT;
}

/** NGROUPS_MAX. */
const MOST_GROUPS = 0x1_0000;

function setgroups(call: Call): number {
  const { process, space, args } = call;
  const [count, address] = args;
  if (!isPrivileged(call)) return -EPERM;
  if (count < 0 || count > MOST_GROUPS) return -EINVAL;
  const groups = readWords(space, address, count, 4);
  if (groups === undefined) return -EFAULT;
  process.who = { ...process.who, groups };
  return 0;
}

/** capget: nobody has any, but root, who has all. */
function capget({ process, space, args }: Call): number {
  if (args[1] === 0) return 0;
  const all = process.who.user === 0 ? -1 : 0;
  return writeWords(space, args[1], [all, all, 0, all, all, 0], 4) ? 0 : -EFAULT;
}

export const CREDENTIAL_CALLS: readonly CallRow[] = [
  row("getuid", 102, 199, "", realOf("user"), "asks who runs it"),
  row("geteuid", 107, 201, "", effectiveOf("user"), "asks as who it runs"),
  row("getgid", 104, 200, "", realOf("group"), "asks for its user's group"),
  row("getegid", 108, 202, "", effectiveOf("group"), "asks for the group as which it runs"),
  row("getuid16", -1, 24, "", realOf("user"), "asks who runs it"),
  row("geteuid16", -1, 49, "", effectiveOf("user"), "asks as who it runs"),
  row("getgid16", -1, 47, "", realOf("group"), "asks for its user's group"),
  row("getegid16", -1, 50, "", effectiveOf("group"), "asks for the group as which it runs"),
  row("getresuid", 118, 209, "address address address", tellThree("user"), "asks who runs it"),
  row("getresgid", 120, 211, "address address address", tellThree("group"), "asks for its groups"),
  row("getgroups", 115, 205, "int address", getgroups, "asks for further groups"),
  row("setgroups", 116, 206, "int address", setgroups, "sets further groups"),
  row("setuid", 105, 213, "int", setAll("user"), "becomes user {1}"),
  row("setgid", 106, 214, "int", setAll("group"), "becomes a member of group {1}"),
  row("setreuid", 113, 203, "int int", setTwo("user"), "becomes user {2}"),
  row("setregid", 114, 204, "int int", setTwo("group"), "becomes a member of group {2}"),
  row("setresuid", 117, 208, "int int int", setThree("user"), "becomes user {2}"),
  row("setresgid", 119, 210, "int int int", setThree("group"), "becomes a member of group {2}"),
  // Users for files only are not told apart: who one is stays.
  row("setfsuid", 122, 215, "int", effectiveOf("user"), "becomes user {1} for files"),
  row("setfsgid", 123, 216, "int", effectiveOf("group"), "becomes a member of group {1} for files"),
  row("capget", 125, 184, "address address", capget, "asks what it is allowed"),
  row("capset", 126, 185, "address address", nothing, "gives up what it is allowed"),
];
