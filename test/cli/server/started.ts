// A server of a test's own: in a directory of its own for sockets, which the clients of this test are told by their environment.

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { repository, scratch } from "../../support/build.ts";
import { type Outcome, run } from "../../support/run.ts";

export const libexec: string = join(repository, "libexec");
/** Starting takes two warm processes, on whatever else the machine does. */
const LIMIT = 180_000;
const command = join(repository, "bin/solder.js");

export interface Started {
  /** What its clients need. */
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** `solder server` with these words. */
  readonly ask: (...words: string[]) => Outcome;
  readonly status: () => ServerStatusJson;
}

export interface ServerStatusJson {
  readonly pid: number;
  readonly served: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly slots: readonly {
    readonly pid: number;
    readonly served: number;
    readonly hits: number;
    readonly relinked: number;
  }[];
}

/** Starts one; whoever does so stops it. */
export function startServer(...options: string[]): Started {
  const runtime = scratch("runtime");
  chmodSync(runtime, 0o700);
  // Tests are about what a server does, on machines that may be too busy for it to answer within milliseconds.
  const env = { XDG_RUNTIME_DIR: runtime, SOLDER_SERVER: "wait" };
  const ask = (...words: string[]): Outcome =>
    run(process.execPath, [command, "server", ...words], { env, timeout: LIMIT });
  const { status, stderr } = ask("start", ...options);
  if (status !== 0) throw new Error(stderr);
  return {
    env,
    directory: join(runtime, "solder"),
    ask,
    status: () => JSON.parse(ask("status", "--json").stdout) as ServerStatusJson,
  };
}
