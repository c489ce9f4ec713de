// Links for the tests without a Node process for each: starting one takes five times as long as a small link. This process
// takes requests of client.c at a socket, and a few processes below it link, each one request at a time: a link works in the
// client's directory, with its arguments, environment and umask, as the process of libexec/ld would. When a client goes before
// it has its answer (its test has lost patience), the process that links for it ends too.

import { type ChildProcess, fork } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runLd } from "../../../src/cli/ld/run.ts";
import { printableOutput } from "../../../src/explain/printable.ts";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { batchFiles } from "../../../src/host/node-files.ts";
import { systemLibraryPaths } from "../../../src/host/system-paths.ts";
import { link } from "../../../src/link/link.ts";

interface Request {
  readonly mask: number;
  readonly directory: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly said: readonly (readonly [file: 1 | 2, text: string])[];
  /** The process has grown by a large link, and is better replaced. */
  readonly large: boolean;
}

/** As many as `npm test` runs test files side by side. */
const WORKERS = 2;
const LARGE = 800 << 20;

const socketPath = process.argv[2];
if (socketPath === undefined) process.on("message", (request: Request) => process.send?.(answer(request)));
else serve(socketPath);

function answer({ mask, directory, program, args, env }: Request): Answer {
  const said: [1 | 2, string][] = [];
  const io = {
    out: (text: string) => said.push([1, printableOutput(text)]),
    err: (text: string) => said.push([2, printableOutput(text)]),
    color: { out: false, err: false },
    env,
  };
  const host = { files: batchFiles(), accelerators: nodeAccelerators, link, systemLibraryPaths };
  let status = 70;
  process.umask(mask);
  try {
    process.chdir(directory);
    status = runLd(args, io, host, program);
  } catch (cause) {
    io.err(`${cause instanceof Error ? cause.stack : cause}\n`);
  }
  return { status, said, large: process.memoryUsage.rss() > LARGE };
}

interface Job {
  readonly client: Socket;
  readonly request: Request;
}

function serve(path: string): void {
  const waiting: Job[] = [];
  const idle = Array.from({ length: WORKERS }, worker);

  const next = (): void => {
    const job = waiting[0];
    const free = job === undefined ? undefined : idle.pop();
    if (job === undefined || free === undefined) return;
    waiting.shift();
    if (job.client.destroyed) idle.push(free);
    else work(free, job);
    next();
  };

  const work = (child: ChildProcess, { client, request }: Job): void => {
    let done = false;
    const finish = (result: Answer | undefined, replacement: ChildProcess): void => {
      if (done) return;
      done = true;
      child.removeAllListeners();
      client.removeListener("close", abandon);
      if (result !== undefined) tell(client, result);
      else client.destroy();
      idle.push(replacement);
      next();
    };
    const abandon = (): void => {
      child.kill("SIGKILL");
      finish(undefined, worker());
    };
    child.once("message", (result: Answer) => {
      if (result.large) child.disconnect();
      finish(result, result.large ? worker() : child);
    });
    child.once("exit", () => finish(undefined, worker()));
    client.once("close", abandon);
    child.send(request);
  };

  const server = createServer((client) => {
    client.on("error", () => client.destroy());
    receive(client, (request) => {
      waiting.push({ client, request });
      next();
    });
  });
  // Whoever started this process holds the other end of its standard input for as long as it wants links, and may be killed.
  const leave = (): void => {
    rmSync(dirname(path), { recursive: true, force: true });
    process.exit(0);
  };
  process.stdin.on("end", leave).resume();
  server.listen(path, () => process.stdout.write("ready\n"));
}

/** A worker ends when this process does: nothing but the channel keeps it. */
function worker(): ChildProcess {
  return fork(fileURLToPath(import.meta.url), [], {
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** Length and text of a request: umask, directory, number of arguments, arguments, environment, with a NUL after each. */
function receive(client: Socket, take: (request: Request) => void): void {
  let bytes = Buffer.alloc(0);
  client.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) return;
    const [mask, directory = "", count, ...rest] = bytes.toString("utf8", 4, bytes.length - 1).split("\0");
    const [program = "", ...args] = rest.slice(0, Number(count));
    const env = Object.fromEntries(rest.slice(Number(count)).map((it) => it.split(/=(.*)/s, 2)));
    take({ mask: Number(mask), directory, program: basename(program), args, env });
  });
}

function tell(client: Socket, { status, said }: Answer): void {
  const frame = (kind: number, length: number): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(kind, 0);
    head.writeUInt32LE(length, 4);
    return head;
  };
  const parts = said.flatMap(([file, text]) => {
    const bytes = Buffer.from(text);
    return [frame(file, bytes.length), bytes];
  });
  client.end(Buffer.concat([...parts, frame(0, status)]));
}
