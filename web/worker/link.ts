// Linking in the worker: the command line of `ld`, read by the same code, on the files that were given. The result is kept for its
// tables and for questions, and an outline of the one before to compare with.

import { linkCommandLine } from "../../src/cli/ld/command-line.ts";
import type { Problem } from "../../src/elf/index.ts";
import { SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS } from "../../src/elf/index.ts";
import { describeFile } from "../../src/explain/decisions.ts";
import { changeLines, type LinkOutline, outlineOf } from "../../src/explain/link/changes.ts";
import { stageWords } from "../../src/explain/link/stages.ts";
import {
  discardedChapter,
  dynamicRelocationChapter,
  linkedFileChapter,
  linkedNameChapter,
  outputMapChapter,
  slotChapter,
} from "../../src/explain/link/tables.ts";
import { summaryOf } from "../../src/explain/summary.ts";
import { inflate } from "../../src/host/inflate.ts";
import { memoryFiles } from "../../src/host/memory-files.ts";
import type { LinkResult, LinkStage, OutputLayout } from "../../src/link/index.ts";
import { shownProblem } from "./load.ts";
import type {
  LinkAnswer,
  LinkAsk,
  LinkedMember,
  PartName,
  RowsAnswer,
  RowsQuestion,
  ShownSection,
} from "./protocol.ts";
import { WHOLE } from "./read-tables.ts";
import { environmentOf } from "./root.ts";
import { type RowsCache, type ShownTable, shown } from "./tables.ts";
import { zstd } from "./wanted.ts";
import { openFile, type Workspace } from "./workspace.ts";

export interface MadeLink {
  readonly key: string;
  readonly result: LinkResult;
  readonly problems: readonly Problem[];
  readonly outputName: string;
  readonly took: number;
  readonly stages: readonly { readonly stage: LinkStage; readonly took: number }[];
  readonly outline: LinkOutline;
  /** Of the link before, with the same files or others. */
  readonly before: LinkOutline | undefined;
}

let latest: MadeLink | undefined;

export function linkFor(space: Workspace, ask: LinkAsk): MadeLink {
  const key = `${space.edition} ${JSON.stringify(ask)}`;
  if (latest?.key === key) return latest;
  latest = { key, ...makeLink(space, ask), before: latest?.outline };
  return latest;
}

function makeLink(space: Workspace, ask: LinkAsk): Omit<MadeLink, "key" | "before"> {
  const opened = new Map<string, Uint8Array>();
  for (const path of space.given.keys()) {
    const file = openFile(space, path, WHOLE);
    if (file !== undefined) opened.set(path, file.bytes);
  }
  const marks: { readonly stage: LinkStage; readonly at: number }[] = [];
  const started = performance.now();
  const { result, problems, outputName } = linkCommandLine(ask.args, {
    files: memoryFiles(opened),
    accelerators: { inflate, zstd },
    directory: ask.directory,
    environment: environmentOf(ask.environment ?? ""),
    systemLibraryPaths: ask.systemLibraryPaths,
    onStage: (stage) => marks.push({ stage, at: performance.now() }),
  });
  const end = performance.now();
  return {
    result,
    problems,
    outputName,
    took: end - started,
    stages: marks.map(({ stage, at }, i) => ({ stage, took: (marks[i + 1]?.at ?? end) - at })),
    outline: outlineOf(result),
  };
}

export function linkAnswer(space: Workspace, ask: LinkAsk): LinkAnswer {
  const made = linkFor(space, ask);
  const { result, before, outline } = made;
  const changes = before === undefined ? undefined : changeLines(before, outline);
  return {
    linked: result.image !== undefined,
    outputName: made.outputName,
    image: result.image === undefined ? undefined : new Uint8Array(result.image),
    took: made.took,
    stages: made.stages.map(({ stage, took }) => ({ ...stageWords(stage, result), took })),
    problems: made.problems.map(shownProblem),
    parts: partsOf(result),
    members: membersOf(result),
    sections: result.layout === undefined ? [] : sectionsOf(result.layout),
    changes,
    offers: offersOf(space, ask, made),
  };
}

/** A library stands where what it is linked against stands; a program is not linked against. */
function offersOf(space: Workspace, { args }: LinkAsk, { result, problems }: MadeLink): LinkAnswer["offers"] {
  const missing = new Set(
    problems.flatMap(({ code, details }) => (code === "undefined-symbol" ? [details.symbol] : [])),
  );
  if (missing.size === 0) return [];
  const linked = result.decisions.files.map(({ file }) => file);
  const offers: { path: string; names: string[] }[] = [];
  for (const path of space.given.keys()) {
    if (args.includes(path) || linked.some((it) => it === path || it.startsWith(`${path}(`))) continue;
    const { defines, interpreter, soname } = summaryOf(openFile(space, path)?.bytes ?? NOTHING, path, Infinity);
    const names = interpreter !== undefined && soname === undefined ? [] : defines.filter((name) => missing.has(name));
    if (names.length > 0) offers.push({ path, names: [...new Set(names)] });
  }
  return offers;
}

const NOTHING = new Uint8Array(0);

function partsOf({ decisions, layout }: LinkResult): PartName[] {
  const parts: PartName[] = [
    { id: "names", title: "Names", count: [...decisions.names()].length },
    { id: "files", title: "Files", count: decisions.files.length },
  ];
  if (layout !== undefined) {
    parts.push({ id: "map", title: "Output map", count: layout.sections.length });
    parts.push({ id: "slots", title: "GOT and PLT", count: decisions.slots.length });
    parts.push({ id: "dynamic", title: "Left to the loader", count: [...decisions.dynamicRelocations()].length });
    parts.push({ id: "discarded", title: "Left out", count: [...layout.discarded()].length });
  }
  return parts.filter(({ count = 0 }) => count > 0);
}

/** An object stands under the one that refers to the name it was wanted for. */
function membersOf({ decisions }: LinkResult): LinkedMember[] {
  const objects = decisions.files.filter((it) => it.kind === "object");
  const places = new Map(objects.map((it, i) => [it.file, i]));
  return objects.map((it) => ({
    file: it.file,
    words: describeFile(it).slice(it.file.length + 2),
    parent: it.reason === "wanted" ? (places.get(it.neededBy) ?? -1) : -1,
  }));
}

/** Pieces that are shown of a section. */
const MOST_PIECES = 120;

function sectionsOf(layout: OutputLayout): ShownSection[] {
  return layout.sections
    .filter(({ size }) => size > 0)
    .map((section) => {
      const pieces: { words: string; size: number; padding: boolean }[] = [];
      const add = (words: string, size: number, padding: boolean): void => {
        const last = pieces.at(-1);
        if (size <= 0) return;
        if (pieces.length < MOST_PIECES || last === undefined) pieces.push({ words, size, padding });
        else pieces[pieces.length - 1] = { words: "more pieces", size: last.size + size, padding: false };
      };
      let at = section.address;
      for (const piece of section.pieces()) {
        add("padding", piece.address - at, true);
        add(
          piece.file === "" ? `the linker's ${piece.section}` : `${piece.file}:(${piece.section})`,
          piece.size,
          false,
        );
        at = piece.address + piece.size;
      }
      add("padding", section.address + section.size - at, true);
      return {
        name: section.name,
        address: section.address,
        size: section.size,
        access: accessOf(section.flags),
        zero: section.type === SHT_NOBITS,
        pieces,
      };
    });
}

function accessOf(flags: number): ShownSection["access"] {
  if ((flags & SHF_ALLOC) === 0) return "none";
  if ((flags & SHF_EXECINSTR) !== 0) return "code";
  return (flags & SHF_WRITE) !== 0 ? "data" : "constants";
}

export function linkRows(
  space: Workspace,
  ask: LinkAsk,
  question: RowsQuestion,
  cache: Map<string, RowsCache>,
): RowsAnswer {
  const made = linkFor(space, ask);
  const table = tableFor(made, question.part);
  if (table === undefined) throw new Error(`there is no table ${question.part}`);
  return table.answer(question, cache, `${made.key} ${question.part}`);
}

const known = new WeakMap<LinkResult, Map<string, ShownTable>>();

function tableFor({ result }: MadeLink, part: string): ShownTable | undefined {
  const tables = known.get(result) ?? new Map();
  known.set(result, tables);
  const made = tables.get(part) ?? makeTable(result, part);
  if (made !== undefined) tables.set(part, made);
  return made;
}

function makeTable({ decisions, layout }: LinkResult, part: string): ShownTable | undefined {
  const why = (name: string) => ({ view: "why", name });
  switch (part) {
    case "names":
      return shown({
        chapter: linkedNameChapter(decisions),
        keyOf: (name) => name,
        leadOf: (name, column) => (column === 6 ? why(name) : undefined),
      });
    case "files":
      return shown({
        chapter: linkedFileChapter(decisions.files),
        keyOf: (_, index) => String(index),
        leadOf: (it, column) => (column === 0 && it.file !== "" ? why(it.file) : undefined),
      });
    case "slots":
      return shown({
        chapter: slotChapter(decisions.slots),
        keyOf: (_, index) => String(index),
        leadOf: (it, column) => (column === 2 && it.symbol !== "" ? why(it.symbol) : undefined),
      });
    case "dynamic":
      return shown({
        chapter: dynamicRelocationChapter([...decisions.dynamicRelocations()]),
        keyOf: (_, index) => String(index),
        leadOf: (it, column) => (column === 2 && it.symbol !== "" ? why(it.symbol) : undefined),
      });
    case "map":
      return (
        layout &&
        shown({
          chapter: outputMapChapter(layout),
          keyOf: (_, index) => String(index),
          leadOf: (it, column) => {
            if (column === 0) return why(`0x${it.address.toString(16)}`);
            if (column === 2) return why(it.output);
            return column === 4 && it.piece !== undefined && it.piece.file !== ""
              ? why(`${it.piece.file}:(${it.piece.section})`)
              : undefined;
          },
        })
      );
    case "discarded":
      return (
        layout &&
        shown({
          chapter: discardedChapter([...layout.discarded()]),
          keyOf: (_, index) => String(index),
          leadOf: (it, column) => (column === 0 ? why(it.file) : undefined),
        })
      );
    default:
      return undefined;
  }
}
