// What `solder run` lends a program of this process: its standard streams and who it is. Nothing else of the host is reachable.

import { readSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import type { OutputRefusal } from "../../execute/index.ts";

/** What the command gives to the program that it runs. */
export interface RunHost {
  /** Writes all of it to standard output (1) or standard error (2), or says why it cannot. */
  write(stream: 1 | 2, bytes: Uint8Array): OutputRefusal | undefined;
  /** Bytes of the standard input, none at its end. Waits for them. */
  read(most: number): Uint8Array;
  isTerminal(stream: 0 | 1 | 2): boolean;
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
}

export const runHost: RunHost = {
  write: (stream, bytes) => {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(stream, bytes, done);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code !== "EAGAIN") return code === "EPIPE" || code === "ENOSPC" ? code : "EIO";
        pause();
      }
    }
    return undefined;
  },
  read: (most) => {
    const bytes = new Uint8Array(most);
    for (;;) {
      try {
        return bytes.subarray(0, readSync(0, bytes, 0, most, null));
      } catch (cause) {
        // A terminal that somebody made non-blocking.
        if ((cause as NodeJS.ErrnoException).code !== "EAGAIN") return bytes.subarray(0, 0);
        pause();
      }
    }
  },
  isTerminal: (stream) => isatty(stream),
  user: process.getuid?.() ?? 1000,
  group: process.getgid?.() ?? 1000,
  groups: process.getgroups?.() ?? [],
};

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
