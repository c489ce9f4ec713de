// Archives as `ar` makes them: a magic string, then members behind 60-byte text headers at even offsets. GNU keeps long
// names in a member `//` and the symbol index in `/` or `/SYM64/`; BSD puts a long name before the contents (`#1/LENGTH`)
// and the index in `__.SYMDEF`. A thin archive holds headers and index only; its members are files beside it.
// Sources: binutils bfd/archive.c, include/aout/ar.h; FreeBSD ar(5).

import { unsigned64 } from "./halves.ts";
import type { Report } from "./problem.ts";
import { error, warning } from "./problem.ts";
import { endOfName, nameAt, startsWith, textBetween } from "./text.ts";

export interface ArchiveMember {
  /** As the archive has it. In a thin archive: the outside file's path, relative to the archive's directory unless absolute. */
  readonly name: string;
  /** Offset of the member's header in the archive. Identifies the member: names may repeat. */
  readonly headerOffset: number;
  /** Offset of the contents in the archive; in an external member, in the outside file. Even, and no more aligned than that. */
  readonly offset: number;
  /** Bytes of the contents. For an external member what the header says; the outside file may have changed since. */
  readonly size: number;
  /** The contents are not in the archive but in the file `name` (thin archive). */
  readonly external: boolean;
  /**
   * A thin archive to which another archive was added refers to that archive's members: `name` is then the other archive
   * and this is the offset of the member's header in it. -1 otherwise.
   */
  readonly nestedHeader: number;
}

export type ArchiveIndexKind =
  /** No symbol index: the linker has to look into every member. */
  | "none"
  /** GNU and System V: `/`, 32-bit offsets. */
  | "gnu"
  /** `/SYM64/`, 64-bit offsets. */
  | "gnu64"
  /** `__.SYMDEF` or `__.SYMDEF SORTED`. */
  | "bsd"
  /** `__.SYMDEF_64`. */
  | "bsd64";

/** An archive's table of contents. Symbol names are offsets into the archive's bytes; each ends with a NUL there. */
export interface Archive {
  readonly thin: boolean;
  /** In the order of the file, index and name table left out. */
  readonly members: readonly ArchiveMember[];
  readonly indexKind: ArchiveIndexKind;
  /** Entries of the symbol index. */
  readonly symbolCount: number;
  /** Offset in the archive of each symbol's NUL-terminated name. */
  readonly symbolName: Uint32Array;
  /** Index into `members` of the member that defines the symbol; always valid. */
  readonly symbolMember: Int32Array;
}

/** A member's header beyond what linking needs. */
export interface ArchiveMemberStatus {
  /** Seconds since 1970; 0 in deterministic archives. */
  readonly date: number;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
}

const MAGIC = "!<arch>\n";
const THIN_MAGIC = "!<thin>\n";
export const ARCHIVE_HEADER_BYTES = 60;
const SIZE_FIELD = 48;
const END_FIELD = 58;
/** Linux's PATH_MAX. Without a limit, a damaged table makes every member's name as long as the table. */
const LONGEST_NAME = 4096;

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Index extends Range {
  readonly kind: ArchiveIndexKind;
}

interface Columns {
  readonly symbolCount: number;
  readonly symbolName: Uint32Array;
  readonly symbolMember: Int32Array;
}

/** True if the bytes start as an archive does, thin or not. */
export function isArchive(bytes: Uint8Array): boolean {
  return startsWith(bytes, 0, MAGIC) || startsWith(bytes, 0, THIN_MAGIC);
}

/**
 * Reads an archive's members and symbol index. No member's contents are looked at.
 * @param bytes the whole archive  @param name its name, for problems
 * @param report gets `archive-header-damaged`, `archive-member-truncated`, `archive-name-damaged`, `archive-index-damaged`
 * @returns what could be read (the members before the damage), or undefined if the bytes are no archive
 */
export function readArchive(bytes: Uint8Array, name: string, report: Report): Archive | undefined {
  if (!isArchive(bytes)) return undefined;
  const thin = startsWith(bytes, 0, THIN_MAGIC);
  const members: ArchiveMember[] = [];
  let index: Index = { kind: "none", start: 0, end: 0 };
  let names: Range = { start: 0, end: 0 };

  let at = MAGIC.length;
  while (at < bytes.length) {
    // `ar` pads the last member too, and some tools pad more.
    if (bytes.length - at < ARCHIVE_HEADER_BYTES && isPadding(bytes, at)) break;
    const size = contentsSize(bytes, at);
    if (size < 0) {
      report(error("archive-header-damaged", { file: name, offset: at }));
      break;
    }
    const start = at + ARCHIVE_HEADER_BYTES;
    const special = specialMember(bytes, at);
    const external = thin && special === "";
    const end = external ? start : start + size;
    if (end > bytes.length) {
      report(error("archive-member-truncated", { file: name, offset: at }, { size, available: bytes.length - start }));
      break;
    }

    if (special === "names") {
      names = { start, end };
    } else if (special === "gnu" || special === "gnu64") {
      // Windows import libraries have a second `/` member in another format; the first one counts.
      if (index.kind === "none") index = { kind: special, start, end };
    } else if (special === "") {
      const member = readMember(bytes, at, size, external, names);
      const bsdIndex = member === undefined ? "none" : bsdIndexKind(member.name);
      if (member === undefined) report(error("archive-name-damaged", { file: name, offset: at }));
      else if (bsdIndex === "none" || external) members.push(member);
      else if (index.kind === "none") index = { kind: bsdIndex, start: member.offset, end };
    }
    at = end + (end & 1);
  }

  const columns = readIndex(bytes, index, members);
  if (columns === undefined || columns.lost > 0) {
    report(warning("archive-index-damaged", { file: name, offset: index.start }));
  }
  return {
    thin,
    members,
    indexKind: columns === undefined ? "none" : index.kind,
    symbolCount: columns?.symbolCount ?? 0,
    symbolName: columns?.symbolName ?? new Uint32Array(0),
    symbolMember: columns?.symbolMember ?? new Int32Array(0),
  };
}

/** Date, owner and mode from a member's header. A field that is blank or no number reads as 0. */
export function archiveMemberStatus(bytes: Uint8Array, member: ArchiveMember): ArchiveMemberStatus {
  const at = member.headerOffset;
  const mode = Number.parseInt(textBetween(bytes, at + 40, at + 48), 8);
  return {
    date: Math.max(0, decimal(bytes, at + 16, at + 28)),
    uid: Math.max(0, decimal(bytes, at + 28, at + 34)),
    gid: Math.max(0, decimal(bytes, at + 34, at + 40)),
    mode: Number.isNaN(mode) ? 0 : mode,
  };
}

/** What is behind a member's header, as far as the header's fixed fields tell. */
export interface ArchiveStep {
  /** "" for a file; "bsd" for a name or an index as BSD's ar writes them. */
  readonly kind: "" | "names" | "gnu" | "gnu64" | "bsd";
  /** Offsets in the archive: the contents, and the next header. */
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/**
 * The header at an offset, 0 for the first one; of the archive no more than the magic string and this header is looked at.
 * @returns undefined if there is none that can be read, and for thin archives
 */
export function archiveStep(bytes: Uint8Array, offset: number): ArchiveStep | undefined {
  if (!startsWith(bytes, 0, MAGIC)) return undefined;
  const at = Math.max(offset, MAGIC.length);
  const size = contentsSize(bytes, at);
  const start = at + ARCHIVE_HEADER_BYTES;
  if (size < 0 || start + size > bytes.length) return undefined;
  const isBsd = startsWith(bytes, at, "#1/") || startsWith(bytes, at, "__.SYMDEF");
  return { kind: isBsd ? "bsd" : specialMember(bytes, at), start, end: start + size, next: start + size + (size & 1) };
}

/** How many members a GNU index with 32-bit offsets names; no more than the index has been read. */
export function archiveIndexMembers(bytes: Uint8Array, { start, end }: Pick<ArchiveStep, "start" | "end">): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets = start + 4 <= end ? Math.min(view.getUint32(start, false), (end - start - 4) / 4) : 0;
  let count = 0;
  let last = -1;
  for (let i = 1; i <= offsets; i++) {
    const member = view.getUint32(start + i * 4, false);
    if (member !== last) count++;
    last = member;
  }
  return count;
}

/** What the header at an offset says of its contents; -1 if it is damaged or cut. */
function contentsSize(bytes: Uint8Array, at: number): number {
  return startsWith(bytes, at + END_FIELD, "`\n") ? decimal(bytes, at + SIZE_FIELD, at + END_FIELD) : -1;
}

/** Which of the members that are not files a header starts: by the name field alone, as every `ar` writes them. */
function specialMember(bytes: Uint8Array, at: number): "" | "names" | "gnu" | "gnu64" {
  if (startsWith(bytes, at, "// ") || startsWith(bytes, at, "ARFILENAMES/")) return "names";
  if (startsWith(bytes, at, "/ ")) return "gnu";
  if (startsWith(bytes, at, "/SYM64/ ")) return "gnu64";
  return "";
}

function bsdIndexKind(name: string): "none" | "bsd" | "bsd64" {
  if (name === "__.SYMDEF" || name === "__.SYMDEF SORTED") return "bsd";
  if (name === "__.SYMDEF_64" || name === "__.SYMDEF_64 SORTED") return "bsd64";
  return "none";
}

function readMember(
  bytes: Uint8Array,
  at: number,
  size: number,
  external: boolean,
  names: Range,
): ArchiveMember | undefined {
  const start = at + ARCHIVE_HEADER_BYTES;
  const member = (name: string, skip: number, nestedHeader: number): ArchiveMember => ({
    name,
    headerOffset: at,
    offset: external ? 0 : start + skip,
    size: size - skip,
    external,
    nestedHeader,
  });

  if (startsWith(bytes, at, "#1/")) {
    const length = decimal(bytes, at + 3, at + 16);
    // The padding after the name is NULs and counts as part of it.
    return length < 0 || length > size || external
      ? undefined
      : member(nameAt(bytes, start, start + length), length, -1);
  }
  if (bytes[at] === 0x2f && isDigit(bytes[at + 1])) {
    // `/OFFSET` into the name table, or `/OFFSET:HEADER` for a member of an archive that a thin archive refers to. What GNU ar
    // leaves behind the number is no part of it: in thin archives the slash of a name of 15 letters stays in its place.
    const reference = /^\/(\d+)(?::(\d+))?(?: .*)?$/.exec(textBetween(bytes, at, at + 16));
    const name = reference === null ? undefined : longName(bytes, names, Number(reference[1]));
    if (reference === null || name === undefined) return undefined;
    return member(name, 0, external && reference[2] !== undefined ? Number(reference[2]) : -1);
  }
  // GNU ends a short name with a slash (so that it may end with blanks), BSD pads it with blanks.
  const field = textBetween(bytes, at, at + 16);
  const slash = field.lastIndexOf("/");
  return member(slash > 0 ? field.slice(0, slash) : field.trimEnd(), 0, -1);
}

/** An entry of the name table ends with a newline, before which GNU and System V put a slash; Windows ends it with a NUL. */
function longName(bytes: Uint8Array, names: Range, offset: number): string | undefined {
  const start = names.start + offset;
  if (start >= names.end) return undefined;
  let end = start;
  while (end < names.end && end - start <= LONGEST_NAME && bytes[end] !== 0x0a && bytes[end] !== 0) end++;
  if (end - start > LONGEST_NAME) return undefined;
  if (end > start + 1 && bytes[end - 1] === 0x2f) end--;
  return textBetween(bytes, start, end);
}

/** The index as columns. Entries whose member does not exist are left out and counted in `lost`. */
function readIndex(
  bytes: Uint8Array,
  index: Index,
  members: readonly ArchiveMember[],
): (Columns & { readonly lost: number }) | undefined {
  const wide = index.kind === "gnu64" || index.kind === "bsd64";
  switch (index.kind) {
    case "none":
      return { symbolCount: 0, symbolName: new Uint32Array(0), symbolMember: new Int32Array(0), lost: 0 };
    case "gnu":
    case "gnu64":
      return readGnuIndex(bytes, index, wide, members);
    default:
      // The byte order is the machine's that wrote it, and nothing says which: only one of them makes the sizes fit.
      return readBsdIndex(bytes, index, wide, true, members) ?? readBsdIndex(bytes, index, wide, false, members);
  }
}

/** A count, as many header offsets (big-endian on every machine), then the names one after the other. */
function readGnuIndex(
  bytes: Uint8Array,
  index: Range,
  wide: boolean,
  members: readonly ArchiveMember[],
): (Columns & { readonly lost: number }) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = wide ? 8 : 4;
  if (index.end - index.start < word) return undefined;
  const count = readWord(view, index.start, wide, false);
  const room = index.end - index.start - word;
  if (count > room / (word + 1)) return undefined;

  const memberAt = memberFinder(members);
  const symbolName = new Uint32Array(count);
  const symbolMember = new Int32Array(count);
  let kept = 0;
  let name = index.start + word + count * word;
  for (let i = 0; i < count; i++) {
    const end = endOfName(bytes, name, index.end);
    if (end === index.end) return undefined;
    const member = memberAt(readWord(view, index.start + word + i * word, wide, false));
    if (member >= 0) {
      symbolName[kept] = name;
      symbolMember[kept] = member;
      kept++;
    }
    name = end + 1;
  }
  return {
    symbolCount: kept,
    symbolName: symbolName.subarray(0, kept),
    symbolMember: symbolMember.subarray(0, kept),
    lost: count - kept,
  };
}

/** The size of the entries, the entries {offset in the names, header offset}, the size of the names, the names. */
function readBsdIndex(
  bytes: Uint8Array,
  index: Range,
  wide: boolean,
  little: boolean,
  members: readonly ArchiveMember[],
): (Columns & { readonly lost: number }) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = wide ? 8 : 4;
  const room = index.end - index.start;
  if (room < 2 * word) return undefined;
  const entryBytes = readWord(view, index.start, wide, little);
  if (entryBytes > room - 2 * word || entryBytes % (2 * word) !== 0) return undefined;
  const names = index.start + word + entryBytes + word;
  const nameBytes = readWord(view, names - word, wide, little);
  if (nameBytes > index.end - names) return undefined;
  // A name is complete if a NUL follows it; names may overlap, so asking each one would take quadratic time.
  const lastNul = bytes.lastIndexOf(0, names + nameBytes - 1);

  const memberAt = memberFinder(members);
  const count = entryBytes / (2 * word);
  const symbolName = new Uint32Array(count);
  const symbolMember = new Int32Array(count);
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const entry = index.start + word + i * 2 * word;
    const name = names + readWord(view, entry, wide, little);
    const member = memberAt(readWord(view, entry + word, wide, little));
    if (member < 0 || name > lastNul) continue;
    symbolName[kept] = name;
    symbolMember[kept] = member;
    kept++;
  }
  return {
    symbolCount: kept,
    symbolName: symbolName.subarray(0, kept),
    symbolMember: symbolMember.subarray(0, kept),
    lost: count - kept,
  };
}

/** Finds a member by its header's offset. An index lists the symbols of one member together, so the last answer comes first. */
function memberFinder(members: readonly ArchiveMember[]): (headerOffset: number) => number {
  const byHeader = new Map<number, number>();
  for (let i = 0; i < members.length; i++) byHeader.set(members[i].headerOffset, i);
  let lastOffset = -1;
  let lastMember = -1;
  return (headerOffset) => {
    if (headerOffset !== lastOffset) {
      lastOffset = headerOffset;
      lastMember = byHeader.get(headerOffset) ?? -1;
    }
    return lastMember;
  };
}

function readWord(view: DataView, at: number, wide: boolean, little: boolean): number {
  if (!wide) return view.getUint32(at, little);
  const high = view.getUint32(little ? at + 4 : at, little);
  const low = view.getUint32(little ? at : at + 4, little);
  return unsigned64(low, high);
}

/** A number in a field that is padded with blanks; -1 if the field holds anything else. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let at = start;
  for (; at < end && isDigit(bytes[at]); at++) value = value * 10 + bytes[at] - 0x30;
  if (at === start) return -1;
  for (; at < end; at++) if (bytes[at] !== 0x20) return -1;
  return value;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isPadding(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0x0a && bytes[at] !== 0) return false;
  return true;
}
