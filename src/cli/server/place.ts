// Where a server is found: sockets in a directory of the user that nobody else can enter, with the build in their names, so
// that a client never meets a server of another Solder. Each is a symbolic link to a name that tells more, because a client
// does not know which Node there is.

import { lstatSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../version.ts";

/** As many as a client asks (SLOTS in src/client/client.s). */
export const MOST_SLOTS = 4;
/** sun_path in unix(7), without its NUL. */
const LONGEST_SOCKET = 107;
/** proc(5), /proc/sys/kernel/pid_max. */
const MOST_PROCESSES = 2 ** 22;

export interface Place {
  readonly directory: string;
  /** 16 hexadecimal digits of a hash over the commands. */
  readonly build: string;
}

/** The directory of the bundles, which is this file's once it is part of one: the build then puts a path here. */
const here = import.meta.url;
export const commandsDirectory: string = dirname(here.startsWith("file:") ? fileURLToPath(here) : here);
export const commandFile: string = join(commandsDirectory, "../../bin/solder.js");
/** Changes with the build; its content is the build's name. */
export const buildFile: string = join(commandsDirectory, "build-id");

/** @returns why there can be no server, as a sentence, if that is so */
export function findPlace(env: Readonly<Record<string, string | undefined>>): Place | string {
  const uid = process.geteuid?.();
  if (process.platform !== "linux" || uid === undefined) return "a server runs on Linux only";
  const runtime = env.XDG_RUNTIME_DIR ?? "";
  const directory = runtime === "" ? `/tmp/solder-${uid}` : `${runtime}/solder`;
  try {
    const place = { directory, build: readFileSync(buildFile, "latin1").trim() };
    const longest = join(directory, fullName(place, "control", MOST_PROCESSES));
    return longest.length > LONGEST_SOCKET ? "XDG_RUNTIME_DIR is too long for the names of sockets" : place;
  } catch {
    return "the build lacks dist/commands/build-id; build it again: npm run build";
  }
}

/** Makes the directory; a sentence if it is not ours alone. */
export function secureDirectory({ directory }: Place): string | undefined {
  try {
    mkdirSync(directory, { mode: 0o700, recursive: false });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST")
      return `cannot make the directory ${directory}: ${cause instanceof Error ? cause.message : cause}`;
  }
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  const isOurs = stat?.isDirectory() === true && stat.uid === process.geteuid?.() && (stat.mode & 0o77) === 0;
  return isOurs ? undefined : `${directory} is not a directory of yours that is closed to everybody else (mode 0700)`;
}

/** What clients call. */
export function slotPath({ directory, build }: Place, slot: number): string {
  return join(directory, `${build}-${slot}`);
}

/**
 * What a client's name for a slot leads to, in the same directory: the socket of one process, which nobody else ever makes or
 * removes. (Node removes a socket when the process ends in peace; under a name that processes share it would be the successor's.)
 */
export function fullName({ build }: Place, slot: number | "control", pid: number): string {
  return `${version}-node${process.versions.node}-${build}-${slot}.${pid}`;
}

/** The process of a socket's name; undefined if it is none of this build. */
export function socketOwner({ build }: Place, name: string): number | undefined {
  const pid = name.includes(`-${build}-`) ? Number(name.slice(name.lastIndexOf(".") + 1)) : Number.NaN;
  return Number.isInteger(pid) ? pid : undefined;
}

/** Held by the one command that is starting a server; its content is the command's process. */
export function lockPath({ directory, build }: Place): string {
  return join(directory, `${build}.starting`);
}

/** Where the server itself answers: what it does, and that it is to stop. */
export function controlPath({ directory, build }: Place): string {
  return join(directory, `${build}-control`);
}

/** Where process `pid` notes the temporary file that it is writing, for whoever has to tidy up after it. */
export function journalPath({ directory, build }: Place, pid: number): string {
  return join(directory, `${build}.${pid}.writing`);
}

/** The process of a journal's name; undefined if it is none of this build. */
export function journalOwner({ build }: Place, name: string): number | undefined {
  const [start, pid, end] = name.split(".");
  return start === build && end === "writing" ? Number(pid) : undefined;
}
