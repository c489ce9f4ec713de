// Sockets: there is no network, and nobody to talk to. Two that are connected to each other are two pipes, which there are.

import { EAFNOSUPPORT, EBADF, EFAULT, EINVAL, ENOTSOCK, EOPNOTSUPP } from "../files/errno.ts";
import { openFileAt } from "./descriptors.ts";
import { type CallRow, readWords, refuse, row } from "./row.ts";
import type { Call } from "./state.ts";

/** Why a call about a descriptor fails that is no socket. */
const notSocket = ({ process, args }: Call): number =>
  openFileAt(process, args[0]) === undefined ? -EBADF : -ENOTSOCK;

/** socketcall(2) of i386: the call's number, and its arguments in memory. */
function socketcall({ process, space, args }: Call): number {
  const [number, address] = args;
  if (number < 1 || number > 20) return -EINVAL;
  const words = readWords(space, address, 1, 4);
  if (words === undefined) return -EFAULT;
  if (number === SYS_SOCKET || number === SYS_SOCKETPAIR) return -EAFNOSUPPORT;
  return openFileAt(process, words[0] | 0) === undefined ? -EBADF : -ENOTSOCK;
}

const SYS_SOCKET = 1;
const SYS_SOCKETPAIR = 8;

export const SOCKET_CALLS: readonly CallRow[] = [
  row("socket", 41, 359, "int int int", refuse(EAFNOSUPPORT), "asks for a socket; there is no network"),
  row("socketpair", 53, 360, "int int int address", refuse(EAFNOSUPPORT), "asks for two connected sockets"),
  row("socketcall", -1, 102, "int address", socketcall, "asks something about sockets; there is no network"),
  row("connect", 42, 362, "fd address size", notSocket, "connects {1}"),
  row("accept", 43, -1, "fd address address", notSocket, "accepts a connection to {1}"),
  row("accept4", 288, 364, "fd address address flags", notSocket, "accepts a connection to {1}"),
  row("bind", 49, 361, "fd address size", notSocket, "gives {1} an address"),
  row("listen", 50, 363, "fd int", notSocket, "lets others connect to {1}"),
  row("getsockname", 51, 367, "fd address address", notSocket, "asks for the address of {1}"),
  row("getpeername", 52, 368, "fd address address", notSocket, "asks who {1} is connected to"),
  row("getsockopt", 55, 365, "fd int int address address", notSocket, "asks about the socket {1}"),
  row("setsockopt", 54, 366, "fd int int address size", notSocket, "sets something about the socket {1}"),
  row("sendto", 44, 369, "fd in size flags address size", notSocket, "sends {3} bytes to {1}"),
  row("recvfrom", 45, 371, "fd out size flags address address", notSocket, "receives from {1}"),
  row("sendmsg", 46, 370, "fd address flags", notSocket, "sends to {1}"),
  row("recvmsg", 47, 372, "fd address flags", notSocket, "receives from {1}"),
  row("sendmmsg", 307, 345, "fd address unsigned flags", notSocket, "sends to {1}"),
  row("shutdown", 48, 373, "fd int", notSocket, "ends a connection of {1}"),
  row("shmget", 29, 395, "int size flags", refuse(EOPNOTSUPP), "asks for shared memory by a key"),
];
