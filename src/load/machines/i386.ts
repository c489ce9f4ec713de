// i386 as glibc's sysdeps/i386 and musl's arch/i386 have it.

import { I386_FACTS } from "../../arch/i386/facts.ts";
import {
  R_386_32,
  R_386_COPY,
  R_386_GLOB_DAT,
  R_386_IRELATIVE,
  R_386_JUMP_SLOT,
  R_386_NONE,
  R_386_PC32,
  R_386_RELATIVE,
  R_386_SIZE32,
  R_386_TLS_DESC,
  R_386_TLS_DTPMOD32,
  R_386_TLS_DTPOFF32,
  R_386_TLS_TPOFF,
  R_386_TLS_TPOFF32,
} from "../../arch/i386/relocations.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  CLASS_SLOT,
  DO_BLOCK_OFFSET_ALONE,
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INDIRECT,
  DO_MODULE,
  DO_NOTHING,
  DO_PC32,
  DO_RELATIVE,
  DO_SIZE,
  DO_SLOT,
  DO_TP_OFFSET,
  DO_TP_OFFSET_NEGATED,
  DO_WORD,
  typeColumn,
  typeSet,
  without,
} from "./kinds.ts";
import type { LoaderRecord } from "./record.ts";
import { ENDBR32, pushingStub, X86_GOT } from "./x86.ts";

const KINDS: Uint8Array = typeColumn([
  [R_386_NONE, DO_NOTHING],
  [R_386_RELATIVE, DO_RELATIVE],
  [R_386_GLOB_DAT, DO_SLOT],
  [R_386_JUMP_SLOT, DO_SLOT],
  [R_386_32, DO_WORD],
  [R_386_PC32, DO_PC32],
  [R_386_COPY, DO_COPY],
  [R_386_TLS_DTPMOD32, DO_MODULE],
  [R_386_TLS_DTPOFF32, DO_BLOCK_OFFSET_ALONE],
  [R_386_TLS_TPOFF, DO_TP_OFFSET],
  [R_386_TLS_TPOFF32, DO_TP_OFFSET_NEGATED],
  [R_386_TLS_DESC, DO_DESCRIPTOR],
  [R_386_SIZE32, DO_SIZE],
  [R_386_IRELATIVE, DO_INDIRECT],
]);

const CLASSES: readonly (readonly [type: number, value: number])[] = [
  [R_386_JUMP_SLOT, CLASS_PLT],
  [R_386_TLS_DTPMOD32, CLASS_PLT],
  [R_386_TLS_DTPOFF32, CLASS_PLT],
  [R_386_TLS_TPOFF, CLASS_PLT],
  [R_386_TLS_TPOFF32, CLASS_PLT],
  [R_386_TLS_DESC, CLASS_PLT],
  [R_386_COPY, CLASS_COPY],
];

/** Bytes of an entry of DT_JMPREL: Elf32_Rel. */
const REL = 8;

export const I386_LOADER: LoaderRecord = {
  name: "i386",
  facts: I386_FACTS,
  interpreters: { glibc: ["/lib/ld-linux.so.2"], musl: ["/lib/ld-musl-i386.so.1"] },
  relocations: {
    glibc: KINDS,
    musl: without(KINDS, [R_386_SIZE32, R_386_IRELATIVE]),
    plain: typeSet([R_386_NONE, R_386_RELATIVE, R_386_IRELATIVE]),
    lazy: typeSet([R_386_JUMP_SLOT, R_386_TLS_DESC, R_386_IRELATIVE]),
    classes: typeColumn(CLASSES),
    oldClasses: typeColumn([...CLASSES, [R_386_GLOB_DAT, CLASS_SLOT]]),
  },
  got: X86_GOT,
  plt: {
    tells: "offset",
    stubAt: (read, slot) => {
      const stub = pushingStub(read, slot);
      return stub && { ...stub, plt0: stub.plt0 >>> 0, index: (stub.pushed ?? 0) / REL };
    },
  },
  descriptors: {
    functionFirst: true,
    // mov 4(%eax), %eax; ret
    static: [0x8b, 0x40, 0x04, 0xc3],
    // mov 4(%eax), %eax; sub %gs:0, %eax; ret
    undefinedWeak: [0x8b, 0x40, 0x04, 0x65, 0x2b, 0x05, 0, 0, 0, 0, 0xc3],
    prefixes: [ENDBR32],
    alignment: 16,
    // Then: mov 4(%eax), %eax; push %edx; mov %gs:…
    musl: { code: [0x8b, 0x40, 0x04, 0xc3, 0x8b, 0x40, 0x04, 0x52, 0x65, 0x8b, 0x15], alignment: 1 },
  },
  checksResolvers: true,
  search: {
    directories: {
      debian: ["/lib/i386-linux-gnu/", "/usr/lib/i386-linux-gnu/", "/lib/", "/usr/lib/"],
      "debian-biarch": ["/lib32/", "/usr/lib32/", "/lib/", "/usr/lib/"],
      lib64: ["/lib/", "/usr/lib/"],
      lib: ["/lib32/", "/usr/lib32/"],
      musl: ["/lib/", "/usr/local/lib/", "/usr/lib/"],
    },
    cacheFlags: [3],
    levels: [],
    legacy: () => [{ bit: 0, name: "sse2" }],
    legacyPlatforms: ["i586", "i686", "haswell", "xeon_phi"],
    charIsSigned: true,
    muslNames: ["i386"],
    // The same for all CPUs of this century (sysdeps/x86/cpu-features.c).
    platform: () => "i686",
  },
  // Of a 64-bit kernel.
  space: { program: 0x5655_5000, top: 0xf7ff_e000, entropy: 8, kernel: 0x8000, loader: 0x2000, end: 0xffff_e000 },
  pageSizes: [0x1000],
  tcbAlignment: 64,
  stackIsExecutable: true,
  firstGlibc: [2, 0],
};
