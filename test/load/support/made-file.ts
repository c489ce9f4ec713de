// ELF files for the loader, made byte by byte: for tests that need thousands of them, or what no linker would write.

import { DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRSZ, DT_STRTAB } from "../../../src/elf/index.ts";

export interface MadeFile {
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
}

const HEADERS = 64 + 2 * 56;

/** A 64-bit shared library of one segment: headers, strings, dynamic section. */
export function madeFile({ needed = [], soname, rpath, runpath }: MadeFile): Uint8Array {
  const strings: Buffer[] = [Buffer.of(0)];
  const offsets = new Map<string, number>();
  let size = 1;
  const offsetOf = (text: string): number => {
    const known = offsets.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(`${text}\0`);
    offsets.set(text, size);
    strings.push(bytes);
    size += bytes.length;
    return size - bytes.length;
  };
  const entries: [number, number][] = needed.map((name) => [DT_NEEDED, offsetOf(name)]);
  if (soname !== undefined) entries.push([DT_SONAME, offsetOf(soname)]);
  if (rpath !== undefined) entries.push([DT_RPATH, offsetOf(rpath)]);
  if (runpath !== undefined) entries.push([DT_RUNPATH, offsetOf(runpath)]);
  entries.push([DT_STRTAB, HEADERS], [DT_STRSZ, size], [0, 0]);

  const dynamicAt = HEADERS + Math.ceil(size / 8) * 8;
  const bytes = Buffer.alloc(dynamicAt + 16 * entries.length);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  for (const [at, value] of [
    [16, 3],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 2],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt32LE(64, 32);
  segment(bytes, 64, 1, 6, 0, bytes.length);
  segment(bytes, 120, 2, 6, dynamicAt, bytes.length - dynamicAt);
  Buffer.concat(strings).copy(bytes, HEADERS);
  for (const [index, [tag, value]] of entries.entries()) {
    bytes.writeUInt32LE(tag, dynamicAt + 16 * index);
    bytes.writeUInt32LE(value, dynamicAt + 16 * index + 8);
  }
  return bytes;
}

/** A program header; addresses are offsets. */
function segment(bytes: Buffer, at: number, type: number, flags: number, offset: number, size: number): void {
  bytes.writeUInt32LE(type, at);
  bytes.writeUInt32LE(flags, at + 4);
  for (const field of [8, 16, 24]) bytes.writeUInt32LE(offset, at + field);
  for (const field of [32, 40]) bytes.writeUInt32LE(size, at + field);
  bytes.writeUInt32LE(type === 1 ? 0x1000 : 8, at + 48);
}
