// 64-bit PowerPC, little-endian (ELFv2), as glibc's sysdeps/powerpc/powerpc64 and musl's arch/powerpc64 have it.

import { localEntryOffset, PPC64LE_FACTS } from "../../arch/ppc64le/facts.ts";
import {
  R_PPC64_ADDR24,
  R_PPC64_ADDR32,
  R_PPC64_ADDR64,
  R_PPC64_COPY,
  R_PPC64_DTPMOD64,
  R_PPC64_DTPREL64,
  R_PPC64_GLOB_DAT,
  R_PPC64_IRELATIVE,
  R_PPC64_JMP_IREL,
  R_PPC64_JMP_SLOT,
  R_PPC64_NONE,
  R_PPC64_REL32,
  R_PPC64_REL64,
  R_PPC64_RELATIVE,
  R_PPC64_TPREL64,
  R_PPC64_UADDR32,
  R_PPC64_UADDR64,
} from "../../arch/ppc64le/relocations.ts";
import { DT_PPC64_GLINK } from "../../elf/constants.ts";
import { searchDirectories } from "./directories.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  DO_BLOCK_OFFSET,
  DO_BLOCK_OFFSET_OR_STATIC,
  DO_COPY,
  DO_INDIRECT,
  DO_INSTRUCTION,
  DO_INSTRUCTION_TP,
  DO_JUMP,
  DO_MODULE,
  DO_MODULE_OR_STATIC,
  DO_NOTHING,
  DO_PC,
  DO_PC32,
  DO_RELATIVE,
  DO_SLOT_ADDEND,
  DO_TP_OFFSET,
  DO_WORD,
  DO_WORD32,
  typeColumn,
  typeSet,
} from "./kinds.ts";
import { PPC64LE_TEXT, PPC64LE_TEXT_TLS } from "./ppc64le-text.ts";
import type { LoaderRecord, PltStub, ReadMemory, UnboundSlot } from "./record.ts";

/** IS_PPC64_TLS_RELOC (elf.h): two runs of numbers. */
const TLS_TYPES: readonly number[] = [
  ...Array.from({ length: 40 }, (_, i) => 67 + i),
  ...Array.from({ length: 4 }, (_, i) => 112 + i),
];

const CLASSES: Uint8Array = typeColumn([
  ...TLS_TYPES.map((type) => [type, CLASS_PLT] as const),
  [R_PPC64_JMP_SLOT, CLASS_PLT],
  [R_PPC64_ADDR24, CLASS_PLT],
  [R_PPC64_COPY, CLASS_COPY],
]);

/** .plt is a table of addresses, of which the first two are the resolver and the link map. */
const PLT_HEADER = 16;
/** The major opcode of `b`, in the highest 6 bits. */
const BRANCH = 18;

/** An unbound slot leads to its entry of .glink, a branch to the code before all of them, which finds the number from r12. */
function stubAt(read: ReadMemory, { site, value, got }: UnboundSlot): PltStub | undefined {
  const code = new DataView(new ArrayBuffer(4));
  if (got === undefined || !read(value, new Uint8Array(code.buffer))) return undefined;
  const word = code.getUint32(0, true);
  const index = (site - got - PLT_HEADER) / 8;
  if (word >>> 26 !== BRANCH || (word & 3) !== 0 || !Number.isInteger(index) || index < 0) return undefined;
  return { index, entry: value, plt0: value + ((word << 6) >> 6), push: undefined, pushed: undefined };
}

export const PPC64LE_LOADER: LoaderRecord = {
  name: "ppc64le",
  facts: PPC64LE_FACTS,
  // sysdeps/powerpc/powerpc64/dl-machine.h, elf_machine_matches_host: a file that says no ABI is taken.
  refusesFlags: (flags) => ((flags & 3) === 0 || (flags & 3) === 2 ? undefined : `PowerPC64 ELFv${flags & 3}`),
  interpreters: { glibc: ["/lib64/ld64.so.2"], musl: ["/lib/ld-musl-powerpc64le.so.1"] },
  relocations: {
    glibc: typeColumn([
      [R_PPC64_NONE, DO_NOTHING],
      [R_PPC64_RELATIVE, DO_RELATIVE],
      [R_PPC64_GLOB_DAT, DO_SLOT_ADDEND],
      [R_PPC64_JMP_SLOT, DO_JUMP],
      [R_PPC64_ADDR64, DO_WORD],
      [R_PPC64_UADDR64, DO_WORD],
      [R_PPC64_ADDR32, DO_WORD32],
      [R_PPC64_UADDR32, DO_WORD32],
      [R_PPC64_REL32, DO_PC32],
      [R_PPC64_REL64, DO_PC],
      [R_PPC64_COPY, DO_COPY],
      [R_PPC64_DTPMOD64, DO_MODULE_OR_STATIC],
      [R_PPC64_DTPREL64, DO_BLOCK_OFFSET_OR_STATIC],
      [R_PPC64_TPREL64, DO_TP_OFFSET],
      [R_PPC64_IRELATIVE, DO_INDIRECT],
      [R_PPC64_JMP_IREL, DO_INDIRECT],
      ...PPC64LE_TEXT.map(([type]) => [type, DO_INSTRUCTION] as const),
      ...PPC64LE_TEXT_TLS.map(([type]) => [type, DO_INSTRUCTION_TP] as const),
    ]),
    // musl enters every function by its global entry.
    musl: typeColumn([
      [R_PPC64_NONE, DO_NOTHING],
      [R_PPC64_RELATIVE, DO_RELATIVE],
      [R_PPC64_GLOB_DAT, DO_SLOT_ADDEND],
      [R_PPC64_JMP_SLOT, DO_SLOT_ADDEND],
      [R_PPC64_ADDR64, DO_WORD],
      [R_PPC64_COPY, DO_COPY],
      [R_PPC64_DTPMOD64, DO_MODULE],
      [R_PPC64_DTPREL64, DO_BLOCK_OFFSET],
      [R_PPC64_TPREL64, DO_TP_OFFSET],
    ]),
    plain: typeSet([R_PPC64_NONE, R_PPC64_RELATIVE, R_PPC64_IRELATIVE, R_PPC64_JMP_IREL]),
    // elf_machine_runtime_setup has seen to all of them, whatever they are.
    lazy: new Uint8Array(256).fill(1),
    classes: CLASSES,
    oldClasses: CLASSES,
    instructions: new Map([...PPC64LE_TEXT, ...PPC64LE_TEXT_TLS]),
  },
  got: {
    words: [
      { index: 0, meaning: "resolver" },
      { index: 1, meaning: "link-map" },
    ],
    always: false,
  },
  plt: { tells: "entry", stubAt, entries: { tag: DT_PPC64_GLINK, first: 32, step: 4 } },
  localEntry: localEntryOffset,
  // There are none.
  descriptors: { functionFirst: true, static: [], undefinedWeak: [], prefixes: [], alignment: 4 },
  search: {
    directories: searchDirectories("powerpc64le-linux-gnu"),
    cacheFlags: [0x503],
    levels: ["power8", "power9", "power10"],
    // HWCAP_IMPORTANT (sysdeps/powerpc/dl-procinfo.h).
    legacy: ({ hwcaps }) =>
      [
        { bit: 10, name: "dfp" },
        { bit: 28, name: "altivec" },
      ].filter(({ name }) => hwcaps.includes(name)),
    legacyPlatforms: [],
    charIsSigned: false,
    muslNames: ["powerpc64le", "powerpc64le-sf"],
    platform: (cpu) => cpu,
  },
  // ELF_ET_DYN_BASE is 4 GiB; 47 bits; pages of 64 KiB.
  space: {
    program: 0x1_0000_0000,
    top: 0x7fff_f800_0000,
    entropy: 14,
    kernel: 0x3_0000,
    loader: 0x1_0000,
    end: 0x8000_0000_0000,
  },
  pageSizes: [0x1_0000, 0x1000],
  tcbAlignment: 64,
  stackIsExecutable: false,
  firstGlibc: [2, 17],
};
