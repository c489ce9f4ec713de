// Runs a command in this process and keeps what it prints: starting Node for each call would make the tests slow.

import type { Io } from "../../src/cli/io.ts";

export interface Printed {
  readonly status: number;
  /** All of standard output. */
  readonly out: string;
  /** All of standard error. */
  readonly err: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the terminal takes colours. */
  readonly color?: boolean;
}

/** @param command gives its exit status */
export function printed(command: (io: Io) => number, { env = {}, color = false }: Surroundings = {}): Printed {
  let [out, err] = ["", ""];
  const status = command({
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: { out: color, err: color },
    env,
  });
  return { status, out, err };
}
