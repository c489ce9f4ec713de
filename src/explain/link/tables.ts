// A finished link as tables: files and why they take part, names and which definition holds, the output piece by piece, slots,
// dynamic relocations, what was left out. The words of a row are those of decisions.ts.

import { demangle } from "../../demangle/index.ts";
import type { DiscardedInput, LaidOutPiece, OutputLayout } from "../../link/decisions/layout-types.ts";
import type { Decisions, Definition, DynamicRelocation, FileDecision, Slot } from "../../link/decisions/types.ts";
import { describeDynamicRelocation, describeFile, describeRule, describeSlot, statementText } from "../decisions.ts";
import type { Chapter } from "../dump/chapter.ts";
import { counted, grouped, hex } from "../dump/table.ts";

export function linkedFileChapter(files: readonly FileDecision[]): Chapter<FileDecision> {
  return {
    title: `Files: ${counted(files.length, "decision")}, in the order of reading`,
    columns: [
      { title: "file", paint: "name", cell: ({ file }) => file },
      { title: "kind", cell: ({ kind }) => kind.replace("-", " ") },
      { title: "takes part", cell: fateWord },
      { title: "why", cell: (it) => describeFile(it).slice(it.file.length).replace(/^: /, "") },
    ],
    rows: files,
    more: "",
  };
}

function fateWord(it: FileDecision): string {
  switch (it.kind) {
    case "object":
      return "yes";
    case "archive":
      return it.taken > 0 ? `${it.taken} of ${it.members}` : "no member";
    case "shared-library":
      return { needed: "needed", dropped: "no", implicit: "looked at" }[it.fate];
  }
}

/** The names of a link: definitions are read off when a row is shown. */
export function linkedNameChapter(decisions: Decisions): Chapter<string> {
  const known = new Map<string, Definition | undefined>();
  const of = (name: string): Definition | undefined => {
    if (!known.has(name)) known.set(name, decisions.definition(name));
    return known.get(name);
  };
  const rows = [...decisions.names()];
  return {
    title: `Names: ${grouped(rows.length)}`,
    columns: [
      {
        title: "address",
        align: "right",
        cell: (name) => {
          const address = of(name)?.address;
          return address === undefined ? "" : hex(address);
        },
        by: (name) => of(name)?.address ?? -1,
      },
      {
        title: "size",
        align: "right",
        cell: (name) => grouped(of(name)?.size ?? 0),
        by: (name) => of(name)?.size ?? 0,
      },
      { title: "binding", cell: (name) => of(name)?.binding ?? "" },
      { title: "defined in", cell: (name) => definedIn(of(name)) },
      { title: "rule", cell: (name) => describeRule(of(name)) },
      {
        title: "passed over",
        align: "right",
        cell: (name) => {
          const it = of(name);
          const others = (it?.others.length ?? 0) + (it?.offeredBy.length ?? 0);
          return others === 0 ? "" : String(others);
        },
        by: (name) => (of(name)?.others.length ?? 0) + (of(name)?.offeredBy.length ?? 0),
      },
      { title: "name", paint: "name", cell: (name, style) => (style.demangle ? demangle(name) : name) },
    ],
    rows,
    more: "",
  };
}

function definedIn(it: Definition | undefined): string {
  if (it?.chosen === undefined) return it === undefined ? "" : "nowhere";
  const { by, file, section } = it.chosen;
  if (by === "linker" || by === "command-line") return by === "linker" ? "the linker" : "an option";
  return section === "" ? file : `${file}:(${section})`;
}

/** A stretch of the output. */
export interface MapRow {
  readonly output: string;
  readonly address: number;
  readonly size: number;
  /** Undefined: padding. */
  readonly piece: LaidOutPiece | undefined;
}

/** Every byte of every output section: pieces, and the padding between them. */
export function mapRows(layout: OutputLayout): MapRow[] {
  const rows: MapRow[] = [];
  for (const section of layout.sections) {
    let at = section.address;
    const pad = (to: number): void => {
      if (to > at) rows.push({ output: section.name, address: at, size: to - at, piece: undefined });
    };
    for (const piece of section.pieces()) {
      pad(piece.address);
      rows.push({ output: section.name, address: piece.address, size: piece.size, piece });
      at = Math.max(at, piece.address + piece.size);
    }
    pad(section.address + section.size);
  }
  return rows;
}

export function outputMapChapter(layout: OutputLayout): Chapter<MapRow> {
  const rows = mapRows(layout);
  return {
    title: `Output: ${counted(layout.sections.length, "section")} of ${counted(rows.length, "piece")}`,
    columns: [
      { title: "address", align: "right", cell: ({ address }) => hex(address), by: ({ address }) => address },
      { title: "size", align: "right", cell: ({ size }) => grouped(size), by: ({ size }) => size },
      { title: "section", cell: ({ output }) => output },
      {
        title: "align",
        align: "right",
        cell: ({ piece }) => (piece === undefined ? "" : String(piece.alignment)),
        by: ({ piece }) => piece?.alignment ?? 0,
      },
      {
        title: "comes from",
        paint: "name",
        cell: ({ piece }) => {
          if (piece === undefined) return "padding";
          return piece.file === "" ? `the linker: ${piece.section}` : `${piece.file}:(${piece.section})`;
        },
      },
      {
        title: "put there by",
        cell: ({ piece }) => (piece?.statement === undefined ? "" : statementText(piece.statement)),
      },
    ],
    rows,
    more: "",
  };
}

export function slotChapter(slots: readonly Slot[]): Chapter<Slot> {
  return {
    title: `GOT, PLT and copies: ${counted(slots.length, "slot")}`,
    columns: [
      { title: "address", align: "right", cell: ({ address }) => hex(address), by: ({ address }) => address },
      { title: "section", cell: ({ section }) => section },
      { title: "symbol", paint: "name", cell: ({ symbol }, style) => (style.demangle ? demangle(symbol) : symbol) },
      { title: "what and why", cell: (slot) => describeSlot(slot) },
    ],
    rows: slots,
    more: "",
  };
}

export function dynamicRelocationChapter(relocations: readonly DynamicRelocation[]): Chapter<DynamicRelocation> {
  return {
    title: `Left to the dynamic linker: ${counted(relocations.length, "relocation")}`,
    columns: [
      { title: "address", align: "right", cell: ({ address }) => hex(address), by: ({ address }) => address },
      { title: "type", cell: ({ type }) => type },
      { title: "symbol", paint: "name", cell: ({ symbol }, style) => (style.demangle ? demangle(symbol) : symbol) },
      { title: "what and why", cell: (it) => describeDynamicRelocation(it) },
    ],
    rows: relocations,
    more: "",
  };
}

/** Why an input section is not in the output. */
export const LEFT_OUT: Readonly<Record<DiscardedInput["reason"], string>> = {
  group: "another file's copy of its section group came first",
  unused: "--gc-sections: nothing refers to it",
  excluded: "it only tells the linker something, or is asked to be left out",
  script: "a script discards it",
};

export function discardedChapter(discarded: readonly DiscardedInput[]): Chapter<DiscardedInput> {
  return {
    title: `Left out: ${counted(discarded.length, "input section")}`,
    columns: [
      { title: "file", paint: "name", cell: ({ file }) => file },
      { title: "section", cell: ({ section }) => section },
      { title: "size", align: "right", cell: ({ size }) => grouped(size), by: ({ size }) => size },
      {
        title: "why",
        cell: ({ reason, statement }) =>
          statement === undefined ? LEFT_OUT[reason] : `${LEFT_OUT[reason]}; ${statementText(statement)}`,
      },
    ],
    rows: discarded,
    more: "",
  };
}
