// Asks about everything in a link: each name, file, section, input section, slot, piece and relocation; counts what has no answer.
//
//   node build/test/explain/why-everything.js link.solder          # a record that ld --explain wrote
//   node build/test/explain/why-everything.js ld ARGUMENTS...      # or a command line, @FILE included
//   node build/test/explain/why-everything.js --only=relocations …  # kinds that contain a word

import { readFileSync } from "node:fs";
import { linkCommandLine } from "../../src/cli/ld/command-line.ts";
import { readRecord } from "../../src/cli/record/record.ts";
import { hex } from "../../src/explain/dump/table.ts";
import { linkWhyLines } from "../../src/explain/link/why.ts";
import { nodeAccelerators } from "../../src/host/accelerators.ts";
import { memoryFiles } from "../../src/host/memory-files.ts";
import { nodeFiles } from "../../src/host/node-files.ts";
import type { LinkResult } from "../../src/link/index.ts";

/** Of a kind so many are asked about, spread over all: a large link has five million relocations. */
const MOST = 200_000;
/** Names without an answer that are printed. */
const SHOWN = 20;

export interface Asked {
  readonly kind: string;
  /** How many there are, and how many of them were asked about. */
  readonly count: number;
  readonly asked: number;
  readonly unanswered: readonly string[];
  /** Milliseconds. */
  readonly took: number;
}

/** Asks all; a kind at a time. */
export function* askEverything(result: LinkResult, only = ""): Generator<Asked> {
  const { decisions, layout } = result;
  const sections = layout?.sections ?? [];
  const inputs = (): Set<string> => {
    const names = new Set<string>();
    for (const section of sections) {
      for (const piece of section.pieces()) {
        if (piece.file !== "") names.add(`${piece.file}:(${piece.section})`);
        for (const merged of piece.merged()) names.add(`${merged.file}:(${merged.section})`);
      }
    }
    for (const one of layout?.discarded() ?? []) names.add(`${one.file}:(${one.section})`);
    return names;
  };
  const addresses = (): Set<string> =>
    new Set(
      sections
        .filter(({ address }) => address > 0)
        .flatMap((it) => Array.from(it.pieces(), (piece) => hex(piece.address))),
    );
  /**
   * Each relocation where it is, and at its address. Of a large link there are ten million: of input sections as many are looked at,
   * spread over all, as are asked about, and of each a few relocations.
   */
  function* relocations(): Iterable<string> {
    const places = decisions.files.flatMap(({ file }) =>
      (layout?.inputs(file) ?? []).flatMap((it) => (it.fate === "placed" && it.size > 0 ? [[file, it.section]] : [])),
    );
    const step = Math.ceil(places.length / (MOST / 10));
    for (let i = 0; i < places.length; i += step) {
      const [file, section] = places[i];
      const found = layout?.relocations(file, section, 0, Number.POSITIVE_INFINITY) ?? [];
      const some = step === 1 ? 1 : Math.ceil(found.length / 5);
      for (let k = 0; k < found.length; k += some) {
        const { offset, address } = found[k];
        yield `${file}:(${section}+${hex(offset)})`;
        if (address !== undefined) yield hex(address);
      }
    }
  }
  const kinds: readonly [string, () => Iterable<string>][] = [
    ["names", () => decisions.names()],
    ["files and members", () => decisions.files.map(({ file }) => file).filter((file) => file !== "")],
    ["sections of the output", () => sections.map(({ name }) => name)],
    ["sections of inputs", inputs],
    ["slots", () => decisions.slots.map(({ address }) => hex(address))],
    ["pieces by address", addresses],
    ["relocations for the dynamic linker", () => Array.from(decisions.dynamicRelocations(), (it) => hex(it.address))],
    ["relocations of inputs", relocations],
  ];
  for (const [kind, names] of kinds) {
    if (!kind.includes(only)) continue;
    const started = performance.now();
    const unanswered: string[] = [];
    let count = 0;
    let asked = 0;
    // Counted first, so that those that are asked about are spread over all.
    for (const _ of names()) count++;
    const step = Math.max(1, Math.ceil(count / MOST));
    let at = 0;
    for (const name of names()) {
      if (at++ % step !== 0) continue;
      asked++;
      if (linkWhyLines(result, name) === undefined) unanswered.push(name);
    }
    yield { kind, count, asked, unanswered, took: performance.now() - started };
  }
}

function resultOf([first, ...rest]: readonly string[]): LinkResult {
  if (first === "ld") {
    return linkCommandLine(rest, { files: nodeFiles, directory: process.cwd(), accelerators: nodeAccelerators }).result;
  }
  const opened = readRecord(new Uint8Array(readFileSync(first)));
  if (typeof opened === "string") throw new Error(opened);
  const { record, files } = opened;
  if (record.kind !== "link") throw new Error(`${first} records a load`);
  return linkCommandLine(record.arguments, {
    files: memoryFiles(new Map(files.map((file) => [file.path, file.bytes]))),
    directory: record.directory,
    environment: record.environment,
    systemLibraryPaths: record.systemLibraryPaths,
    accelerators: nodeAccelerators,
  }).result;
}

if (process.argv[1]?.endsWith("why-everything.js") === true) {
  const given = process.argv.slice(2);
  const only = given[0]?.startsWith("--only=") === true ? given.shift()?.slice(7) : undefined;
  let missing = 0;
  for (const { kind, count, asked, unanswered, took } of askEverything(resultOf(given), only)) {
    missing += unanswered.length;
    console.log(`${kind}: ${asked} of ${count} asked, ${unanswered.length} without an answer, ${Math.round(took)} ms`);
    for (const name of unanswered.slice(0, SHOWN)) console.log(`  ${name}`);
  }
  process.exitCode = missing === 0 ? 0 : 1;
}
