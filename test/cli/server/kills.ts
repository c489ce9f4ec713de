// Kills clients and servers at random moments, and looks at what they leave: `node build/test/cli/server/kills.js [COUNT] [SEED]`.
// Right is: the output is the old one, the new one or none, never a part; a client that lives ends with 0 and the right output; no
// temporary file stays; and the next link goes through.

import { spawn } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { scratch } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { libexec, type ServerStatusJson, type Started, startServer } from "./started.ts";

type Victim = "client" | "slot" | "server" | "all";
const VICTIMS: readonly Victim[] = ["client", "slot", "slot", "client", "server", "all"];

const ld = join(libexec, "ld");
const ARGS = ["-r", "-b", "binary", "input", "-o", "out"];
/** Milliseconds within which a link of this size is under way, on a busy machine too. */
const LATEST = 80;
const SIZE = 12 << 20;

const count = Number(process.argv[2] ?? 1000);
const directory = scratch("kills");
const input = join(directory, "input");
const output = join(directory, "out");
const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The two contents that the output may have. */
const wanted = [1, 2].map((fill) => {
  writeFileSync(input, Buffer.alloc(SIZE, fill));
  run(ld, ARGS, { cwd: directory, env: { SOLDER_SERVER: "off" } });
  return digest(output);
});

const server: Started = startServer("--slots", "1");
const faults: string[] = [];
for (let round = 0; round < count; round++) {
  const fault = await killOne(round);
  if (fault !== undefined) faults.push(`round ${round}: ${fault}`);
  if (round % 10 === 9) console.log(`${round + 1} kills, ${faults.length} faults`);
}
server.ask("stop");
console.log(faults.length === 0 ? `${count} kills, nothing left behind` : faults.join("\n"));
process.exitCode = faults.length === 0 ? 0 : 1;

async function killOne(round: number): Promise<string | undefined> {
  const victim = VICTIMS[randomInt(VICTIMS.length)];
  const which = round % 2;
  writeFileSync(input, Buffer.alloc(SIZE, which + 1));
  if (randomInt(3) === 0) rmSync(output, { force: true });
  const status = await ask();
  if (status === undefined) return "there is no server";
  const client = spawn(ld, ARGS, { cwd: directory, env: { ...process.env, ...server.env }, stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => client.on("exit", resolve));
  await sleep(randomInt(LATEST));
  if (victim === "client" || victim === "all") client.kill("SIGKILL");
  if (victim === "slot" || victim === "all") for (const { pid } of status.slots) kill(pid);
  if (victim === "server" || victim === "all") kill(status.pid);
  const code = await ended;
  if (code !== null && code !== 0) return `the client of a killed ${victim} ended with ${code}`;
  const now = statSync(output, { throwIfNoEntry: false }) === undefined ? undefined : digest(output);
  if (code === 0 && now !== wanted[which]) return `${victim} killed, and the client's output is wrong`;
  if (code === null && now !== undefined && !wanted.includes(now)) return `${victim} killed, and the output is a part`;
  if (victim === "server" || victim === "all") {
    const started = server.ask("start", "--slots", "1");
    if (started.status !== 0) return `${victim} killed, and a start said: ${started.stderr}`;
  }
  return leftovers(victim);
}

/** A slot may still be finishing the link of a client that is gone, or be on its way back. */
async function leftovers(victim: Victim): Promise<string | undefined> {
  for (let patience = 0; ; patience++) {
    const names = readdirSync(directory).filter((name) => name.startsWith(".solder-"));
    if (names.length === 0 && run(ld, ["--version"], { env: server.env }).status === 0) return undefined;
    if (patience === 100) return `${victim} killed, and ${names.join(", ")} is left`;
    await sleep(100);
  }
}

/** As `solder server status --json`, without a process of its own. */
function ask(): Promise<ServerStatusJson | undefined> {
  const control = readdirSync(server.directory).find((name) => name.endsWith("-control"));
  if (control === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(join(server.directory, control), () => socket.write("status\n"));
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => resolve(undefined));
    socket.on("end", () => resolve(JSON.parse(text) as ServerStatusJson));
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
