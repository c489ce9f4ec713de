// aarch64 as glibc's sysdeps/aarch64 and musl's arch/aarch64 have it (LP64, little-endian).

import { AARCH64_FACTS } from "../../arch/aarch64/facts.ts";
import {
  R_AARCH64_ABS32,
  R_AARCH64_ABS64,
  R_AARCH64_COPY,
  R_AARCH64_GLOB_DAT,
  R_AARCH64_IRELATIVE,
  R_AARCH64_JUMP_SLOT,
  R_AARCH64_NONE,
  R_AARCH64_RELATIVE,
  R_AARCH64_TLS_DTPMOD64,
  R_AARCH64_TLS_DTPREL64,
  R_AARCH64_TLS_TPREL64,
  R_AARCH64_TLSDESC,
} from "../../arch/aarch64/relocations.ts";
import { searchDirectories } from "./directories.ts";
import { WITHOUT_IFUNC_IDENTITY } from "./identity.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  CLASS_SLOT,
  DO_BLOCK_OFFSET,
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INDIRECT,
  DO_MODULE,
  DO_NOTHING,
  DO_RELATIVE,
  DO_SLOT_ADDEND,
  DO_TP_OFFSET,
  DO_WORD,
  typeColumn,
  typeSet,
  without,
} from "./kinds.ts";
import type { LoaderRecord, PltStub, ReadMemory, UnboundSlot } from "./record.ts";

/** One more than the highest type that there is. */
const SIZE = 1046;

const KINDS: Uint8Array = typeColumn(
  [
    [R_AARCH64_NONE, DO_NOTHING],
    [R_AARCH64_RELATIVE, DO_RELATIVE],
    [R_AARCH64_GLOB_DAT, DO_SLOT_ADDEND],
    [R_AARCH64_JUMP_SLOT, DO_SLOT_ADDEND],
    [R_AARCH64_ABS64, DO_WORD],
    // dl-machine.h has one case for all of these: a whole word is written.
    [R_AARCH64_ABS32, DO_WORD],
    [R_AARCH64_COPY, DO_COPY],
    [R_AARCH64_TLS_DTPMOD64, DO_MODULE],
    [R_AARCH64_TLS_DTPREL64, DO_BLOCK_OFFSET],
    [R_AARCH64_TLS_TPREL64, DO_TP_OFFSET],
    [R_AARCH64_TLSDESC, DO_DESCRIPTOR],
    [R_AARCH64_IRELATIVE, DO_INDIRECT],
  ],
  SIZE,
);

const CLASSES: readonly (readonly [type: number, value: number])[] = [
  [R_AARCH64_JUMP_SLOT, CLASS_PLT],
  [R_AARCH64_TLS_DTPMOD64, CLASS_PLT],
  [R_AARCH64_TLS_DTPREL64, CLASS_PLT],
  [R_AARCH64_TLS_TPREL64, CLASS_PLT],
  [R_AARCH64_TLSDESC, CLASS_PLT],
  [R_AARCH64_COPY, CLASS_COPY],
];

/** hint #34, a landing pad for indirect branches (`bti c`). */
const BTI_C: readonly number[] = [0x5f, 0x24, 0x03, 0xd5];
/** What stands there in a glibc that was built without them. */
const NOP: readonly number[] = [0x1f, 0x20, 0x03, 0xd5];
/** stp x16, x30, [sp, #-16]!: PLT0 begins so. */
const PUSH_X16_X30 = 0xa9bf7bf0;
/** The slots of .got.plt follow three words. */
const GOT_HEADER = 24;

/** An unbound slot holds PLT0, which finds the slot's address in x16. */
function stubAt(read: ReadMemory, { site, value, got }: UnboundSlot): PltStub | undefined {
  const code = new Uint8Array(8);
  if (got === undefined || !read(value, code)) return undefined;
  const at = BTI_C.every((byte, i) => code[i] === byte) ? 4 : 0;
  if (new DataView(code.buffer).getUint32(at, true) !== PUSH_X16_X30) return undefined;
  const index = (site - got - GOT_HEADER) / 8;
  if (!Number.isInteger(index) || index < 0) return undefined;
  return { index, plt0: value, push: undefined, pushed: undefined };
}

export const AARCH64_LOADER: LoaderRecord = {
  name: "aarch64",
  facts: AARCH64_FACTS,
  identity: WITHOUT_IFUNC_IDENTITY,
  interpreters: { glibc: ["/lib/ld-linux-aarch64.so.1"], musl: ["/lib/ld-musl-aarch64.so.1"] },
  relocations: {
    glibc: KINDS,
    musl: without(KINDS, [R_AARCH64_ABS32, R_AARCH64_IRELATIVE]),
    plain: typeSet([R_AARCH64_NONE, R_AARCH64_RELATIVE, R_AARCH64_IRELATIVE], SIZE),
    lazy: typeSet([R_AARCH64_JUMP_SLOT, R_AARCH64_TLSDESC, R_AARCH64_IRELATIVE], SIZE),
    classes: typeColumn(CLASSES, SIZE),
    oldClasses: typeColumn([...CLASSES, [R_AARCH64_GLOB_DAT, CLASS_SLOT]], SIZE),
  },
  got: {
    words: [
      { index: 1, meaning: "link-map" },
      { index: 2, meaning: "resolver" },
    ],
    always: false,
  },
  plt: { tells: "slot", stubAt },
  descriptors: {
    functionFirst: true,
    // ldr x0, [x0, #8]; ret
    static: [0x00, 0x04, 0x40, 0xf9, 0xc0, 0x03, 0x5f, 0xd6],
    // str x1, [sp, #-16]!; ldr x0, [x0, #8]; mrs x1, tpidr_el0; sub x0, x0, x1; ldr x1, [sp], #16; ret
    undefinedWeak: [
      0xe1, 0x0f, 0x1f, 0xf8, 0x00, 0x04, 0x40, 0xf9, 0x41, 0xd0, 0x3b, 0xd5, 0x00, 0x00, 0x01, 0xcb, 0xe1, 0x07, 0x41,
      0xf8, 0xc0, 0x03, 0x5f, 0xd6,
    ],
    prefixes: [BTI_C, NOP],
    alignment: 4,
  },
  search: {
    directories: searchDirectories("aarch64-linux-gnu"),
    cacheFlags: [0xa03],
    levels: [],
    // HWCAP_IMPORTANT (sysdeps/unix/sysv/linux/aarch64/dl-procinfo.h): only the atomics of Armv8.1 have a directory.
    legacy: ({ hwcaps }) => (hwcaps.includes("atomics") ? [{ bit: 8, name: "atomics" }] : []),
    legacyPlatforms: [],
    charIsSigned: false,
    muslNames: ["aarch64"],
    // AT_PLATFORM, the same on all CPUs.
    platform: () => "aarch64",
  },
  // Of 48 bits, with ELF_ET_DYN_BASE at two thirds, a multiple of 64 KiB as programs are aligned.
  space: {
    program: 0xaaaa_aaaa_0000,
    top: 0xffff_f800_0000,
    entropy: 18,
    kernel: 0x4000,
    loader: 0x2000,
    end: 0x1_0000_0000_0000,
  },
  pageSizes: [0x1000, 0x4000, 0x1_0000],
  tcbAlignment: 32,
  stackIsExecutable: false,
  firstGlibc: [2, 17],
};
