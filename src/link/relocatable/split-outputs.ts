// --split-by-file and --split-by-reloc with -r: an output section that has grown too large goes on as NAME.0, NAME.1, … behind
// all other sections (ld/ldwrite.c, split_sections). Each part starts at 0, as any section of an object does, and no symbol
// named like a part is made, which two such objects would both define; GNU ld has the parts' addresses go on, and such symbols.

import { SHT_RELA } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import { newStatement } from "../mapping/mapping.ts";
import type { Plan } from "../mapping/output-statements.ts";
import { addOutput, type OutputSection, type OutputSections } from "../tables/output-section.ts";

/** Splits where the next piece would reach a limit; the first piece of a section is never too large. */
export function splitOutputs(plan: Plan, outputs: OutputSections, loader: Loader): void {
  const { splitByFile, splitByReloc } = loader.options;
  if (splitByFile === undefined && splitByReloc === undefined) return;
  const mostBytes = splitByFile ?? Number.POSITIVE_INFINITY;
  const mostRelocations = splitByReloc ?? Number.POSITIVE_INFINITY;
  for (const output of plan.list.slice()) {
    const { pieces } = output;
    let part = output;
    let start = 0;
    let bytes = 0;
    let relocations = 0;
    for (let i = 0; i < pieces.length; i++) {
      const size = pieces[i] >= 0 ? loader.sections.size[pieces[i]] : outputs.chunks[~pieces[i]].size;
      const count = pieces[i] >= 0 ? relocationsOf(loader, pieces[i]) : 0;
      if (i > start && (bytes + size >= mostBytes || relocations + count >= mostRelocations)) {
        cut(part, pieces.slice(start, i), loader, outputs);
        part = addPart(plan, outputs, output);
        start = i;
        bytes = relocations = 0;
      }
      bytes += size;
      relocations += count;
    }
    if (part !== output) cut(part, pieces.slice(start), loader, outputs);
  }
}

function relocationsOf({ sections, objects }: Loader, section: number): number {
  const relocs = sections.relocs[section];
  if (relocs < 0) return 0;
  const words = sections.type[relocs] === SHT_RELA ? 3 : 2;
  return sections.size[relocs] / (words * (objects[sections.object[section]].is64 ? 8 : 4));
}

/** Leaves a part with these pieces, which know it. */
function cut(part: OutputSection, pieces: Int32Array, { sections }: Loader, outputs: OutputSections): void {
  part.pieces = pieces;
  const { rankEnds } = part;
  part.rankEnds = rankEnds.length === 0 ? [pieces.length] : rankEnds.map((end) => Math.min(end, pieces.length));
  for (const piece of pieces) {
    if (piece >= 0) sections.output[piece] = part.id;
    else outputs.chunks[~piece].output = part;
  }
}

/** A section like another, behind all. */
function addPart(plan: Plan, outputs: OutputSections, like: OutputSection): OutputSection {
  let number = 0;
  while (outputs.byName.has(`${like.name}.${number}`)) number++;
  const name = `${like.name}.${number}`;
  const part = addOutput(outputs, name, like.type, like.flags);
  const { entsize, alignment, sec, hasInput, link, info } = like;
  Object.assign(part, { entsize, alignment, sec, hasInput, link, info });
  const statement = newStatement(plan, name, true);
  statement.output = part;
  plan.list.push(part);
  plan.outputs.push(statement);
  plan.statements.push(statement);
  return part;
}
