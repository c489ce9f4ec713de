// This process as the commands see it. Written with write(2): opening process.stdout and process.stderr costs a third of
// the time in which a small program is linked.

import { fstatSync, writeSync } from "node:fs";
import { printableOutput } from "../explain/printable.ts";
import type { Io } from "./io.ts";
import { systemErrorText } from "./system-error.ts";

/** Standard output, standard error and the environment of this process. Control characters in names are written out. */
export const processIo: Io = {
  out: (text) => write(1, text),
  err: (text) => write(2, text),
  color: {
    get out(): boolean {
      return takesColor(1);
    },
    get err(): boolean {
      return takesColor(2);
    },
  },
  env: process.env,
};

/** https://no-color.org: set and not empty means no. Files and pipes need no look at node:tty, which is slow to load. */
function takesColor(file: number): boolean {
  if ((process.env.NO_COLOR ?? "") !== "") return false;
  const stat = fstatSync(file);
  if (!stat.isCharacterDevice()) return false;
  const major = process.platform === "linux" ? stat.rdev >> 8 : -1;
  if (major === NULL_DEVICE_MAJOR) return false;
  if (major >= FIRST_PTY_MAJOR && major <= LAST_PTY_MAJOR) return true;
  return process.getBuiltinModule("node:tty").isatty(file);
}

// Linux, Documentation/admin-guide/devices.txt: /dev/null and its kind, and terminals under /dev/pts.
const NULL_DEVICE_MAJOR = 1;
const FIRST_PTY_MAJOR = 136;
const LAST_PTY_MAJOR = 143;

/** The disk is full, perhaps. What has been written is not all, so it counts as nothing. */
function giveUp(file: number, cause: unknown): void {
  if (file === 2) return;
  write(2, `solder: error: cannot write: ${systemErrorText(cause)}\n`);
  process.exit(1);
}

function write(file: number, text: string): void {
  const bytes = new TextEncoder().encode(printableOutput(text));
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(file, bytes, written);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // The reader has gone: there is nobody to tell.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") {
        giveUp(file, cause);
        return;
      }
      // Somebody made this pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
