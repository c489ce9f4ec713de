// 32-bit Arm as glibc's sysdeps/arm and musl's arch/arm have it. Hard and soft float are two ABIs of one machine:
// directories, caches and the dynamic linkers' names tell them apart, so each has a record, and glibc's loaders pass over the other's files.

import { ARM_FACTS } from "../../arch/arm/facts.ts";
import {
  R_ARM_ABS32,
  R_ARM_COPY,
  R_ARM_GLOB_DAT,
  R_ARM_IRELATIVE,
  R_ARM_JUMP_SLOT,
  R_ARM_NONE,
  R_ARM_PC24,
  R_ARM_RELATIVE,
  R_ARM_TLS_DESC,
  R_ARM_TLS_DTPMOD32,
  R_ARM_TLS_DTPOFF32,
  R_ARM_TLS_TPOFF32,
} from "../../arch/arm/relocations.ts";
import { searchDirectories } from "./directories.ts";
import { ARM_IDENTITY } from "./identity.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  CLASS_SLOT,
  DO_BLOCK_OFFSET,
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INDIRECT,
  DO_INSTRUCTION,
  DO_MODULE,
  DO_NOTHING,
  DO_RELATIVE,
  DO_SLOT,
  DO_TP_OFFSET,
  DO_WORD,
  typeColumn,
  typeSet,
  without,
} from "./kinds.ts";
import type {
  DescriptorRules,
  InstructionRule,
  LoaderRecord,
  PltStub,
  ReadMemory,
  SearchRules,
  UnboundSlot,
} from "./record.ts";

const KINDS: Uint8Array = typeColumn([
  [R_ARM_NONE, DO_NOTHING],
  [R_ARM_RELATIVE, DO_RELATIVE],
  [R_ARM_GLOB_DAT, DO_SLOT],
  [R_ARM_JUMP_SLOT, DO_SLOT],
  [R_ARM_ABS32, DO_WORD],
  [R_ARM_COPY, DO_COPY],
  [R_ARM_TLS_DTPMOD32, DO_MODULE],
  [R_ARM_TLS_DTPOFF32, DO_BLOCK_OFFSET],
  [R_ARM_TLS_TPOFF32, DO_TP_OFFSET],
  [R_ARM_TLS_DESC, DO_DESCRIPTOR],
  [R_ARM_IRELATIVE, DO_INDIRECT],
  [R_ARM_PC24, DO_INSTRUCTION],
]);

/** The branch of old objects, which reaches 32 MiB; beyond, ld.so sends it through a page that it maps for that (relocate_pc24). */
const BRANCH: InstructionRule = {
  name: "R_ARM_PC24",
  bytes: 4,
  write(view, at, low, _, place) {
    const word = view.getUint32(at, true);
    const distance = (low + ((word << 8) >> 6) - place) | 0;
    const top = distance & 0xfe00_0000;
    if (top !== 0 && top !== (0xfe00_0000 | 0)) return false;
    view.setUint32(at, (word & 0xff00_0000) | ((distance >>> 2) & 0x00ff_ffff), true);
    return true;
  },
};

const CLASSES: readonly (readonly [type: number, value: number])[] = [
  [R_ARM_JUMP_SLOT, CLASS_PLT],
  [R_ARM_TLS_DTPMOD32, CLASS_PLT],
  [R_ARM_TLS_DTPOFF32, CLASS_PLT],
  [R_ARM_TLS_TPOFF32, CLASS_PLT],
  [R_ARM_TLS_DESC, CLASS_PLT],
  [R_ARM_COPY, CLASS_COPY],
];

/** str lr, [sp, #-4]!: PLT0 begins so, GNU ld's and lld's. */
const PUSH_LR = 0xe52de004;
/** The slots of .got.plt follow three words. */
const GOT_HEADER = 12;

/** An unbound slot holds PLT0, which finds the slot's address in ip. */
function stubAt(read: ReadMemory, { site, value, got }: UnboundSlot): PltStub | undefined {
  const code = new Uint8Array(4);
  if (got === undefined || !read(value, code)) return undefined;
  if (new DataView(code.buffer).getUint32(0, true) !== PUSH_LR) return undefined;
  const index = (site - got - GOT_HEADER) / 4;
  if (!Number.isInteger(index) || index < 0) return undefined;
  return { index, plt0: value, push: undefined, pushed: undefined };
}

/** EF_ARM_ABI_FLOAT_SOFT. Files that say neither are older than the difference. */
const SOFT_FLOAT = 0x200;

/** EF_ARM_ABI_FLOAT_HARD. */
const HARD_FLOAT = 0x400;

/**
 * Measured with glibc 2.36 of both: a file of version 5 of the EABI with the other's flag is passed over, whatever else it has. In files of
 * older versions the bits mean something else.
 */
function refusing(flag: number, name: string): (flags: number) => string | undefined {
  return (flags) => (flags >>> 24 === 5 && (flags & flag) !== 0 ? name : undefined);
}

const SEARCH: SearchRules = {
  directories: searchDirectories("arm-linux-gnueabihf", ["/lib/", "/usr/lib/"]),
  // Files without a mark of either ABI are in the cache as 3 (sysdeps/unix/sysv/linux/arm/dl-cache.h).
  cacheFlags: [0x903, 3],
  levels: [],
  // HWCAP_IMPORTANT (sysdeps/unix/sysv/linux/arm/dl-procinfo.h).
  legacy: ({ hwcaps }) =>
    [
      { bit: 6, name: "vfp" },
      { bit: 12, name: "neon" },
    ].filter(({ name }) => hwcaps.includes(name)),
  legacyPlatforms: [],
  charIsSigned: false,
  muslNames: ["armhf"],
  // AT_PLATFORM: v7l; v8l under a kernel of aarch64.
  platform: (cpu) => cpu ?? "v7l",
};

const DESCRIPTORS: DescriptorRules = {
  functionFirst: false,
  // ldr r0, [r0]; bx lr
  static: [0x00, 0x00, 0x90, 0xe5, 0x1e, 0xff, 0x2f, 0xe1],
  // mrc p15, 0, r0, c13, c0, 3; rsb r0, r0, #0; bx lr
  undefinedWeak: [0x70, 0x0f, 0x1d, 0xee, 0x00, 0x00, 0x60, 0xe2, 0x1e, 0xff, 0x2f, 0xe1],
  // push {r2, r3, ip, lr} follows.
  musl: { code: [0x00, 0x00, 0x90, 0xe5, 0x1e, 0xff, 0x2f, 0xe1, 0x0c, 0x50, 0x2d, 0xe9], alignment: 4 },
  addendWithoutSymbol: true,
  prefixes: [],
  alignment: 4,
  // The same in Thumb, as Debian builds it.
  odd: {
    static: [0x00, 0x68, 0x70, 0x47],
    undefinedWeak: [0x1d, 0xee, 0x70, 0x0f, 0xc0, 0xf1, 0x00, 0x00, 0x70, 0x47],
    musl: { code: [0x00, 0x68, 0x70, 0x47, 0x2d, 0xe9, 0x0c, 0x50], alignment: 2 },
    alignment: 2,
  },
};

/** `_dl_tlsdesc_undefweak` of processors before ARMv6K, which ask the kernel's helper at 0xffff0fe0 for the thread pointer. */
const UNDEFINED_WEAK_BY_KERNEL: readonly number[] = [
  0x0e, 0x10, 0xa0, 0xe1, 0x0f, 0x0a, 0xe0, 0xe3, 0x0f, 0xe0, 0xa0, 0xe1, 0x1f, 0xf0, 0x40, 0xe2, 0x01, 0xe0, 0xa0,
  0xe1, 0x00, 0x00, 0x60, 0xe2, 0x1e, 0xff, 0x2f, 0xe1,
];

export const ARM_LOADER: LoaderRecord = {
  name: "arm",
  facts: ARM_FACTS,
  isOwn: (flags) => (flags & SOFT_FLOAT) === 0,
  refusesFlags: refusing(SOFT_FLOAT, "ARM soft-float"),
  identity: ARM_IDENTITY,
  interpreters: { glibc: ["/lib/ld-linux-armhf.so.3"], musl: ["/lib/ld-musl-armhf.so.1"] },
  relocations: {
    glibc: KINDS,
    musl: without(KINDS, [R_ARM_IRELATIVE, R_ARM_PC24]),
    plain: typeSet([R_ARM_NONE, R_ARM_RELATIVE, R_ARM_IRELATIVE]),
    lazy: typeSet([R_ARM_JUMP_SLOT, R_ARM_TLS_DESC]),
    classes: typeColumn(CLASSES),
    oldClasses: typeColumn([...CLASSES, [R_ARM_GLOB_DAT, CLASS_SLOT]]),
    instructions: new Map([[R_ARM_PC24, BRANCH]]),
  },
  got: {
    words: [
      { index: 1, meaning: "link-map" },
      { index: 2, meaning: "resolver" },
    ],
    always: false,
  },
  plt: { tells: "slot", stubAt },
  descriptors: DESCRIPTORS,
  search: SEARCH,
  // Of a 32-bit kernel with the usual three gigabytes for processes: programs at ELF_ET_DYN_BASE, libraries 128 MiB and more below
  // the end (mm/util.c, mmap_base).
  space: { program: 0x40_0000, top: 0xb700_0000, entropy: 8, kernel: 0, loader: 0x2000, end: 0xbf00_0000 },
  // Kernels of aarch64 run these programs too: the Raspberry Pi 5's has pages of 16 KiB.
  pageSizes: [0x1000, 0x4000],
  tcbAlignment: 32,
  stackIsExecutable: true,
  firstGlibc: [2, 4],
};

export const ARMEL_LOADER: LoaderRecord = {
  ...ARM_LOADER,
  name: "armel",
  descriptors: { ...DESCRIPTORS, undefinedWeak: UNDEFINED_WEAK_BY_KERNEL },
  isOwn: (flags) => (flags & SOFT_FLOAT) !== 0,
  refusesFlags: refusing(HARD_FLOAT, "ARM hard-float"),
  interpreters: { glibc: ["/lib/ld-linux.so.3"], musl: ["/lib/ld-musl-arm.so.1"] },
  search: {
    ...SEARCH,
    directories: searchDirectories("arm-linux-gnueabi", ["/lib/", "/usr/lib/"]),
    cacheFlags: [0xb03, 3],
    muslNames: ["arm"],
  },
};
