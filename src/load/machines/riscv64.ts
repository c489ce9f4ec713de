// 64-bit RISC-V as glibc's sysdeps/riscv and musl's arch/riscv64 have it (lp64d).

import { RISCV64_FACTS } from "../../arch/riscv64/facts.ts";
import {
  R_RISCV_64,
  R_RISCV_COPY,
  R_RISCV_IRELATIVE,
  R_RISCV_JUMP_SLOT,
  R_RISCV_NONE,
  R_RISCV_RELATIVE,
  R_RISCV_TLS_DTPMOD64,
  R_RISCV_TLS_DTPREL64,
  R_RISCV_TLS_TPREL64,
  R_RISCV_TLSDESC,
} from "../../arch/riscv64/relocations.ts";
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
  [R_RISCV_NONE, DO_NOTHING],
  [R_RISCV_RELATIVE, DO_RELATIVE],
  [R_RISCV_COPY, DO_COPY],
  [R_RISCV_TLS_DTPMOD64, DO_MODULE],
  [R_RISCV_TLS_DTPREL64, DO_BLOCK_OFFSET],
  [R_RISCV_TLS_TPREL64, DO_TP_OFFSET],
];

const CLASSES: Uint8Array = typeColumn([
  [R_RISCV_JUMP_SLOT, CLASS_PLT],
  [R_RISCV_TLS_DTPMOD64, CLASS_PLT],
  [R_RISCV_TLS_DTPREL64, CLASS_PLT],
  [R_RISCV_TLS_TPREL64, CLASS_PLT],
  [R_RISCV_COPY, CLASS_COPY],
]);

/** The slots of .got.plt follow two words. */
const GOT_HEADER = 16;
/** PLT0 begins: auipc t2, hi; sub t1, t1, t3. */
const AUIPC_T2 = 0x397;
const SUB_T1_T1_T3 = 0x41c3_0333;

/** An unbound slot holds PLT0, which finds in t1 how far behind it the entry is, and from that the slot's offset. */
function stubAt(read: ReadMemory, { site, value, got }: UnboundSlot): PltStub | undefined {
  const code = new DataView(new ArrayBuffer(8));
  if (got === undefined || !read(value, new Uint8Array(code.buffer))) return undefined;
  if ((code.getUint32(0, true) & 0xfff) !== AUIPC_T2 || code.getUint32(4, true) !== SUB_T1_T1_T3) return undefined;
  const index = (site - got - GOT_HEADER) / 8;
  if (!Number.isInteger(index) || index < 0) return undefined;
  return { index, plt0: value, push: undefined, pushed: undefined };
}

const FLOAT_ABIS = ["soft-float", "single-float", "double-float", "quad-float"];
export const RISCV64_LOADER: LoaderRecord = {
  name: "riscv64",
  facts: RISCV64_FACTS,
  // sysdeps/riscv/dl-machine.h, elf_machine_matches_host: EF_RISCV_FLOAT_ABI is the host's, which the loader's name tells.
  refusesFlags: (flags, interpreter) => {
    const [found, own] = [(flags >> 1) & 3, interpreter.endsWith("-lp64.so.1") ? 0 : 2];
    return found === own ? undefined : `RISC-V ${FLOAT_ABIS[found]}`;
  },
  interpreters: {
    glibc: ["/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-linux-riscv64-lp64.so.1"],
    musl: ["/lib/ld-musl-riscv64.so.1", "/lib/ld-musl-riscv64-sp.so.1", "/lib/ld-musl-riscv64-sf.so.1"],
  },
  indentsCopyWarning: true,
  relocations: {
    // Descriptors are known to no glibc up to 2.43.
    glibc: typeColumn([
      ...COMMON,
      [R_RISCV_64, DO_WORD_DEFINED],
      [R_RISCV_JUMP_SLOT, DO_WORD_DEFINED],
      [R_RISCV_IRELATIVE, DO_INDIRECT],
    ]),
    musl: typeColumn([
      ...COMMON,
      [R_RISCV_64, DO_WORD],
      [R_RISCV_JUMP_SLOT, DO_WORD],
      [R_RISCV_TLSDESC, DO_DESCRIPTOR],
    ]),
    plain: typeSet([R_RISCV_NONE, R_RISCV_RELATIVE, R_RISCV_IRELATIVE]),
    lazy: typeSet([R_RISCV_JUMP_SLOT, R_RISCV_IRELATIVE]),
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
  // For the register gp.
  programSymbol: "__global_pointer$",
  leavesDynamic: true,
  plt: { tells: "entry", stubAt },
  descriptors: {
    functionFirst: true,
    // musl's: ld a0, 8(a0); jr t0
    static: [0x08, 0x65, 0x82, 0x82],
    undefinedWeak: [],
    prefixes: [],
    alignment: 2,
  },
  search: {
    directories: searchDirectories("riscv64-linux-gnu", ["/lib64/lp64d/", "/usr/lib64/lp64d/"]),
    cacheFlags: [0x1003],
    levels: [],
    legacy: () => [],
    legacyPlatforms: [],
    charIsSigned: false,
    muslNames: ["riscv64", "riscv64-sp", "riscv64-sf"],
    // Linux says no AT_PLATFORM.
    platform: (cpu) => cpu,
  },
  // Of 39 bits (Sv39), which every such processor has; programs at two thirds.
  space: {
    program: 0x2a_aaaa_a000,
    top: 0x3f_f800_0000,
    entropy: 18,
    kernel: 0x4000,
    loader: 0x2000,
    end: 0x40_0000_0000,
  },
  pageSizes: [0x1000],
  tcbAlignment: 32,
  stackIsExecutable: false,
  firstGlibc: [2, 27],
};
