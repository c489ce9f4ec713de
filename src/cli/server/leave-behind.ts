// SOLDER_SERVER=auto: a plain link starts a server for those that follow.

import { existsSync } from "node:fs";
import { commandFile, controlPath, findPlace } from "./place.ts";

export function leaveServerBehind(env: Readonly<Record<string, string | undefined>>): void {
  if (env.SOLDER_SERVER !== "auto") return;
  const place = findPlace(env);
  // One that was there and was busy, or is about to be there, needs no other.
  if (typeof place === "string" || existsSync(controlPath(place))) return;
  const { spawn } = process.getBuiltinModule("node:child_process");
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = env;
  spawn(process.execPath, [commandFile, "server", "start"], {
    detached: true,
    stdio: "ignore",
    cwd: "/",
    env: rest,
  }).unref();
}
