// Where jumps and calls of a listing go: the symbol there, and through a stub of the PLT the name that its slot is for.

import {
  type ElfFile,
  type ElfSymbol,
  ET_REL,
  isRelocationSection,
  namesManyTypes,
  readRelocation,
  relocationBytes,
  SHT_RELA,
  symbolsOf,
} from "../elf/index.ts";
import { word } from "../elf/source.ts";
import { type Anatomy, offsetOfAddress, relocatedBetween } from "./bytes/index.ts";
import { once } from "./dump/once.ts";

export interface BranchTarget {
  /** `puts@plt`, `main`, `main+0x12`. */
  readonly name: string;
  /** In the file; undefined where that has no bytes there. */
  readonly offset: number | undefined;
}

/** A jump or call as the disassemblers spell it, on any machine, to an address that stands in it, or through the word at one (`*`). */
const BRANCH =
  /^(?:bnd |notrack )*(?:call|j[a-z]+|loop[a-z]*|xbegin|b[a-z]*(?:\.[a-z]+)?|cbn?z|tbn?z|brasl?|jal)\b.*?(\*?)[#$]?0x([\da-f]+)$/i;

/** Bytes of a PLT's stub that are looked at. */
const STUB = 16;

/**
 * @param bytesAt the bytes of a part of the file
 * @returns what tells the target of an instruction; undefined for those that go nowhere that is known
 */
export function branchTargets(
  anatomy: Anatomy,
  bytesAt: (from: number, to: number) => Uint8Array,
): (text: string) => BranchTarget | undefined {
  const { file, places } = anatomy;
  // In an object relocations tell.
  if (file.header.type === ET_REL) return () => undefined;
  const nameOfSlot = slotNames(file);
  return (text) => {
    const [, star, digits] = BRANCH.exec(text) ?? [];
    if (digits === undefined) return undefined;
    const address = Number.parseInt(digits, 16);
    const offset = offsetOfAddress(file, address);
    if (star === "*") {
      const name = offset === undefined ? undefined : nameOfSlot(offset);
      return name === undefined ? undefined : { name, offset };
    }
    const slot = offset === undefined ? undefined : slotOfStub(file, bytesAt(offset, offset + STUB), address);
    const slotOffset = slot === undefined ? undefined : offsetOfAddress(file, slot);
    const stub = slotOffset === undefined ? undefined : nameOfSlot(slotOffset);
    const name = stub === undefined ? places.address(address) : `${stub}@plt`;
    return name === undefined ? undefined : { name, offset };
  };
}

/** The word that an x86 stub jumps through: `endbr`, `bnd` and `jmp *disp32` (psABIs, "Procedure Linkage Table"). */
function slotOfStub(file: ElfFile, code: Uint8Array, address: number): number | undefined {
  let at = 0;
  if (code[0] === 0xf3 && code[1] === 0x0f && code[2] === 0x1e) at = 4;
  if (code[at] === 0xf2) at++;
  if (code[at] !== 0xff || at + 6 > code.length) return undefined;
  const displacement = word(
    { ...file, bytes: code, view: new DataView(code.buffer, code.byteOffset, code.byteLength) },
    at + 2,
  );
  if (code[at + 1] === 0x25) return file.elfClass === 64 ? address + at + 6 + (displacement | 0) : displacement;
  // i386's position-independent one: an offset from the GOT, which %ebx points to.
  const got =
    file.sections.find(({ name }) => name === ".got.plt") ?? file.sections.find(({ name }) => name === ".got");
  return code[at + 1] === 0xa3 && got !== undefined ? got.address + (displacement | 0) : undefined;
}

/** The symbol of the relocation that fills a word, by the word's place in the file. */
function slotNames(file: ElfFile): (offset: number) => string | undefined {
  const tables = file.sections.map((section) =>
    once((): readonly ElfSymbol[] =>
      file.sections[section.link] ? symbolsOf(file, file.sections[section.link], () => {}) : [],
    ),
  );
  return (offset) => {
    const place = relocatedBetween(file, offset, offset + 1)[0];
    const section = place && file.sections[place.table];
    if (place === undefined || section === undefined || !isRelocationSection(section)) return undefined;
    const format = section.type === SHT_RELA ? "rela" : "rel";
    const at = section.offset + place.entry * relocationBytes(file, format);
    const { symbol } = readRelocation(file, at, format, namesManyTypes(file.header.machine, file.elfClass));
    const name = symbol === 0 ? undefined : tables[section.index]()[symbol]?.name;
    return name === "" ? undefined : name;
  };
}
