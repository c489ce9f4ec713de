// The compilation units of the debugging information.

import type { CompilationUnit } from "../../dwarf/index.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import { counted, grouped, hex, type Style } from "./table.ts";

/** DW_LANG_* (DWARF 5, table 7.17, and its list on dwarfstd.org). */
const LANGUAGES: Readonly<Record<number, string>> = {
  1: "C89",
  2: "C",
  4: "C++",
  8: "Fortran 90",
  12: "C99",
  13: "Ada 95",
  14: "Fortran 95",
  16: "Objective-C",
  19: "D",
  22: "Go",
  26: "C++11",
  28: "Rust",
  29: "C11",
  30: "Swift",
  33: "C++14",
  34: "Fortran 03",
  35: "Fortran 08",
  43: "C++17",
  44: "C17",
  46: "C++20",
  32769: "assembler",
};

export function unitChapter(units: readonly CompilationUnit[]): Chapter<CompilationUnit> {
  return {
    title: `Compilation units: ${counted(units.length, "unit")}`,
    columns: [
      { title: "at", align: "right", cell: ({ offset }) => hex(offset), by: ({ offset }) => offset },
      { title: "bytes", align: "right", cell: ({ bytes }) => grouped(bytes), by: ({ bytes }) => bytes },
      {
        title: "covers",
        align: "right",
        cell: ({ covers }) => (covers === 0 ? "" : grouped(covers)),
        by: ({ covers }) => covers,
      },
      {
        title: "address",
        align: "right",
        cell: ({ low }) => (low === undefined ? "" : hex(low)),
        by: ({ low }) => low ?? -1,
      },
      { title: "source", paint: "name", cell: ({ name }) => name },
      {
        title: "language",
        cell: ({ language }) => (language === 0 ? "" : (LANGUAGES[language] ?? hex(language))),
      },
      { title: "DWARF", align: "right", cell: ({ version }) => String(version), by: ({ version }) => version },
      { title: "directory", cell: ({ directory }) => directory },
      { title: "producer", cell: ({ producer }) => producer },
    ],
    rows: units,
    more: "--units",
  };
}

export function unitLines(units: readonly CompilationUnit[], style: Style): string[] {
  return chapterLines(unitChapter(units), style);
}
