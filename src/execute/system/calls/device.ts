// ioctl: what terminals and pipes are asked (fs/ioctl.c, drivers/tty/tty_ioctl.c).

import { EBADF, EFAULT, EINVAL, ENOTTY } from "../../files/errno.ts";
import { writeBytes } from "../../memory/address-space.ts";
import { openFileAt } from "../descriptors.ts";
import { O_NONBLOCK } from "../open-flags.ts";
import { type CallRow, readWords, row, writeWords } from "../row.ts";
import type { Call, OpenFile } from "../state.ts";
import { waitingBytes } from "../waiting-bytes.ts";

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCSETSW = 0x5403;
const TCSETSF = 0x5404;
const TIOCGPGRP = 0x540f;
const TIOCSPGRP = 0x5410;
const TIOCGWINSZ = 0x5413;
const FIONREAD = 0x541b;
const FIONBIO = 0x5421;
const FIONCLEX = 0x5450;
const FIOCLEX = 0x5451;

function ioctl(call: Call): number {
  const { process, space } = call;
  const [number, request, address] = call.args;
  const open = openFileAt(process, number);
  const descriptor = process.descriptors[number];
  if (open === undefined || descriptor === undefined) return -EBADF;
  switch (request) {
    case FIOCLEX:
    case FIONCLEX:
      descriptor.closeOnExec = request === FIOCLEX;
      return 0;
    case FIONBIO: {
      const words = readWords(space, address, 1, 4);
      if (words === undefined) return -EFAULT;
      open.flags = words[0] === 0 ? open.flags & ~O_NONBLOCK : open.flags | O_NONBLOCK;
      return 0;
    }
    case FIONREAD:
      return available(call, open);
    default:
      return isTerminal(open) ? terminal(call, request) : -ENOTTY;
  }
}

export function isTerminal({ special }: OpenFile): boolean {
  return (special?.kind === "input" || special?.kind === "output") && special.terminal;
}

function available({ system, space, args }: Call, open: OpenFile): number {
  const count = waitingBytes(system, open);
  if (count === undefined) return -ENOTTY;
  return writeWords(space, args[2], [count], 4) ? 0 : -EFAULT;
}

/** A terminal as a login finds it: struct termios of the kernel, 36 bytes. */
const TERMIOS = [0x4500, 0x05, 0xbf, 0x8a3b];
const CONTROL_CHARACTERS = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 255, 18, 15, 23, 22, 255, 0, 0];
const ROWS = 24;
const COLUMNS = 80;

function terminal({ process, space, args }: Call, request: number): number {
  const address = args[2];
  switch (request) {
    case TCGETS: {
      const bytes = new Uint8Array(36);
      bytes.set(new Uint8Array(new Uint32Array(TERMIOS).buffer));
      bytes.set(CONTROL_CHARACTERS, 17);
      return writeBytes(space, address, bytes) ? 0 : -EFAULT;
    }
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TIOCSPGRP:
      return 0;
    case TIOCGPGRP:
      return writeWords(space, address, [process.group], 4) ? 0 : -EFAULT;
    case TIOCGWINSZ: {
      const size = new Uint8Array(new Uint16Array([ROWS, COLUMNS, 0, 0]).buffer);
      return writeBytes(space, address, size) ? 0 : -EFAULT;
    }
    default:
      return -EINVAL;
  }
}

export const DEVICE_CALLS: readonly CallRow[] = [
  row("ioctl", 16, 54, "fd unsigned address", ioctl, "asks or tells the device of descriptor {1} something"),
];
