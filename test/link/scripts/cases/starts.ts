// -Ttext, --section-start and their like beside scripts, and links that have nothing but a script.

import { type ScriptCase, sections } from "../case.ts";

const SCRIPT = "SECTIONS { .data : { *(.data) } .text : { *(.text) } .bss : { *(.bss COMMON) } }";
const STARTS = ["--section-start=.rodata=0x6000", "--section-start=.nothing=0x6000", "-Ttext=0x2000 -Tdata=0x9000"];

export const starts: readonly ScriptCase[] = [
  ...STARTS.flatMap((start): ScriptCase[] => [
    { name: `${start} before -T`, script: SCRIPT, command: `${start} -T x.ld a.o b.o o.o` },
    { name: `${start} behind -T`, script: SCRIPT, command: `-T x.ld ${start} a.o b.o o.o` },
    { name: `${start} -r`, script: SCRIPT, command: `-T x.ld ${start} -r a.o b.o o.o` },
    {
      name: `${start} and INSERT`,
      script: "SECTIONS { .mine : { *(.vars) } } INSERT AFTER .data;",
      command: `-T x.ld ${start} a.o b.o o.o`,
    },
  ]),
  ...["-T x.ld b.o -Tdata=0x50000", "-Tdata=0x50000 -T x.ld b.o"].map(
    (command): ScriptCase => ({
      name: `found: INSERT that names .text and .data of the default script again ${command}`,
      script: "SECTIONS { .text (OVERLAY) : { CREATE_OBJECT_SYMBOLS } .data : { } } INSERT AFTER .rodata;",
      command,
    }),
  ),
  ...["", "-r", "--oformat=binary", "-M"].map(
    (options): ScriptCase => ({
      name: `no input files ${options}`,
      script: "SECTIONS { .text : { LONG(1) } }",
      command: `-T x.ld ${options}`,
    }),
  ),
  ...["INPUT(a.o b.o)", "GROUP(a.o b.o)", "STARTUP(a.o) INPUT(b.o)", "INPUT(lib.a)"].map(
    (files): ScriptCase => ({
      name: `nothing but ${files}`,
      script: `${files} SECTIONS { .text : { *(.text) } }`,
      command: "-T x.ld",
    }),
  ),
  sections("nothing but files of patterns", ".text : { b.o(.text) *(.text) }", { command: "-T x.ld" }),
  { name: "-c and no input files", script: "BASE 0x100\n", command: "-c x.ld" },
];
