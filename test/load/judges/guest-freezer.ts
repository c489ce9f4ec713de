// Stops a program of another machine under qemu-user when all is relocated and nothing has run, and writes its mappings and
// memory out, as freeze.c does for programs that this processor runs:
//
//   node guest-freezer.js OUT QEMU ROOT OFFSET HITS [NAME=VALUE...] -- PROGRAM [ARGUMENT...]
//
// OFFSET (hexadecimal, bytes from the loader's base) is where `_dl_debug_state` begins, HITS how often it is to be reached. qemu
// has no ptrace, but listens as gdb's server does; guest memory is read from the host's /proc/PID/mem. Exit status 3: the program
// ended before. Measured with qemu 7.2: guest addresses are host addresses less one constant.

import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, realpathSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const AT_BASE = 7;
const ENDED = 3;
/** Milliseconds that a guest may take. */
const PATIENCE = 120_000;

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

async function freeze(args: readonly string[]): Promise<number> {
  const [out = "", qemu = "", root = "", offset = "", hits = "", ...rest] = args;
  const split = rest.indexOf("--");
  const variables = rest.slice(0, split).flatMap((variable) => ["-E", variable]);
  const [program = "", ...words] = rest.slice(split + 1);
  const header = readFileSync(program);
  const littleEndian = header[5] === 1;
  const word = header[4] === 2 ? 8 : 4;
  const path = `${out}.socket`;
  const name = program.startsWith(root) ? program.slice(root.length) : program;
  const guest = spawn(qemu, ["-g", path, "-L", root, "-0", name, ...variables, program, ...words], {
    stdio: "ignore",
    env: { PATH: process.env.PATH },
  });
  // A guest that hangs is no guest that ended.
  const alarm = setTimeout(() => {
    console.error(`${program} does not get there`);
    guest.kill("SIGKILL");
    process.exit(1);
  }, PATIENCE);
  try {
    const { ask } = await connectTo(path, () => guest.exitCode === null && guest.signalCode === null);
    await ask("?");
    const vector = Buffer.from((await ask("qXfer:auxv:read::0,1000")).slice(1), "latin1");
    const base = loaderBase(vector, word, littleEndian);
    // Thumb code has odd addresses, and instructions of two bytes.
    const at = base + Number.parseInt(offset, 16);
    const place = at % 2 === 1 ? `${(at - 1).toString(16)},2` : `${at.toString(16)},4`;
    for (let hit = 0; hit < Number(hits); hit++) {
      if (hit > 0) {
        // qemu does not step over a breakpoint of its own.
        await ask(`z0,${place}`);
        await ask("s");
      }
      await ask(`Z0,${place}`);
      const stop = await ask("c");
      // Another signal than SIGTRAP is the guest's end: nothing of it handles any so early.
      if (!/^[TS]05/.test(stop)) return ENDED;
    }
    writeOut(out, guest.pid ?? 0, base, [realpathSync(root), dirname(realpathSync(program))]);
    return 0;
  } finally {
    clearTimeout(alarm);
    guest.kill("SIGKILL");
    rmSync(path, { force: true });
  }
}

/**
 * Mappings in guest addresses as the lines of /proc/PID/maps, and the bytes of those that can be read. All between the first and
 * the last file below one of the directories (the root, and the program's own, which may be outside), and what follows the last without a gap; the rest is qemu's own.
 */
function writeOut(out: string, pid: number, base: number, directories: readonly string[]): void {
  const lines = readFileSync(`/proc/${pid}/maps`, "utf8").trimEnd().split("\n").map(parseLine);
  const isGuests = ({ rest }: Line): boolean => directories.some((directory) => rest.includes(` ${directory}/`));
  const first = lines.findIndex(isGuests);
  let last = lines.findLastIndex(isGuests);
  while (lines[last + 1]?.start === lines[last]?.end) last++;
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const file = openSync(`${out}.mem`, "w");
  const kept: string[] = [];
  const hostBase = hostBaseOf(lines, base);
  for (const { start, end, rest } of lines.slice(first, last + 1)) {
    if (rest.startsWith("---")) continue;
    const bytes = Buffer.alloc(end - start);
    readAll(memory, bytes, start);
    writeSync(file, bytes);
    kept.push(`${(start - hostBase).toString(16)}-${(end - hostBase).toString(16)} ${rest}`);
  }
  closeSync(file);
  closeSync(memory);
  writeFileSync(`${out}.maps`, `${kept.join("\n")}\n`);
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

function readAll(file: number, bytes: Buffer, from: number): void {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(file, bytes, done, bytes.length - done, from + done);
    if (count === 0) throw new Error(`nothing at ${(from + done).toString(16)}`);
    done += count;
  }
}

process.exitCode = await freeze(process.argv.slice(2));
