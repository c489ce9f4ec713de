// Stops a program of another machine under qemu-user when all is relocated and nothing has run, and takes its mappings and
// memory, as freeze.c does for programs that this processor runs. A worker (freezeGuest in guest.ts starts it once): a process of its
// own for each program would cost more than the program.
//
// qemu has no ptrace, but listens as gdb's server does; guest memory is read from the host's /proc/PID/mem. Measured with qemu 7.2:
// guest addresses are host addresses less one constant.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, realpathSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type MessagePort, workerData } from "node:worker_threads";

export interface FreezeRequest {
  /** Where qemu is to listen. */
  readonly socket: string;
  readonly qemu: string;
  readonly root: string;
  /** Where `_dl_debug_state` begins, in bytes from the loader's base, hexadecimal. */
  readonly offset: string;
  /** How often it is to be reached. */
  readonly hits: number;
  /** NAME=VALUE. */
  readonly variables: readonly string[];
  readonly program: string;
  readonly words: readonly string[];
  /** Let it go on afterwards, and tell how it ended. */
  readonly toTheEnd: boolean;
}

export interface Frozen {
  /** Lines of /proc/PID/maps, in guest addresses. */
  readonly maps: string;
  /** The bytes of those mappings that can be read, one after the other. */
  readonly memory: Uint8Array;
}

/** What a program did. */
export interface Course {
  /** Its state in the moment that was asked for; undefined if it ended before. */
  readonly frozen?: Frozen | undefined;
  /** If that was asked for: exit code, or 128 + the signal's number, and what it wrote to its standard error. */
  readonly end?: { readonly status: number; readonly stderr: string } | undefined;
}

export type FreezeAnswer = Course | { readonly error: string };

export interface FreezerData {
  readonly port: MessagePort;
  /** Set to 1 when an answer is there. */
  readonly signal: Int32Array;
}

const AT_BASE = 7;
/** Milliseconds that a guest may take. */
const PATIENCE = 120_000;
const SIGNALS: Readonly<Record<string, number>> = {
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGSEGV: 11,
};

/** One conversation with gdb's remote protocol (gdb manual, appendix E): a packet out, a packet back. */
interface Debugger {
  readonly ask: (packet: string) => Promise<string>;
}

async function connectTo(path: string, isAlive: () => boolean): Promise<Debugger> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const again = async (): Promise<void> => {
      const next = connect(path);
      next.once("connect", () => {
        next.removeAllListeners("error");
        resolve(next);
      });
      next.once("error", async (error) => {
        if (!isAlive()) reject(error);
        else {
          await wait(5);
          again();
        }
      });
    };
    again();
  });
  let received = "";
  let answer: ((packet: string) => void) | undefined;
  socket.setEncoding("latin1");
  const look = (): void => {
    const packet = /\$([^#]*)#[0-9a-f]{2}/.exec(received);
    if (packet === null || answer === undefined) return;
    received = received.slice(packet.index + packet[0].length);
    socket.write("+");
    const deliver = answer;
    answer = undefined;
    deliver(unescaped(packet[1] ?? ""));
  };
  socket.on("data", (text) => {
    received += text;
    look();
  });
  // A program that ends closes the connection.
  socket.on("close", () => answer?.("W00"));
  socket.on("error", () => {});
  return {
    ask: (packet) =>
      new Promise((resolve) => {
        answer = resolve;
        let sum = 0;
        for (const character of packet) sum = (sum + character.charCodeAt(0)) & 0xff;
        socket.write(`$${packet}#${sum.toString(16).padStart(2, "0")}`, "latin1");
        look();
      }),
  };
}

/** `}` makes the next character another by 0x20, and `*` repeats the one before. */
function unescaped(text: string): string {
  return text
    .replace(/([^*])\*(.)/g, (_, character: string, count: string) => character.repeat(count.charCodeAt(0) - 28))
    .replace(/\}(.)/gs, (_, character: string) => String.fromCharCode(character.charCodeAt(0) ^ 0x20));
}

/** The address at which the kernel put the loader, from the auxiliary vector. */
function loaderBase(vector: Buffer, word: number, littleEndian: boolean): number {
  const view = new DataView(vector.buffer, vector.byteOffset, vector.length);
  const at = (offset: number): number =>
    word === 8 ? Number(view.getBigUint64(offset, littleEndian)) : view.getUint32(offset, littleEndian);
  for (let offset = 0; offset + 2 * word <= vector.length; offset += 2 * word) {
    if (at(offset) === AT_BASE) return at(offset + word);
  }
  throw new Error("no AT_BASE");
}

async function freeze(request: FreezeRequest): Promise<Course> {
  const { socket, qemu, root, offset, hits, variables, program, words, toTheEnd } = request;
  const header = readFileSync(program);
  const littleEndian = header[5] === 1;
  const word = header[4] === 2 ? 8 : 4;
  const name = program.startsWith(root) ? program.slice(root.length) : program;
  const settings = variables.flatMap((variable) => ["-E", variable]);
  const guest = spawn(qemu, ["-g", socket, "-L", root, "-0", name, ...settings, program, ...words], {
    stdio: ["ignore", "ignore", toTheEnd ? "pipe" : "ignore"],
    env: { PATH: process.env.PATH },
  });
  const ended = endOf(guest);
  let isLate = false;
  // A guest that hangs is no guest that ended.
  const alarm = setTimeout(() => {
    isLate = true;
    guest.kill("SIGKILL");
  }, PATIENCE);
  const inTime = (): void => {
    if (isLate) throw new Error(`${program} does not get there`);
  };
  try {
    const { ask } = await connectTo(socket, () => guest.exitCode === null && guest.signalCode === null);
    await ask("?");
    const vector = Buffer.from((await ask("qXfer:auxv:read::0,1000")).slice(1), "latin1");
    const base = loaderBase(vector, word, littleEndian);
    // Thumb code has odd addresses, and instructions of two bytes.
    const at = base + Number.parseInt(offset, 16);
    const place = at % 2 === 1 ? `${(at - 1).toString(16)},2` : `${at.toString(16)},4`;
    // qemu does not step over a breakpoint of its own.
    const stepOff = async (): Promise<void> => {
      await ask(`z0,${place}`);
      await ask("s");
    };
    const toItsEnd = async (stopped: string): Promise<Course["end"]> => {
      if (!toTheEnd) return undefined;
      let stop = stopped;
      while (/^[TS]/.test(stop)) stop = await ask(`C${stop.slice(1, 3)}`);
      const end = await ended;
      inTime();
      return end;
    };
    for (let hit = 0; hit < hits; hit++) {
      if (hit > 0) await stepOff();
      await ask(`Z0,${place}`);
      const stop = await ask("c");
      inTime();
      // Another signal than SIGTRAP is the guest's end: nothing of it handles any so early.
      if (!/^[TS]05/.test(stop)) return { end: await toItsEnd(stop) };
    }
    const frozen = memoryOf(guest.pid ?? 0, base, [realpathSync(root), dirname(realpathSync(program))]);
    if (!toTheEnd) return { frozen };
    await stepOff();
    return { frozen, end: await toItsEnd(await ask("c")) };
  } finally {
    clearTimeout(alarm);
    guest.kill("SIGKILL");
    rmSync(socket, { force: true });
  }
}

function endOf(guest: ChildProcess): Promise<{ status: number; stderr: string }> {
  let stderr = "";
  guest.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    guest.once("close", (code, signal) => resolve({ status: code ?? 128 + (SIGNALS[signal ?? ""] ?? 0), stderr }));
  });
}

/**
 * Mappings in guest addresses as the lines of /proc/PID/maps, and the bytes of those that can be read. All between the first and
 * the last file below one of the directories (the root, and the program's own, which may be outside), and what follows the last without a gap; the rest is qemu's own.
 */
function memoryOf(pid: number, base: number, directories: readonly string[]): Frozen {
  const lines = readFileSync(`/proc/${pid}/maps`, "utf8").trimEnd().split("\n").map(parseLine);
  const isGuests = ({ rest }: Line): boolean => directories.some((directory) => rest.includes(` ${directory}/`));
  const first = lines.findIndex(isGuests);
  let last = lines.findLastIndex(isGuests);
  while (lines[last + 1]?.start === lines[last]?.end) last++;
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const readable = lines.slice(first, last + 1).filter(({ rest }) => !rest.startsWith("---"));
  const bytes = new Uint8Array(readable.reduce((sum, { start, end }) => sum + end - start, 0));
  const kept: string[] = [];
  let at = 0;
  const hostBase = hostBaseOf(lines, base);
  for (const { start, end, rest } of readable) {
    readAll(memory, bytes.subarray(at, at + end - start), start);
    at += end - start;
    kept.push(`${(start - hostBase).toString(16)}-${(end - hostBase).toString(16)} ${rest}`);
  }
  closeSync(memory);
  return { maps: `${kept.join("\n")}\n`, memory: bytes };
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly rest: string;
}

function parseLine(line: string): Line {
  const [, start = "", end = "", rest = ""] = /^(\w+)-(\w+) (.*)$/.exec(line) ?? [];
  return { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), rest };
}

/** What qemu adds to guest addresses: nothing for 64-bit guests. A 32-bit guest's loader is mapped at its base and this more. */
function hostBaseOf(lines: readonly Line[], base: number): number {
  const loaders = lines.filter(({ rest }) => /\/ld[-.\w]*\.so|\/ld-[.\d]+\.so|\/libc\.so$/.test(rest));
  if (loaders.some(({ start }) => start === base)) return 0;
  const found = loaders.find(({ start }) => start > base);
  if (found === undefined) throw new Error("the loader is not where AT_BASE says");
  return found.start - base;
}

/** Pages behind the end of a file, which musl maps between segments, cannot be read; zeros stand for them. */
function readAll(file: number, bytes: Uint8Array, from: number): void {
  let done = 0;
  while (done < bytes.length) {
    const count = readSome(file, bytes, done, from + done) ?? 4096;
    if (count === 0) throw new Error(`nothing at ${(from + done).toString(16)}`);
    done += count;
  }
}

function readSome(file: number, bytes: Uint8Array, at: number, from: number): number | undefined {
  try {
    return readSync(file, bytes, at, bytes.length - at, from);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EIO") return undefined;
    throw error;
  }
}

const { port, signal }: FreezerData = workerData;

port.on("message", async (request: FreezeRequest) => {
  let answer: FreezeAnswer;
  try {
    answer = await freeze(request);
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const memory = "frozen" in answer ? answer.frozen?.memory.buffer : undefined;
  port.postMessage(answer, memory instanceof ArrayBuffer ? [memory] : []);
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});
