// `solder dump --at`, `--code` and `--sizes`: what the page shows of a file beside its tables, as text.

import { error, type Problem } from "../elf/problem.ts";
import { anatomyOf, byteFacts, byteLines, offsetOfAddress, offsetOfSymbol } from "../explain/bytes/index.ts";
import { codeLines, codeListing } from "../explain/code.ts";
import { dumpFile, type RelocationTableDump, type Style } from "../explain/dump/index.ts";
import { renderProblem } from "../explain/render.ts";
import { sizeChangeLines, sizeChanges, sizeLines, sizesOf } from "../explain/sizes.ts";
import { nodeDisassembler } from "../host/disassembly/disassembler.ts";
import type { Io } from "./io.ts";
import { FAILURE, SUCCESS } from "./run-request.ts";

export interface DumpViews {
  /** File offset. */
  readonly at: number | undefined;
  /** A symbol or an address. */
  readonly code: string | undefined;
  readonly sizes: boolean;
}

export function hasViews({ at, code, sizes }: DumpViews): boolean {
  return at !== undefined || code !== undefined || sizes;
}

/** @returns what is wrong with the values, in words */
export function viewsOf(values: Readonly<Record<string, unknown>>): DumpViews | string {
  const at = typeof values.at === "string" ? Number(values.at) : undefined;
  if (at !== undefined && !(Number.isSafeInteger(at) && at >= 0)) return "--at takes a file offset: 64 or 0x40";
  return { at, code: typeof values.code === "string" ? values.code : undefined, sizes: values.sizes === true };
}

interface ViewRequest {
  readonly files: readonly string[];
  readonly views: DumpViews;
  readonly style: Style;
}

/** @param read a file's bytes, or a member's; undefined if there is none */
export function dumpViews(
  { files, views, style }: ViewRequest,
  io: Io,
  read: (name: string) => Uint8Array | undefined,
): number {
  let status = SUCCESS;
  const fail = (problem: Problem): void => {
    status = FAILURE;
    io.err(`${renderProblem(problem, { program: "solder dump", color: io.color.err })}\n`);
  };
  const print = (lines: readonly string[]): void => io.out(lines.map((line) => `${line}\n`).join(""));
  const opened = files.flatMap((name) => {
    const bytes = read(name);
    if (bytes === undefined) fail(error("file-not-found", {}, { path: name }));
    return bytes === undefined ? [] : [{ name, bytes }];
  });
  if (views.sizes) {
    const trees = opened.flatMap(({ name, bytes }) => {
      const tree = sizesOf(bytes, name);
      if (tree === undefined) fail(notElf(name));
      return tree ?? [];
    });
    const [before, after] = trees;
    if (trees.length === 2) print(sizeChangeLines(sizeChanges(before, after), before.size, after.size, style));
    else for (const tree of trees) print([`${tree.name}`, ...sizeLines(tree, style)]);
  }
  for (const { name, bytes } of opened) {
    if (views.at !== undefined) {
      const lines = linesAt(bytes, name, views.at);
      if (lines === undefined) fail(notElf(name));
      else print(lines);
    }
    if (views.code !== undefined) {
      const lines = linesOfCode(bytes, name, views.code, style);
      if (typeof lines === "string") {
        status = FAILURE;
        io.err(`solder dump: error: ${lines}\n`);
      } else print(lines);
    }
  }
  return status;
}

const notElf = (name: string): Problem => error("not-elf", { file: name }, {});

const relocationsOf = (bytes: Uint8Array, name: string): readonly RelocationTableDump[] =>
  dumpFile(bytes, name, new Set(["relocations"] as const)).relocations ?? [];

function linesAt(bytes: Uint8Array, name: string, at: number): string[] | undefined {
  const anatomy = anatomyOf(bytes, name);
  if (anatomy === undefined) return undefined;
  const facts = byteFacts(anatomy, at);
  const { relocation } = facts;
  const table = relocation && anatomy.file.sections[relocation.table]?.name;
  const entry = relocation && relocationsOf(bytes, name).find((it) => it.table === table)?.entries[relocation.entry];
  return byteLines(facts, entry).map(([about, words]) => `${about.padEnd(12)} ${words}`.trimEnd());
}

/** @returns in words what cannot be done */
function linesOfCode(bytes: Uint8Array, name: string, wanted: string, style: Style): string[] | string {
  const anatomy = anatomyOf(bytes, name);
  if (anatomy === undefined) return `${name} is no ELF file`;
  const { file, symbols } = anatomy;
  const address = Number(wanted);
  const symbol = symbols.find((it) => it.name === wanted && it.section !== 0);
  const offset = Number.isSafeInteger(address)
    ? offsetOfAddress(file, address)
    : symbol && offsetOfSymbol(file, symbol);
  if (offset === undefined) return `${name} has no code at ${wanted}`;
  const listing = codeListing(
    anatomy,
    offset,
    nodeDisassembler(),
    (from, to) => bytes.subarray(from, to),
    () => relocationsOf(bytes, name),
  );
  if (listing === undefined) return `${name} has no code of a machine that is known`;
  if (listing.lines.length === 0)
    return `there is no disassembler for ${listing.machine}: install iced-x86, or @alexaltea/capstone-js for other machines than x86`;
  return codeLines(listing, style);
}
