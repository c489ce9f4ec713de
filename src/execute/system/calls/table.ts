// All system calls that there are, by number, for each machine.

import type { Mode } from "../../../arch/x86/instructions/index.ts";
import { FUTEX_CALLS } from "../futex.ts";
import type { CallRow } from "../row.ts";
import { STAT_CALLS } from "../stat.ts";
import { TIMER_CALLS } from "../timers.ts";
import { COPY_CALLS } from "./copy.ts";
import { CREDENTIAL_CALLS } from "./credentials.ts";
import { DEVICE_CALLS } from "./device.ts";
import { EPOLL_CALLS } from "./epoll.ts";
import { FILE_CALLS } from "./file.ts";
import { IDENTITY_CALLS } from "./identity.ts";
import { LOCK_CALLS } from "./lock.ts";
import { MEMORY_CALLS } from "./memory.ts";
import { MESSAGE_CALLS } from "./message.ts";
import { MISSING_CALLS } from "./missing.ts";
import { PATH_CALLS } from "./path.ts";
import { POLL_CALLS } from "./poll.ts";
import { PROCESS_CALLS } from "./process.ts";
import { SIGNAL_CALLS } from "./signal.ts";
import { SIGNAL_DESCRIPTOR_CALLS } from "./signal-descriptor.ts";
import { SIZE_CALLS } from "./size.ts";
import { SOCKET_CALLS } from "./socket.ts";
import { TIME_CALLS } from "./time.ts";

export const SYSTEM_CALLS: readonly CallRow[] = [
  ...FILE_CALLS,
  ...SIZE_CALLS,
  ...COPY_CALLS,
  ...LOCK_CALLS,
  ...PATH_CALLS,
  ...STAT_CALLS,
  ...MEMORY_CALLS,
  ...PROCESS_CALLS,
  ...FUTEX_CALLS,
  ...SIGNAL_CALLS,
  ...SIGNAL_DESCRIPTOR_CALLS,
  ...TIME_CALLS,
  ...TIMER_CALLS,
  ...POLL_CALLS,
  ...EPOLL_CALLS,
  ...IDENTITY_CALLS,
  ...CREDENTIAL_CALLS,
  ...DEVICE_CALLS,
  ...SOCKET_CALLS,
  ...MESSAGE_CALLS,
  ...MISSING_CALLS,
];

/** Calls that a signal's handler always ends, whatever SA_RESTART says (signal(7)). */
export const NEVER_RESTARTED: ReadonlySet<string> = new Set([
  "pause",
  "rt_sigsuspend",
  "sigsuspend",
  "rt_sigtimedwait",
  "rt_sigtimedwait_time64",
  "nanosleep",
  "clock_nanosleep",
  "clock_nanosleep_time64",
  "poll",
  "ppoll",
  "ppoll_time64",
  "select",
  "_newselect",
  "old_select",
  "pselect6",
  "pselect6_time64",
  "epoll_wait",
  "epoll_pwait",
  "epoll_pwait2",
]);

/** Rows by number. */
export function callsOf(mode: Mode): (CallRow | undefined)[] {
  const table: (CallRow | undefined)[] = [];
  for (const row of SYSTEM_CALLS) {
    const number = mode === 64 ? row.x86_64 : row.i386;
    if (number >= 0) table[number] = row;
  }
  return table;
}
