// x86-64 as a Machine.

import { SHF_X86_64_LARGE } from "../../elf/constants.ts";
import { fillLongNops } from "../fill.ts";
import type { Machine } from "../machine.ts";
import { X86_64_FACTS } from "./facts.ts";
import { X86_64_PLT } from "./plt.ts";
import { keepsGotLoad, relaxedLoadHolds, relaxedRelocation, relaxGotLoad, writeRelaxedGotLoad } from "./relax.ts";
import { X86_64_RELOCATIONS } from "./relocations.ts";
import { checkTls, writeTls } from "./tls.ts";

export const X86_64: Machine = {
  ...X86_64_FACTS,
  maxPageSize: 0x1000,
  commonPageSize: 0x1000,
  textSegment: 0x40_0000,
  interpreter: "/lib64/ld-linux-x86-64.so.2",
  bfdName: "elf64-x86-64",
  emulation: "elf_x86_64",
  largeFlag: SHF_X86_64_LARGE,
  relocations: X86_64_RELOCATIONS,
  plt: X86_64_PLT,
  objects: { entry: X86_64_PLT.direct, gotWithoutBase: () => false },
  fillCode: fillLongNops,
  gotWithoutBase: () => false,
  relaxGotLoad,
  keepsGotLoad,
  relaxedLoadHolds,
  writeRelaxedGotLoad,
  relaxedRelocation,
  checkTls,
  writeTls,
};
