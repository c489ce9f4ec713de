// Signals that are read from a descriptor (fs/signalfd.c).

import { EBADF, EFAULT, EINVAL } from "../../files/errno.ts";
import { newFile } from "../../files/tree.ts";
import { clockOf } from "../clock.ts";
import { describe, install, openFileAt } from "../descriptors.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDWR } from "../open-flags.ts";
import { type CallRow, readWords, row } from "../row.ts";
import { blockable } from "../signal-numbers.ts";
import type { Call, SignalDescriptor } from "../state.ts";

function signalfd(call: Call, flags: number): number {
  const { system, process, space, args } = call;
  const [number, address, size] = args;
  if (size !== 8 || (flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) return -EINVAL;
  const words = readWords(space, address, 2, 4);
  if (words === undefined) return -EFAULT;
  const mask = blockable(words[0] | 0, words[1] | 0);
  if (number === -1) {
    const special: SignalDescriptor = { kind: "signals", mask };
    const node = newFile(system.tree.lower, clockOf(system), 0o600, process.who);
    const open = describe(node, "anon_inode:[signalfd]", O_RDWR | (flags & O_NONBLOCK), special);
    return install(call, open, (flags & O_CLOEXEC) !== 0);
  }
  const open = openFileAt(process, number);
  if (open === undefined) return -EBADF;
  if (open.special?.kind !== "signals") return -EINVAL;
  open.special.mask = mask;
  return number;
}

export const SIGNAL_DESCRIPTOR_CALLS: readonly CallRow[] = [
  row(
    "signalfd",
    282,
    321,
    "fd address size",
    (call) => signalfd(call, 0),
    "makes a descriptor that signals can be read from",
  ),
  row(
    "signalfd4",
    289,
    327,
    "fd address size flags",
    (call) => signalfd(call, call.args[3]),
    "makes a descriptor that signals can be read from",
  ),
];
