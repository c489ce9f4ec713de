// Scripts of -c: the language of the MRI linker.

import type { ScriptCase } from "../case.ts";

const mri = (name: string, lines: readonly string[], options = ""): ScriptCase => ({
  name,
  script: `${lines.join("\n")}\n`,
  command: `-c x.ld ${options}`,
});

export const mriCases: readonly ScriptCase[] = [
  mri("LOAD", ["LOAD a.o", "LOAD b.o"]),
  mri("LOAD of several", ["* a comment", "load a.o,b.o ; and another", "END", "EXTERN f"]),
  mri("SECT", ["SECT .text = 0x1000", "SECT .data,0x8000", "SECT .rodata 0x3000", "LOAD a.o,b.o"]),
  mri("ORDER", ["ORDER .data,.text,.bss", "LOAD a.o,b.o"]),
  mri("BASE before LOAD is forgotten", ["BASE 0x5000", "ORDER .data,.text", "LOAD a.o,b.o"]),
  mri("BASE", ["LOAD a.o,b.o", "ORDER .data,.text", "BASE (0x1000+4)*2"]),
  mri("PUBLIC and START", [
    "LOAD a.o,b.o",
    "ORDER .text",
    "PUBLIC one = 0x1234",
    "PUBLIC two,f",
    "PUBLIC three 5",
    "START f",
  ]),
  mri("ALIGN and ALIGNMOD", ["ALIGN .text = 64", "ALIGNMOD .data,16", "ORDER .text,.data", "LOAD a.o,b.o"]),
  mri("ABSOLUTE", ["ABSOLUTE .text", "ORDER .text,.data", "LOAD a.o,b.o"]),
  mri("ALIAS", ["ALIAS .all,.text", "ALIAS .all,.data", "ORDER .all", "LOAD a.o,b.o"]),
  mri("EXTERN", ["EXTERN f,d2", "LOAD a.o", "LOAD lib.a"]),
  mri("without a meaning for ELF", ["CHIP 68000", "CASE", "TRUNCATE 8", "LOAD a.o,b.o"]),
  { ...mri("INCLUDE", ["INCLUDE more.mri", "LOAD b.o"]), files: { "more.mri": "LOAD a.o\nSECT .data 0x2000\n" } },
  mri("an unknown command", ["LOAD a.o", "SOMETHING b.o"]),
  mri("an unknown FORMAT", ["FORMAT COFF", "LOAD a.o,b.o"]),
  mri("a file that is not there", ["LOAD nowhere.o"]),
  { name: "beside objects", script: "SECT .text 0x4000\n", command: "-c x.ld a.o b.o" },
];
