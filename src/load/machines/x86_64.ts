// x86-64 as glibc's sysdeps/x86_64 and musl's arch/x86_64 have it.

import { X86_64_FACTS } from "../../arch/x86_64/facts.ts";
import {
  R_X86_64_32,
  R_X86_64_64,
  R_X86_64_COPY,
  R_X86_64_DTPMOD64,
  R_X86_64_DTPOFF64,
  R_X86_64_GLOB_DAT,
  R_X86_64_IRELATIVE,
  R_X86_64_JUMP_SLOT,
  R_X86_64_NONE,
  R_X86_64_PC32,
  R_X86_64_RELATIVE,
  R_X86_64_RELATIVE64,
  R_X86_64_SIZE32,
  R_X86_64_SIZE64,
  R_X86_64_TLSDESC,
  R_X86_64_TPOFF64,
} from "../../arch/x86_64/relocations.ts";
import { searchDirectories } from "./directories.ts";
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
  DO_PC32,
  DO_RELATIVE,
  DO_SIZE,
  DO_SIZE32,
  DO_SLOT,
  DO_TP_OFFSET,
  DO_WORD,
  DO_WORD32,
  typeColumn,
  typeSet,
  without,
} from "./kinds.ts";
import type { LoaderRecord } from "./record.ts";
import { ENDBR64, pushingStub, X86_GOT } from "./x86.ts";

const KINDS: Uint8Array = typeColumn([
  [R_X86_64_NONE, DO_NOTHING],
  [R_X86_64_RELATIVE, DO_RELATIVE],
  [R_X86_64_GLOB_DAT, DO_SLOT],
  [R_X86_64_JUMP_SLOT, DO_SLOT],
  [R_X86_64_64, DO_WORD],
  [R_X86_64_32, DO_WORD32],
  [R_X86_64_PC32, DO_PC32],
  [R_X86_64_COPY, DO_COPY],
  [R_X86_64_DTPMOD64, DO_MODULE],
  [R_X86_64_DTPOFF64, DO_BLOCK_OFFSET],
  [R_X86_64_TPOFF64, DO_TP_OFFSET],
  [R_X86_64_TLSDESC, DO_DESCRIPTOR],
  [R_X86_64_SIZE64, DO_SIZE],
  [R_X86_64_SIZE32, DO_SIZE32],
  [R_X86_64_IRELATIVE, DO_INDIRECT],
]);

const CLASSES: readonly (readonly [type: number, value: number])[] = [
  [R_X86_64_JUMP_SLOT, CLASS_PLT],
  [R_X86_64_DTPMOD64, CLASS_PLT],
  [R_X86_64_DTPOFF64, CLASS_PLT],
  [R_X86_64_TPOFF64, CLASS_PLT],
  [R_X86_64_TLSDESC, CLASS_PLT],
  [R_X86_64_COPY, CLASS_COPY],
];

export const X86_64_LOADER: LoaderRecord = {
  name: "x86-64",
  facts: X86_64_FACTS,
  interpreters: { glibc: ["/lib64/ld-linux-x86-64.so.2"], musl: ["/lib/ld-musl-x86_64.so.1"] },
  relocations: {
    glibc: KINDS,
    // The rest is "unsupported relocation type", also where it names no symbol.
    musl: without(KINDS, [R_X86_64_32, R_X86_64_SIZE64, R_X86_64_SIZE32, R_X86_64_IRELATIVE]),
    plain: typeSet([R_X86_64_NONE, R_X86_64_RELATIVE, R_X86_64_RELATIVE64, R_X86_64_IRELATIVE]),
    lazy: typeSet([R_X86_64_JUMP_SLOT, R_X86_64_TLSDESC, R_X86_64_IRELATIVE]),
    classes: typeColumn(CLASSES),
    oldClasses: typeColumn([...CLASSES, [R_X86_64_GLOB_DAT, CLASS_SLOT]]),
  },
  got: X86_GOT,
  plt: {
    tells: "index",
    stubAt: (read, slot) => {
      const stub = pushingStub(read, slot);
      return stub && { ...stub, index: stub.pushed ?? 0 };
    },
  },
  descriptors: {
    functionFirst: true,
    // mov 8(%rax), %rax; ret
    static: [0x48, 0x8b, 0x40, 0x08, 0xc3],
    // mov 8(%rax), %rax; sub %fs:0, %rax; ret
    undefinedWeak: [0x48, 0x8b, 0x40, 0x08, 0x64, 0x48, 0x2b, 0x04, 0x25, 0, 0, 0, 0, 0xc3],
    prefixes: [ENDBR64],
    alignment: 16,
    // Then: mov 8(%rax), %rax; push %rdx; mov %fs:…
    musl: {
      code: [0x48, 0x8b, 0x40, 0x08, 0xc3, 0x48, 0x8b, 0x40, 0x08, 0x52, 0x64, 0x48, 0x8b, 0x14, 0x25],
      alignment: 1,
    },
  },
  checksResolvers: true,
  search: {
    directories: searchDirectories("x86_64-linux-gnu"),
    cacheFlags: [0x303],
    levels: ["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"],
    // avx512_1 is only said of Intel's CPUs (sysdeps/x86/cpu-features.c, dl-procinfo.c).
    legacy: ({ hwcaps, platform }) => {
      const hasAvx512 = platform === "haswell" && hwcaps.includes("x86-64-v4");
      return hasAvx512
        ? [
            { bit: 1, name: "x86_64" },
            { bit: 2, name: "avx512_1" },
          ]
        : [{ bit: 1, name: "x86_64" }];
    },
    legacyPlatforms: ["i586", "i686", "haswell", "xeon_phi"],
    charIsSigned: true,
    muslNames: ["x86_64"],
    platform: (cpu) => cpu ?? "x86_64",
  },
  space: {
    program: 0x5555_5555_4000,
    top: 0x7fff_f7ff_f000,
    entropy: 28,
    kernel: 0x8000,
    loader: 0x2000,
    end: 0x7fff_ffff_f000,
  },
  pageSizes: [0x1000],
  // For XMM state.
  tcbAlignment: 64,
  stackIsExecutable: true,
  firstGlibc: [2, 2, 5],
};
