// The bytes of .eh_frame: records that unwinders read, CIEs (what functions have in common) and FDEs (one a function). The
// linker parses them so that it can drop the FDEs of functions that are not in the output, and so that it can write
// .eh_frame_hdr, the table by which unwinders find an FDE. Format: LSB Core, "Exception Frames"; DW_EH_PE_*: the same,
// "DWARF Exception Header Encoding".

import { signed64, unsigned64 } from "../../../elf/halves.ts";
import { type Place, type Report, warning } from "../../../elf/problem.ts";
import { growUint8, growUint32 } from "../../tables/columns.ts";

// How a pointer is stored: the format in the low four bits, what it is relative to in the next three.
export const DW_EH_PE_absptr = 0x00;
export const DW_EH_PE_udata2 = 0x02;
export const DW_EH_PE_udata4 = 0x03;
export const DW_EH_PE_udata8 = 0x04;
export const DW_EH_PE_sdata2 = 0x0a;
export const DW_EH_PE_sdata4 = 0x0b;
export const DW_EH_PE_sdata8 = 0x0c;
export const DW_EH_PE_pcrel = 0x10;
export const DW_EH_PE_datarel = 0x30;
export const DW_EH_PE_aligned = 0x50;
export const DW_EH_PE_indirect = 0x80;
export const DW_EH_PE_omit = 0xff;

const FORMAT = 0x0f;
const RELATIVE_TO = 0x70;

/** Bytes of a pointer stored this way; 0 where the encoding is unknown or of no fixed width. */
export function encodedBytes(encoding: number, wordBytes: 4 | 8): number {
  switch (encoding & FORMAT) {
    case DW_EH_PE_absptr:
      return wordBytes;
    case DW_EH_PE_udata2:
    case DW_EH_PE_sdata2:
      return 2;
    case DW_EH_PE_udata4:
    case DW_EH_PE_sdata4:
      return 4;
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      return 8;
    default:
      return 0;
  }
}

/** What a record is. */
export const RECORD_CIE = 0;
export const RECORD_FDE = 1;
/** Four zero bytes: no more records. */
export const RECORD_END = 2;

/** Records of any number of sections, as columns in the order they were parsed. */
export interface EhFrameRecords {
  count: number;
  /** RECORD_* */
  kinds: Uint8Array;
  /** Where the record begins in its section. */
  offsets: Uint32Array;
  /** All of its bytes, the length field included. */
  sizes: Uint32Array;
  /** Bytes of the length field: 4, or 12 in the 64-bit format. The CIE pointer follows it, in 4 bytes. */
  lengthBytes: Uint8Array;
  /** FDE: the record number of its CIE. CIE: its own. */
  cies: Uint32Array;
  /**
   * Offset in the section of the pointer that says what the record is about. FDE: the function's start (the length of the
   * function follows it). CIE: the personality routine, 0 if it has none.
   */
  pointers: Uint32Array;
  /** DW_EH_PE of the pointers: in a CIE that of its FDEs' function pointers; in an FDE that of its CIE. */
  pointerEncodings: Uint8Array;
  /** CIE: DW_EH_PE of its FDEs' pointers to language data and of the personality pointer; DW_EH_PE_omit without one. */
  lsdaEncodings: Uint8Array;
  personalityEncodings: Uint8Array;
}

export function createEhFrameRecords(): EhFrameRecords {
  const capacity = 64;
  return {
    count: 0,
    kinds: new Uint8Array(capacity),
    offsets: new Uint32Array(capacity),
    sizes: new Uint32Array(capacity),
    lengthBytes: new Uint8Array(capacity),
    cies: new Uint32Array(capacity),
    pointers: new Uint32Array(capacity),
    pointerEncodings: new Uint8Array(capacity),
    lsdaEncodings: new Uint8Array(capacity),
    personalityEncodings: new Uint8Array(capacity),
  };
}

/** The section being parsed. */
interface Reader {
  readonly view: DataView;
  /** Where the section begins in `view`. */
  readonly start: number;
  readonly wordBytes: 4 | 8;
  /** Number of the section's first record. */
  readonly firstRecord: number;
  readonly place: Place;
  readonly report: Report;
}

/**
 * Appends the records of one section.
 * Problems (warnings; GNU ld too goes on without .eh_frame_hdr): `eh-frame-cut-short`, `eh-frame-after-end`,
 * `eh-frame-no-cie`, `eh-frame-version`, `eh-frame-augmentation`, `eh-frame-encoding`.
 * @param bytes holds the section's contents, `size` bytes from `start`
 * @returns false when the section cannot be understood: no record of it is added, and it must be copied as it is
 */
export function parseEhFrame(
  records: EhFrameRecords,
  bytes: Uint8Array,
  start: number,
  size: number,
  wordBytes: 4 | 8,
  place: Place,
  report: Report,
): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader: Reader = { view, start, wordBytes, firstRecord: records.count, place, report };
  let at = 0;
  let parsed = true;
  let ended = false;
  while (parsed && at < size) {
    const recordBytes = measureRecord(reader, at, size);
    if (recordBytes === 0) parsed = false;
    else if (recordBytes === 4) {
      addRecord(records, RECORD_END, at, 4, 4);
      ended = true;
    } else if (ended) parsed = fails(reader, "eh-frame-after-end", at);
    else parsed = parseRecord(records, reader, at, recordBytes);
    at += recordBytes;
  }
  if (!parsed) records.count = reader.firstRecord;
  return parsed;
}

function fails(reader: Reader, code: string, offset: number, details: Record<string, number | string> = {}): false {
  reader.report(warning(code, { ...reader.place, offset }, details));
  return false;
}

/** Bytes of the record at `at`; 4 for the terminator, 0 when it does not fit. */
function measureRecord(reader: Reader, at: number, size: number): number {
  const { view, start } = reader;
  let bytes = 0;
  if (size - at >= 4) {
    const length = view.getUint32(start + at, true);
    if (length !== 0xffffffff) bytes = 4 + length;
    else if (size - at >= 12) {
      bytes = 12 + view.getUint32(start + at + 4, true) + view.getUint32(start + at + 8, true) * 2 ** 32;
    }
  }
  if (bytes !== 0 && bytes <= size - at) return bytes;
  fails(reader, "eh-frame-cut-short", at);
  return 0;
}

function parseRecord(records: EhFrameRecords, reader: Reader, at: number, bytes: number): boolean {
  const { view, start } = reader;
  const lengthBytes = view.getUint32(start + at, true) === 0xffffffff ? 12 : 4;
  const idAt = at + lengthBytes;
  const end = at + bytes;
  if (idAt + 4 > end) return fails(reader, "eh-frame-cut-short", at);
  const id = view.getUint32(start + idAt, true);
  if (id === 0) return parseCie(records, reader, at, bytes, lengthBytes);

  const cie = findCie(records, reader.firstRecord, idAt - id);
  if (cie === -1) return fails(reader, "eh-frame-no-cie", at);
  const encoding = records.pointerEncodings[cie];
  if (idAt + 4 + 2 * encodedBytes(encoding, reader.wordBytes) > end) return fails(reader, "eh-frame-cut-short", at);
  const record = addRecord(records, RECORD_FDE, at, bytes, lengthBytes);
  records.cies[record] = cie;
  records.pointers[record] = idAt + 4;
  records.pointerEncodings[record] = encoding;
  return true;
}

/** The section's CIE at `offset`, or -1. Records are in the order of their offsets. */
function findCie(records: EhFrameRecords, firstRecord: number, offset: number): number {
  const { offsets, kinds } = records;
  let low = firstRecord;
  let high = records.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle] < offset) low = middle + 1;
    else high = middle;
  }
  return low < records.count && offsets[low] === offset && kinds[low] === RECORD_CIE ? low : -1;
}

/** Compilers write five letters at most. */
const LONGEST_AUGMENTATION = 16;

/** CIE: version, augmentation string, alignment factors, return column, then what the letters of the string announce. */
function parseCie(records: EhFrameRecords, reader: Reader, at: number, bytes: number, lengthBytes: number): boolean {
  const { view, start, wordBytes } = reader;
  const end = at + bytes;
  const cutShort = (): false => fails(reader, "eh-frame-cut-short", at);
  const versionAt = at + lengthBytes + 4;
  if (versionAt >= end) return cutShort();
  const version = view.getUint8(start + versionAt);
  if (version !== 1 && version !== 3 && version !== 4) return fails(reader, "eh-frame-version", at, { version });

  let p = versionAt + 1;
  let augmentation = "";
  while (p < end && view.getUint8(start + p) !== 0 && augmentation.length < LONGEST_AUGMENTATION) {
    augmentation += String.fromCharCode(view.getUint8(start + p++));
  }
  if (p >= end) return cutShort();
  if (view.getUint8(start + p++) !== 0) return fails(reader, "eh-frame-augmentation", at, { augmentation });
  // A pointer of GCC 2's.
  if (augmentation.startsWith("eh")) {
    p += wordBytes;
    augmentation = augmentation.slice(2);
  }
  // Version 4: sizes of addresses and segment selectors.
  if (version === 4) p += 2;
  p = skipLeb128(reader, skipLeb128(reader, p, end), end);
  p = version === 1 ? p + 1 : skipLeb128(reader, p, end);
  if (augmentation.startsWith("z")) p = skipLeb128(reader, p, end);
  if (p > end) return cutShort();

  let pointerEncoding = DW_EH_PE_absptr;
  let lsdaEncoding = DW_EH_PE_omit;
  let personalityEncoding = DW_EH_PE_omit;
  let personality = 0;
  for (const letter of augmentation) {
    if (letter === "L" || letter === "R" || letter === "P") {
      if (p >= end) return cutShort();
      const encoding = view.getUint8(start + p++);
      if (letter === "L") lsdaEncoding = encoding;
      else if (letter === "R") pointerEncoding = encoding;
      else {
        personalityEncoding = encoding;
        const width = encodedBytes(encoding, wordBytes);
        if (width === 0) return fails(reader, "eh-frame-encoding", at, { encoding });
        // Relative to the section, which is as aligned as its words.
        if ((encoding & RELATIVE_TO) === DW_EH_PE_aligned) p = Math.ceil(p / wordBytes) * wordBytes;
        personality = p;
        p += width;
        if (p > end) return cutShort();
      }
    } else if (letter === "z" ? augmentation[0] !== "z" : letter !== "S" && letter !== "B") {
      return fails(reader, "eh-frame-augmentation", at, { augmentation });
    }
  }
  const plain = (pointerEncoding & RELATIVE_TO) !== DW_EH_PE_aligned && pointerEncoding !== DW_EH_PE_omit;
  if (!plain || encodedBytes(pointerEncoding, wordBytes) === 0) {
    return fails(reader, "eh-frame-encoding", at, { encoding: pointerEncoding });
  }
  const record = addRecord(records, RECORD_CIE, at, bytes, lengthBytes);
  records.cies[record] = record;
  records.pointers[record] = personality;
  records.pointerEncodings[record] = pointerEncoding;
  records.lsdaEncodings[record] = lsdaEncoding;
  records.personalityEncodings[record] = personalityEncoding;
  return true;
}

/** One past the LEB128 number at `at`; beyond `end` when it does not end before. */
function skipLeb128(reader: Reader, at: number, end: number): number {
  let p = at;
  while (p < end && reader.view.getUint8(reader.start + p) >= 0x80) p++;
  return p + 1;
}

function addRecord(records: EhFrameRecords, kind: number, offset: number, size: number, lengthBytes: number): number {
  const record = records.count++;
  if (record === records.kinds.length) growRecords(records, records.count);
  records.kinds[record] = kind;
  records.offsets[record] = offset;
  records.sizes[record] = size;
  records.lengthBytes[record] = lengthBytes;
  return record;
}

function growRecords(records: EhFrameRecords, needed: number): void {
  records.kinds = growUint8(records.kinds, needed);
  records.offsets = growUint32(records.offsets, needed);
  records.sizes = growUint32(records.sizes, needed);
  records.lengthBytes = growUint8(records.lengthBytes, needed);
  records.cies = growUint32(records.cies, needed);
  records.pointers = growUint32(records.pointers, needed);
  records.pointerEncodings = growUint8(records.pointerEncodings, needed);
  records.lsdaEncodings = growUint8(records.lsdaEncodings, needed);
  records.personalityEncodings = growUint8(records.personalityEncodings, needed);
}

// ---------------------------------------------------------------------------------------------------------------------
// Pointers and .eh_frame_hdr
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The address that an encoded pointer in relocated bytes stands for, modulo the machine's word.
 * @param at where it is in `view`  @param address the same place's address, for pc-relative pointers
 * @returns NaN where the encoding is relative to something else or of no fixed width
 */
export function readEncodedPointer(
  view: DataView,
  at: number,
  encoding: number,
  address: number,
  wordBytes: 4 | 8,
): number {
  const relativeTo = encoding & RELATIVE_TO;
  if (relativeTo !== 0 && relativeTo !== DW_EH_PE_pcrel) return Number.NaN;
  const value = readEncoded(view, at, encoding & FORMAT, wordBytes);
  const target = relativeTo === DW_EH_PE_pcrel ? value + address : value;
  return wordBytes === 4 ? target >>> 0 : target;
}

function readEncoded(view: DataView, at: number, format: number, wordBytes: 4 | 8): number {
  switch (format) {
    case DW_EH_PE_udata2:
      return view.getUint16(at, true);
    case DW_EH_PE_sdata2:
      return view.getInt16(at, true);
    case DW_EH_PE_udata4:
      return view.getUint32(at, true);
    case DW_EH_PE_sdata4:
      return view.getInt32(at, true);
    case DW_EH_PE_udata8:
      return unsigned64(view.getUint32(at, true), view.getUint32(at + 4, true));
    case DW_EH_PE_sdata8:
      return signed64(view.getInt32(at, true), view.getInt32(at + 4, true));
    case DW_EH_PE_absptr:
      return readEncoded(view, at, wordBytes === 8 ? DW_EH_PE_udata8 : DW_EH_PE_udata4, wordBytes);
    default:
      return Number.NaN;
  }
}

/** Bytes of .eh_frame_hdr for so many FDEs; without a table when `fdes` is undefined. */
export function ehFrameHeaderBytes(fdes: number | undefined): number {
  return fdes === undefined ? 8 : 12 + 8 * fdes;
}

/** Where .eh_frame_hdr goes, and what it points at. */
export interface EhFrameHeader {
  /** Address of .eh_frame_hdr. */
  readonly address: number;
  /** Address of .eh_frame. */
  readonly ehFrame: number;
}

/**
 * Writes .eh_frame_hdr version 1 as GNU ld does: a pc-relative pointer to .eh_frame, and a table of pairs (function, FDE)
 * sorted by function, both as distances from the header.
 * @param at where it begins in `image`, room for `ehFrameHeaderBytes(count)`
 * @param functions start address of each FDE's function  @param fdes address of each FDE  @param count how many
 * @returns false if something is farther than 2 GiB from the header: unwinders would be led astray
 */
export function writeEhFrameHeader(
  image: DataView,
  at: number,
  header: EhFrameHeader,
  functions: Float64Array,
  fdes: Float64Array,
  count: number,
): boolean {
  writeHeaderStart(image, at, header, DW_EH_PE_udata4, DW_EH_PE_datarel | DW_EH_PE_sdata4);
  image.setUint32(at + 8, count, true);
  // One 64-bit number a pair, the function on top, made positive: the engine sorts them without calling back.
  const pairs = new BigUint64Array(count);
  const halves = new Uint32Array(pairs.buffer);
  let fits = isInt32(header.ehFrame - header.address - 4);
  for (let i = 0; i < count; i++) {
    const start = functions[i] - header.address;
    const fde = fdes[i] - header.address;
    if (!isInt32(start) || !isInt32(fde)) fits = false;
    halves[2 * i] = fde;
    halves[2 * i + 1] = start ^ SIGN;
  }
  pairs.sort();
  for (let i = 0; i < count; i++) {
    image.setInt32(at + 12 + 8 * i, halves[2 * i + 1] ^ SIGN, true);
    image.setUint32(at + 16 + 8 * i, halves[2 * i], true);
  }
  return fits;
}

/** Writes .eh_frame_hdr without a table, for when some .eh_frame could not be parsed. Returns as `writeEhFrameHeader`. */
export function writeEhFrameHeaderWithoutTable(image: DataView, at: number, header: EhFrameHeader): boolean {
  writeHeaderStart(image, at, header, DW_EH_PE_omit, DW_EH_PE_omit);
  return isInt32(header.ehFrame - header.address - 4);
}

const SIGN = 0x80000000;

function writeHeaderStart(image: DataView, at: number, header: EhFrameHeader, count: number, table: number): void {
  image.setUint8(at, 1);
  image.setUint8(at + 1, DW_EH_PE_pcrel | DW_EH_PE_sdata4);
  image.setUint8(at + 2, count);
  image.setUint8(at + 3, table);
  image.setInt32(at + 4, header.ehFrame - header.address - 4, true);
}

function isInt32(value: number): boolean {
  return value === (value | 0);
}
