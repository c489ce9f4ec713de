// Starts the link server and makes the `ld` that asks it, for SOLDER_TEST_LD.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { repository } from "../build.ts";
import { tool } from "../run.ts";
import { which } from "../tools.ts";

export interface LinkServer {
  /** The `ld` that links by the server. */
  readonly linker: string;
  stop(): void;
}

/** Undefined where the client cannot be compiled: the tests then start libexec/ld each time. */
export async function startLinkServer(): Promise<LinkServer | undefined> {
  if (which("gcc") === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "solder-ld-"));
  const [linker, socket] = [join(directory, "ld"), join(directory, "socket")];
  const source = join(repository, "test/support/link-server/client.c");
  const names = [`-DSERVER="${socket}"`, `-DLINKER="${join(repository, "libexec/ld")}"`];
  tool("gcc", ["-O1", ...names, "-o", linker, source]);
  const script = join(dirname(fileURLToPath(import.meta.url)), "server.js");
  const server = spawn(process.execPath, [script, socket], { stdio: ["pipe", "pipe", "inherit"] });
  await Promise.race([once(server.stdout, "data"), once(server, "exit")]);
  return {
    linker,
    stop: () => {
      server.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
