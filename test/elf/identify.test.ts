// What kind of file: by the first bytes.
import { equal } from "node:assert/strict";
import { test } from "node:test";
import { type FileKind, identify } from "../../src/elf/index.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** e_ident of a little-endian ELF64 file, and e_type. */
const elf = (type: number): string => `\x7fELF\x02\x01\x01${"\0".repeat(9)}${String.fromCharCode(type)}\0`;
/** The same, big-endian. */
const bigElf = (type: number): string => `\x7fELF\x01\x02\x01${"\0".repeat(9)}\0${String.fromCharCode(type)}`;

const KINDS: readonly (readonly [FileKind, string])[] = [
  ["elf-relocatable", elf(1)],
  ["elf-executable", elf(2)],
  ["elf-shared", elf(3)],
  ["elf-core", elf(4)],
  ["elf-relocatable", bigElf(1)],
  ["elf-shared", bigElf(3)],
  ["elf-other", elf(9)],
  ["elf-other", "\x7fELF"],
  ["elf-other", "\x7fELF\x09\x01\x01\0\0\0\0\0\0\0\0\0\x01\0"],
  ["archive", "!<arch>\n"],
  ["thin-archive", "!<thin>\n"],
  ["llvm-bitcode", "BC\xc0\xde\x35\x14"],
  ["llvm-bitcode", "\xde\xc0\x17\x0b\0\0\0\0"],
  ["mach-o", "\xcf\xfa\xed\xfe\x07\0\0\x01"],
  ["pe", "MZ\x90\0"],
  ["wasm", "\0asm\x01\0\0\0"],
  ["text", "/* GNU ld script */\nGROUP ( libc.so.6 )\n"],
  ["text", "# caf\xc3\xa9\r\n\tx"],
  ["empty", ""],
  ["other", "\x01\x02\x03"],
];

for (const [kind, start] of KINDS) {
  test(`${JSON.stringify(start.slice(0, 12))} is ${kind}`, () => equal(identify(bytes(start)), kind));
}
