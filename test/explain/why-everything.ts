// Asks about everything in a link: each name, file, section, input section and slot, and some addresses; counts what has no answer.
//
//   node build/test/explain/why-everything.js link.solder          # a record that ld --explain wrote
//   node build/test/explain/why-everything.js ld ARGUMENTS...      # or a command line, @FILE included

import { readFileSync } from "node:fs";
import { linkCommandLine } from "../../src/cli/ld/command-line.ts";
import { readRecord } from "../../src/cli/record/record.ts";
import { linkWhyLines } from "../../src/explain/link/why.ts";
import { nodeAccelerators } from "../../src/host/accelerators.ts";
import { memoryFiles } from "../../src/host/memory-files.ts";
import { nodeFiles } from "../../src/host/node-files.ts";
import type { LinkResult } from "../../src/link/index.ts";

/** Addresses that are asked about: of a large link some, since each is looked for in all pieces. */
const MOST_ADDRESSES = 200;
/** Names without an answer that are printed. */
const SHOWN = 20;

export interface Asked {
  readonly kind: string;
  readonly count: number;
  readonly unanswered: readonly string[];
  /** Milliseconds. */
  readonly took: number;
}

/** Asks all; a kind at a time. */
export function* askEverything(result: LinkResult): Generator<Asked> {
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
  const addresses = (): string[] => {
    const all = sections
      .filter(({ address }) => address > 0)
      .flatMap((it) => [...it.pieces()].map((piece) => piece.address));
    const step = Math.max(1, Math.floor(all.length / MOST_ADDRESSES));
    return all.filter((_, i) => i % step === 0).map((address) => `0x${address.toString(16)}`);
  };
  const kinds: readonly [string, () => Iterable<string>][] = [
    ["names", () => decisions.names()],
    ["files and members", () => decisions.files.map(({ file }) => file).filter((file) => file !== "")],
    ["sections of the output", () => sections.map(({ name }) => name)],
    ["sections of inputs", inputs],
    ["slots", () => decisions.slots.map(({ address }) => `0x${address.toString(16)}`).slice(0, MOST_ADDRESSES)],
    ["addresses", addresses],
  ];
  for (const [kind, names] of kinds) {
    const started = performance.now();
    const unanswered: string[] = [];
    let count = 0;
    for (const name of names()) {
      count++;
      if (linkWhyLines(result, name) === undefined) unanswered.push(name);
    }
    yield { kind, count, unanswered, took: performance.now() - started };
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
  let missing = 0;
  for (const { kind, count, unanswered, took } of askEverything(resultOf(process.argv.slice(2)))) {
    missing += unanswered.length;
    console.log(`${kind}: ${count} asked, ${unanswered.length} without an answer, ${Math.round(took)} ms`);
    for (const name of unanswered.slice(0, SHOWN)) console.log(`  ${name}`);
  }
  process.exitCode = missing === 0 ? 0 : 1;
}
