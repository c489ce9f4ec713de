// 64-bit LoongArch as glibc's sysdeps/loongarch and musl's arch/loongarch64 have it (lp64d).

import { LOONGARCH64_FACTS } from "../../arch/loongarch64/facts.ts";
import {
  R_LARCH_64,
  R_LARCH_COPY,
  R_LARCH_IRELATIVE,
  R_LARCH_JUMP_SLOT,
  R_LARCH_NONE,
  R_LARCH_RELATIVE,
  R_LARCH_TLS_DESC64,
  R_LARCH_TLS_DTPMOD64,
  R_LARCH_TLS_DTPREL64,
  R_LARCH_TLS_TPREL64,
} from "../../arch/loongarch64/relocations.ts";
import { searchDirectories } from "./directories.ts";
import {
  CLASS_COPY,
  CLASS_PLT,
  DO_BLOCK_OFFSET,
  DO_COPY,
  DO_DESCRIPTOR,
  DO_INDIRECT,
  DO_MODULE,
  DO_NOTHING,
  DO_RELATIVE,
  DO_TP_OFFSET,
  DO_WORD,
  DO_WORD_DEFINED,
  typeColumn,
  typeSet,
} from "./kinds.ts";
import type { LoaderRecord, PltStub, ReadMemory, UnboundSlot } from "./record.ts";

const COMMON: readonly (readonly [type: number, value: number])[] = [
  [R_LARCH_NONE, DO_NOTHING],
  [R_LARCH_RELATIVE, DO_RELATIVE],
  [R_LARCH_COPY, DO_COPY],
  [R_LARCH_TLS_DTPMOD64, DO_MODULE],
  [R_LARCH_TLS_DTPREL64, DO_BLOCK_OFFSET],
  [R_LARCH_TLS_TPREL64, DO_TP_OFFSET],
  [R_LARCH_TLS_DESC64, DO_DESCRIPTOR],
];

const CLASSES: Uint8Array = typeColumn([
  [R_LARCH_JUMP_SLOT, CLASS_PLT],
  [R_LARCH_TLS_DTPMOD64, CLASS_PLT],
  [R_LARCH_TLS_DTPREL64, CLASS_PLT],
  [R_LARCH_TLS_TPREL64, CLASS_PLT],
  [R_LARCH_TLS_DESC64, CLASS_PLT],
  [R_LARCH_COPY, CLASS_COPY],
]);

/** The slots of .got.plt follow two words. */
const GOT_HEADER = 16;
/** PLT0 begins: pcalau12i or pcaddu12i $t2, hi; sub.d $t1, $t1, $t3. */
const PC_TO_T2: readonly number[] = [0x1a00_000e, 0x1c00_000e];
const SUB_T1_T1_T3 = 0x0011_bdad;

/** An unbound slot holds PLT0, which finds in $t1 how far behind it the entry is, and from that the slot's offset. */
function stubAt(read: ReadMemory, { site, value, got }: UnboundSlot): PltStub | undefined {
  const code = new DataView(new ArrayBuffer(8));
  if (got === undefined || !read(value, new Uint8Array(code.buffer))) return undefined;
  if (!PC_TO_T2.includes(code.getUint32(0, true) & 0xfe00_001f) || code.getUint32(4, true) !== SUB_T1_T1_T3)
    return undefined;
  const index = (site - got - GOT_HEADER) / 8;
  if (!Number.isInteger(index) || index < 0) return undefined;
  return { index, plt0: value, push: undefined, pushed: undefined };
}

const FLOAT_ABIS = ["", "soft-float", "single-float", "double-float"];
export const LOONGARCH64_LOADER: LoaderRecord = {
  name: "loongarch64",
  facts: LOONGARCH64_FACTS,
  // sysdeps/loongarch/dl-machine.h, elf_machine_matches_host: the ABI modifier is the host's, which the loader's name tells.
  refusesFlags: (flags, interpreter) => {
    const [found, own] = [flags & 7, interpreter.endsWith("-lp64s.so.1") ? 1 : 3];
    return found === own ? undefined : `LoongArch ${FLOAT_ABIS[found] ?? ""}`.trim();
  },
  interpreters: {
    glibc: ["/lib64/ld-linux-loongarch-lp64d.so.1", "/lib64/ld-linux-loongarch-lp64s.so.1"],
    musl: ["/lib/ld-musl-loongarch64.so.1", "/lib/ld-musl-loongarch64-sp.so.1", "/lib/ld-musl-loongarch64-sf.so.1"],
  },
  relocations: {
    glibc: typeColumn([
      ...COMMON,
      [R_LARCH_64, DO_WORD_DEFINED],
      [R_LARCH_JUMP_SLOT, DO_WORD_DEFINED],
      [R_LARCH_IRELATIVE, DO_INDIRECT],
    ]),
    musl: typeColumn([...COMMON, [R_LARCH_64, DO_WORD], [R_LARCH_JUMP_SLOT, DO_WORD]]),
    plain: typeSet([R_LARCH_NONE, R_LARCH_RELATIVE, R_LARCH_IRELATIVE]),
    lazy: typeSet([R_LARCH_JUMP_SLOT, R_LARCH_TLS_DESC64]),
    classes: CLASSES,
    oldClasses: CLASSES,
  },
  got: {
    words: [
      { index: 0, meaning: "resolver" },
      { index: 1, meaning: "link-map" },
    ],
    always: true,
  },
  plt: { tells: "entry", stubAt },
  descriptors: {
    functionFirst: true,
    // ld.d $a0, $a0, 8; ret
    static: [0x84, 0x20, 0xc0, 0x28, 0x20, 0x00, 0x00, 0x4c],
    // ld.d $a0, $a0, 8; sub.d $a0, $a0, $tp; ret
    undefinedWeak: [0x84, 0x20, 0xc0, 0x28, 0x84, 0x88, 0x11, 0x00, 0x20, 0x00, 0x00, 0x4c],
    prefixes: [],
    alignment: 4,
  },
  search: {
    directories: searchDirectories("loongarch64-linux-gnu"),
    cacheFlags: [0x1203],
    levels: [],
    legacy: () => [],
    legacyPlatforms: [],
    charIsSigned: true,
    muslNames: ["loongarch64", "loongarch64-sp", "loongarch64-sf"],
    // AT_PLATFORM, the same on all CPUs.
    platform: () => "loongarch",
  },
  // Of 47 bits, programs at two thirds; pages of 16 KiB.
  space: {
    program: 0x5555_5555_4000,
    top: 0x7fff_f800_0000,
    entropy: 12,
    kernel: 0x8000,
    loader: 0x4000,
    end: 0x8000_0000_0000,
  },
  pageSizes: [0x4000, 0x1000, 0x1_0000],
  tcbAlignment: 32,
  stackIsExecutable: false,
  firstGlibc: [2, 36],
};
