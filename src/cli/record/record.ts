// A link or a load that can be looked at later, elsewhere: how it was asked for, every file that it read, and what it came to. What
// `--explain=FILE` writes; `solder view`, `solder why --link` and the page open it and do the same again, with every decision.
// docs/records.md describes the format.

import { type TarFile, tarArchive } from "../tar.ts";
import { tarFiles } from "./tar-files.ts";

/** Changes when a reader would have to. */
export const RECORD_VERSION = 1;

export interface LinkRecord {
  readonly kind: "link";
  /** Absolute: what relative paths start from. */
  readonly directory: string;
  /** Arguments of `ld`, response files expanded. */
  readonly arguments: readonly string[];
  /** Variables that the linker reads. */
  readonly environment: Readonly<Record<string, string>>;
  /** Directories of the dynamic linker's configuration. */
  readonly systemLibraryPaths: readonly string[];
  /** What it came to, for readers that do not link. */
  readonly outcome: unknown;
}

export interface LoadRecord {
  readonly kind: "load";
  /** Absolute. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `glibc@2.36` */
  readonly profile: string;
  readonly bindNow: boolean;
  readonly outcome: unknown;
}

export type SolderRecord = LinkRecord | LoadRecord;

export interface OpenedRecord {
  readonly record: SolderRecord;
  /** By absolute path. */
  readonly files: readonly TarFile[];
}

/** The first file in it. */
const DESCRIPTION = "solder.json";
/** Where files stand in it. */
const FILES = "files";

/** @param files by absolute path */
export function writeRecord(record: SolderRecord, files: readonly TarFile[]): Uint8Array {
  const description = `${JSON.stringify({ version: RECORD_VERSION, ...record }, null, 1)}\n`;
  return tarArchive([
    { path: DESCRIPTION, bytes: new TextEncoder().encode(description) },
    ...files.map(({ path, bytes }) => ({ path: `${FILES}${path.startsWith("/") ? "" : "/"}${path}`, bytes })),
  ]);
}

/** Does a file begin as a record does? Its first block is enough. */
export function isRecord(start: Uint8Array): boolean {
  return (
    start.length >= 512 &&
    new TextDecoder().decode(start.subarray(0, DESCRIPTION.length)) === DESCRIPTION &&
    start[DESCRIPTION.length] === 0
  );
}

/** The record, or why it cannot be read. */
export function readRecord(bytes: Uint8Array): OpenedRecord | string {
  const { files: all, whole } = tarFiles(bytes);
  const [first, ...rest] = all;
  if (first?.path !== DESCRIPTION) return "it is no record of Solder's";
  let description: Partial<Record<string, unknown>>;
  try {
    description = JSON.parse(new TextDecoder().decode(first.bytes)) as Partial<Record<string, unknown>>;
  } catch {
    return `its ${DESCRIPTION} is damaged`;
  }
  if (description.version !== RECORD_VERSION)
    return `it is a record of version ${String(description.version)}; this is Solder for version ${RECORD_VERSION}`;
  const record = recordOf(description);
  if (record === undefined) return `its ${DESCRIPTION} lacks what a record has`;
  // A link without some of its inputs would be another link, with errors of its own.
  if (!whole) return `it is cut off or damaged: no more than ${counted(rest.length)} of it can be read`;
  const files = rest.flatMap(({ path, bytes: contents }) =>
    path.startsWith(`${FILES}/`) ? [{ path: path.slice(FILES.length), bytes: contents }] : [],
  );
  return { record, files };
}

const counted = (files: number): string => (files === 1 ? "1 file" : `${files} files`);

function recordOf(it: Partial<Record<string, unknown>>): SolderRecord | undefined {
  const environment = isTexts(it.environment) ? it.environment : {};
  const { outcome } = it;
  if (it.kind === "link" && typeof it.directory === "string" && isList(it.arguments)) {
    const systemLibraryPaths = isList(it.systemLibraryPaths) ? it.systemLibraryPaths : [];
    return { kind: "link", directory: it.directory, arguments: it.arguments, environment, systemLibraryPaths, outcome };
  }
  if (it.kind === "load" && typeof it.program === "string") {
    const profile = typeof it.profile === "string" ? it.profile : "";
    return { kind: "load", program: it.program, environment, profile, bindNow: it.bindNow === true, outcome };
  }
  return undefined;
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((item) => typeof item === "string");
}
