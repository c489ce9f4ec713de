// Puts the client of src/client where compilers find the linker. The build does so in a checkout; a package comes with scripts
// in libexec, since it may be for another machine.

import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commandsDirectory } from "./place.ts";

const NAMES = ["ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold"];

/** @returns why links will not go through a server, if that is so */
export function installClient(): string | undefined {
  if (process.arch !== "x64") return "its client is for x86-64 only: links here go on without the server";
  const client = join(commandsDirectory, "../client/ld");
  const libexec = join(commandsDirectory, "../../libexec");
  try {
    const wanted = readFileSync(client);
    for (const name of NAMES) {
      const path = join(libexec, name);
      if (existsSync(path) && readFileSync(path).equals(wanted)) continue;
      const temporary = join(libexec, `.${name}.${process.pid}`);
      copyFileSync(client, temporary);
      chmodSync(temporary, 0o755);
      renameSync(temporary, path);
    }
    return undefined;
  } catch (cause) {
    for (const name of NAMES) rmSync(join(libexec, `.${name}.${process.pid}`), { force: true });
    return `cannot put the client into libexec (${cause instanceof Error ? cause.message : cause}): links go on without the server`;
  }
}
