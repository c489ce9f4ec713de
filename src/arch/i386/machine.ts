// i386 as a Machine.

import { fillShortNops } from "../fill.ts";
import type { Machine } from "../machine.ts";
import { I386_FACTS } from "./facts.ts";
import { I386_PLT } from "./plt.ts";
import { gotWithoutBase, keepsGotLoad, relaxedRelocation, relaxGotLoad, writeRelaxedGotLoad } from "./relax.ts";
import { I386_RELOCATIONS } from "./relocations.ts";
import { checkTls, writeTls } from "./tls.ts";

export const I386: Machine = {
  ...I386_FACTS,
  maxPageSize: 0x1000,
  commonPageSize: 0x1000,
  textSegment: 0x0804_8000,
  interpreter: "/lib/ld-linux.so.2",
  bfdName: "elf32-i386",
  emulation: "elf_i386",
  largeFlag: 0,
  relocations: I386_RELOCATIONS,
  plt: I386_PLT,
  objects: { entry: I386_PLT.direct, gotWithoutBase },
  fillCode: fillShortNops,
  gotWithoutBase,
  relaxGotLoad,
  keepsGotLoad,
  relaxedLoadHolds: () => true,
  writeRelaxedGotLoad,
  relaxedRelocation,
  checkTls,
  writeTls,
};
