// What kind of file is this? By its first bytes, as linkers must: names say nothing.

import {
  EI_CLASS,
  EI_DATA,
  EI_NIDENT,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  ET_CORE,
  ET_DYN,
  ET_EXEC,
  ET_REL,
} from "./constants.ts";
import { startsWith } from "./text.ts";

export type FileKind =
  | "elf-relocatable"
  | "elf-executable"
  /** ET_DYN: a shared library or a position-independent executable. */
  | "elf-shared"
  | "elf-core"
  /** ELF by its magic, but cut short, of an unknown class or byte order, or of a type that no specification names. */
  | "elf-other"
  | "archive"
  | "thin-archive"
  | "llvm-bitcode"
  | "mach-o"
  /** A Windows executable (MZ). */
  | "pe"
  | "wasm"
  /** Text without control characters: perhaps a linker script. */
  | "text"
  | "empty"
  | "other";

const MAGICS: readonly (readonly [string, FileKind])[] = [
  ["!<arch>\n", "archive"],
  ["!<thin>\n", "thin-archive"],
  ["BC\xc0\xde", "llvm-bitcode"],
  ["\xde\xc0\x17\x0b", "llvm-bitcode"],
  ["\xfe\xed\xfa\xce", "mach-o"],
  ["\xfe\xed\xfa\xcf", "mach-o"],
  ["\xce\xfa\xed\xfe", "mach-o"],
  ["\xcf\xfa\xed\xfe", "mach-o"],
  // Universal Mach-O. Java class files start alike; neither can be linked.
  ["\xca\xfe\xba\xbe", "mach-o"],
  ["\0asm", "wasm"],
  ["MZ", "pe"],
];

const ELF_TYPES: ReadonlyMap<number, FileKind> = new Map([
  [ET_REL, "elf-relocatable"],
  [ET_EXEC, "elf-executable"],
  [ET_DYN, "elf-shared"],
  [ET_CORE, "elf-core"],
]);

/** How much of a file is looked at to call it text. */
const TEXT_SAMPLE = 4096;

/** Tells the kind of a file from its bytes; nothing behind the first 4 KiB is looked at. */
export function identify(bytes: Uint8Array): FileKind {
  if (bytes.length === 0) return "empty";
  if (startsWith(bytes, 0, "\x7fELF")) return elfKind(bytes);
  for (const [magic, kind] of MAGICS) if (startsWith(bytes, 0, magic)) return kind;
  return looksLikeText(bytes) ? "text" : "other";
}

function elfKind(bytes: Uint8Array): FileKind {
  const elfClass = bytes[EI_CLASS];
  const order = bytes[EI_DATA];
  const sane =
    bytes.length >= EI_NIDENT + 2 &&
    (elfClass === ELFCLASS32 || elfClass === ELFCLASS64) &&
    (order === ELFDATA2LSB || order === ELFDATA2MSB);
  if (!sane) return "elf-other";
  const [first, second] = [bytes[EI_NIDENT], bytes[EI_NIDENT + 1]];
  const type = order === ELFDATA2LSB ? first | (second << 8) : (first << 8) | second;
  return ELF_TYPES.get(type) ?? "elf-other";
}

/** Text has no control characters but white space; bytes above 0x7f may be UTF-8. */
function looksLikeText(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, TEXT_SAMPLE);
  for (let at = 0; at < end; at++) {
    const byte = bytes[at];
    if (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d)) return false;
    if (byte === 0x7f) return false;
  }
  return true;
}
