// Names that are not UTF-8. Node decodes them, and what it has decoded leads nowhere; as buffers they are kept. In strings such bytes are
// halves of surrogate pairs (src/execute/files/names.ts), so that everything between here and the simulated kernel has strings.

import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { bytesOfText, fromBytes, textOfBytes, toBytes } from "../execute/files/names.ts";

/** What Node puts in place of bytes that are no UTF-8. */
const REPLACED = "\ufffd";
const ESCAPED = /[\udc80-\udcff]/;

const textOf = (bytes: Uint8Array): string => textOfBytes(fromBytes(bytes));

/** A path as node:fs takes it. */
export function hostPath(path: string): string | Buffer {
  return ESCAPED.test(path) ? Buffer.from(toBytes(bytesOfText(path))) : path;
}

/** The names in a directory. */
export function rawNames(directory: string): readonly string[] {
  const path = hostPath(directory);
  const names = readdirSync(path);
  return names.some((name) => name.includes(REPLACED)) ? readdirSync(path, { encoding: "buffer" }).map(textOf) : names;
}

/** Where a symbolic link leads. */
export function rawLink(path: string): string {
  const target = readlinkSync(hostPath(path));
  return target.includes(REPLACED) ? textOf(readlinkSync(hostPath(path), { encoding: "buffer" })) : target;
}

/** The path without links. */
export function rawRealPath(path: string): string {
  const real = realpathSync.native(hostPath(path));
  return real.includes(REPLACED) ? textOf(realpathSync.native(hostPath(path), { encoding: "buffer" })) : real;
}

/** This process' last arguments as they were given, as many as `args`; where the system does not say, `args`. */
export function rawArguments(args: readonly string[]): readonly string[] {
  if (!args.some((arg) => arg.includes(REPLACED))) return args;
  const all = wordsOf("/proc/self/cmdline");
  return all.length < args.length ? args : all.slice(all.length - args.length);
}

/** The current directory. */
export function rawDirectory(): string {
  const directory = process.cwd();
  return directory.includes(REPLACED) ? rawLink("/proc/self/cwd") : directory;
}

/** The environment that this process was given, with the bytes of values that are not UTF-8. */
export function rawEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (!Object.entries(environment).some(([name, value]) => `${name}${value ?? ""}`.includes(REPLACED)))
    return environment;
  const words = wordsOf("/proc/self/environ").flatMap((word): [string, string][] => {
    const at = word.indexOf("=", 1);
    return at < 0 ? [] : [[word.slice(0, at), word.slice(at + 1)]];
  });
  return words.length === 0 ? environment : Object.fromEntries(words);
}

/** Texts with a zero behind each. */
function wordsOf(path: string): string[] {
  try {
    const words = fromBytes(readFileSync(path)).split("\0");
    return words.slice(0, -1).map(textOfBytes);
  } catch {
    return [];
  }
}
