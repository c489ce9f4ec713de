// The files of a tar archive: those that tarArchive (../tar.ts) writes, and any other plain one. Names that are too long for a header
// come from the pax record before it.

import type { TarFile } from "../tar.ts";

const BLOCK = 512;

export interface TarContents {
  /** Regular files in their order; up to where the archive is damaged. */
  readonly files: readonly TarFile[];
  /** It ends as archives end, with a block of zeros. */
  readonly whole: boolean;
}

export function tarFiles(bytes: Uint8Array): TarContents {
  const files: TarFile[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = octal(header, 124, 12);
    const start = at + BLOCK;
    if (header[0] === 0) return { files, whole: true };
    if (size === undefined || start + size > bytes.length) break;
    const contents = bytes.subarray(start, start + size);
    const type = String.fromCharCode(header[156]);
    if (type === "x") longName = paxPath(contents);
    else {
      if (type === "0" || type === "\0") files.push({ path: longName ?? nameOf(header), bytes: contents });
      longName = undefined;
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return { files, whole: false };
}

/** Name, with the prefix of POSIX's format before it. */
function nameOf(header: Uint8Array): string {
  const [name, prefix] = [text(header, 0, 100), text(header, 345, 155)];
  return prefix === "" ? name : `${prefix}/${name}`;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const end = bytes.indexOf(0, at);
  return new TextDecoder().decode(bytes.subarray(at, end < 0 ? at + length : Math.min(end, at + length)));
}

function octal(bytes: Uint8Array, at: number, length: number): number | undefined {
  const digits = text(bytes, at, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** `LENGTH path=VALUE\n` among others. */
function paxPath(contents: Uint8Array): string | undefined {
  return /^\d+ path=(.*)$/m.exec(new TextDecoder().decode(contents))?.[1];
}
