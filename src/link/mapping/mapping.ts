// What is known while inputs are given their places by a layout script, and how one comes into an output section (binutils,
// ld/ldlang.c: init_os, lang_add_section). map-inputs.ts goes through the script, place-orphans.ts through what is left.

import type { Machine } from "../../arch/index.ts";
import {
  SHF_GNU_MBIND,
  SHF_LINK_ORDER,
  SHF_MASKOS,
  SHF_MASKPROC,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_PROGBITS,
} from "../../elf/constants.ts";
import { error, type Report, warning } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import type { Loader } from "../inputs/loader.ts";
import type { Rule } from "../script/section-rules.ts";
import type { BodyStatement, Expression, InputStatement, SectionStatement } from "../script/statements.ts";
import type { SectionId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { addOutput, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import {
  flagsOfName,
  SEC_ALLOC,
  SEC_HAS_CONTENTS,
  SEC_KEEP,
  SEC_LOAD,
  SEC_MERGE,
  SEC_NEVER_LOAD,
  SEC_READONLY,
  SEC_STRINGS,
  typeOfName,
} from "./bfd-flags.ts";
import type { MadeKind } from "./made-inputs.ts";
import { type Matcher, matchSection } from "./matcher.ts";
import {
  enterName,
  findStatement,
  type MadeInput,
  type OutputStatement,
  type Plan,
  type SectionKind,
} from "./output-statements.ts";

/** What is different under -r. */
export interface ObjectRules {
  /** -d, or FORCE_COMMON_ALLOCATION. */
  readonly definesCommons: boolean;
  readonly takesPart: (object: ObjectFile, section: SectionId) => boolean;
  /** Joined with no other, and seen by no pattern but those of /DISCARD/ (ld/ldlang.c, unique_section_p). */
  readonly isAlone: (object: ObjectFile, section: SectionId) => boolean;
  /** Of a group that stays one. */
  readonly isMember: (section: SectionId) => boolean;
  /** What the linker makes, with its contents. */
  readonly made: readonly { readonly kind: MadeKind; readonly bytes: Uint8Array }[];
}

/** While inputs are mapped. */
export interface Mapping {
  /** Undefined: this is no -r. */
  readonly object: ObjectRules | undefined;
  readonly plan: Plan;
  readonly loader: Loader;
  readonly outputs: OutputSections;
  readonly matcher: Matcher;
  readonly mode: OutputMode;
  readonly machine: Machine;
  readonly report: Report;
  /** By section statement of the script. */
  readonly statements: Map<SectionStatement, OutputStatement>;
  /** By input section: SEC_*; 0: takes no part. */
  readonly sec: Int32Array;
  /** What was taken by a pattern, or discarded. */
  readonly taken: Uint8Array;
  /** Made inputs in their order, and by the chunk's number. */
  readonly made: MadeInput[];
  readonly byChunk: Map<number, MadeInput>;
  /** Sections that patterns do not see, and that are joined with no other; undefined: there are none. */
  readonly standsAlone: ((object: ObjectFile, section: SectionId) => boolean) | undefined;
}

export const DISCARDED = "/DISCARD/";

/** A section statement that no script has. */
export function newStatement(plan: Plan, name: string, isSpecial: boolean): OutputStatement {
  const statement: OutputStatement = {
    kind: "output",
    name,
    source: undefined,
    place: undefined,
    isSpecial,
    failed: false,
    output: undefined,
    address: undefined,
    kindOf: "normal",
    body: [{ statement: undefined, items: [], data: undefined }],
    region: plan.anywhere,
    loadRegion: undefined,
    phdrs: undefined,
    fill: undefined,
    assumed: 0,
    ignored: false,
    updatesDot: false,
    hasAddress: false,
    hasLoadAddress: false,
    afterEnd: false,
  };
  enterName(plan, statement);
  return statement;
}

export function ruleForText(matcher: Matcher, name: string, flags: number): Rule | undefined {
  const bytes = bytesOf(name);
  return matchSection(matcher, bytes, 0, bytes.length, flags);
}

/** Sections that an expression asks for exist from then on (exp_init_os). */
export function initMentioned(mapping: Mapping, it: Expression): void {
  switch (it.kind) {
    case "unary":
      initMentioned(mapping, it.operand);
      return;
    case "binary":
      initMentioned(mapping, it.left);
      initMentioned(mapping, it.right);
      return;
    case "conditional":
      for (const part of [it.test, it.then, it.else]) initMentioned(mapping, part);
      return;
    case "call": {
      const [first] = it.arguments;
      if (it.name !== "ADDR" && it.name !== "LOADADDR") {
        for (const part of it.arguments) initMentioned(mapping, part);
        return;
      }
      const found = first?.kind === "symbol" ? findStatement(mapping.plan, first.name) : undefined;
      if (found !== undefined) initOutput(mapping, found, 0);
    }
  }
}

/** init_os. Error: `discard-statement`. */
export function initOutput(mapping: Mapping, statement: OutputStatement, flags: number): OutputSection | undefined {
  if (statement.output !== undefined) return statement.output;
  const { plan, outputs, report } = mapping;
  const { name, source } = statement;
  if (name === DISCARDED) {
    report(error("script-discard-assignment", statement.place ?? {}));
    return undefined;
  }
  const output = addOutput(outputs, name, typeOfName(name), 0);
  output.sec = flags;
  output.flags = flagsOfName(name);
  statement.output = output;
  plan.list.push(output);
  if (statement.address !== undefined) initMentioned(mapping, statement.address);
  if (source?.loadAddress !== undefined) initMentioned(mapping, source.loadAddress);
  return output;
}

/** Flags that the section's type clause makes of an input's (lang_add_section). */
function flagsIn(kind: SectionKind, given: number): number {
  const flags = given & ~SEC_NEVER_LOAD;
  if (kind === "noalloc") return flags & ~SEC_ALLOC;
  if (kind === "noroom") return (flags & ~(SEC_ALLOC | SEC_LOAD)) | SEC_NEVER_LOAD;
  if (kind === "readonly") return flags | SEC_READONLY;
  if (kind === "noload") return (flags & ~(SEC_LOAD | SEC_HAS_CONTENTS)) | SEC_NEVER_LOAD;
  return flags;
}

/** What compilers name code by its use: each such name an output section of its own, with -z keep-text-section-prefix (lld). */
export function textPart(name: string): string | undefined {
  return /^(\.text\.(?:hot|unlikely|startup|exit|unknown|split))(?:\.|$)/.exec(name)?.[1];
}

/** All that one statement has matched. */
export function addAllToOutput(
  mapping: Mapping,
  statement: OutputStatement,
  items: readonly number[],
  from: InputStatement,
): void {
  const { plan } = mapping;
  const reason = plan.reasons.push(from) - 1;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    addToOutput(mapping, statement, item, from);
    if (item >= 0) plan.places[item] = reason;
  }
}

/** @param item an input section, or a chunk as ~id  @param from the statement that matched */
export function addToOutput(
  mapping: Mapping,
  statement: OutputStatement,
  item: number,
  from: BodyStatement | undefined,
): void {
  const { plan, loader, byChunk } = mapping;
  const { sections, options } = loader;
  const made = item < 0 ? byChunk.get(~item) : undefined;
  if (statement.name === DISCARDED) {
    if (made !== undefined) {
      made.isDiscarded = true;
      made.isPlaced = true;
    } else plan.discarded.push(item);
    return;
  }
  const keeps = from?.kind === "input" && from.keep ? SEC_KEEP : 0;
  let flags = flagsIn(statement.kindOf, made?.sec ?? mapping.sec[item] & 0x3fffffff) | keeps;
  if (made === undefined) reportMayMove(mapping, statement, item);
  const output = initOutput(mapping, statement, flags);
  if (output === undefined) return;
  output.sec &= flags | ~SEC_READONLY;
  const isFirst = !output.hasInput;
  const entsize = made === undefined ? sections.entsize[item] : 0;
  if (!isFirst) {
    flags &= ~SEC_READONLY;
    const mask = SEC_MERGE | SEC_STRINGS;
    if ((output.sec & mask) !== (flags & mask) || ((flags & SEC_MERGE) !== 0 && output.entsize !== entsize)) {
      output.sec &= ~mask;
      output.entsize = 0;
      flags &= ~mask;
    }
  }
  output.sec |= flags;
  const type = made?.type ?? sections.type[item];
  if (isFirst) {
    output.hasInput = true;
    takeType(output, type, (made?.sec ?? mapping.sec[item] & 0x3fffffff) | keeps);
    output.flags = 0;
    if (made === undefined) {
      output.flags = sections.flags[item] & (SHF_MASKOS | SHF_MASKPROC | SHF_LINK_ORDER);
      // What has a number of memory is joined by that: see place-orphans.ts. -r joins by names.
      if (mapping.object === undefined) output.flags &= ~SHF_GNU_MBIND;
      output.entsize = entsize;
    }
    if ((flags & SEC_MERGE) === 0) output.entsize = 0;
  }
  if (made !== undefined) {
    made.output = output;
    made.isPlaced = true;
    made.chunk.output = output;
    return;
  }
  sections.output[item] = output.id;
  if (options.output !== "relocatable" && isReversed(output.name, mapping, item)) mapping.outputs.reversed.add(item);
}

/** Only where the output section is there already, as GNU ld does it. Warning: `section-may-move`. */
function reportMayMove({ plan, loader, outputs, report }: Mapping, statement: OutputStatement, item: SectionId): void {
  const { sections, objects, options } = loader;
  if (plan.matches === undefined || !options.nonContiguousRegionsWarnings || statement.output === undefined) return;
  const before = sections.output[item];
  if (before < 0 || plan.matches.get(item)?.[0] === statement) return;
  const object = objects[sections.object[item]];
  const facts = { section: sectionName(object, sections, item), from: outputs.list[before].name, to: statement.name };
  report(warning("section-may-move", { file: object.name }, facts));
}

/** _bfd_elf_init_private_section_data: the type of an input that brings all flags. */
function takeType(output: OutputSection, type: number, flags: number): void {
  if (output.type === SHT_PROGBITS || output.type === SHT_NOTE || output.type === SHT_NOBITS) output.type = SHT_NULL;
  if (output.type === SHT_NULL && ((output.sec ^ flags) & ~SEC_KEEP) === 0) output.type = type;
}

/** .ctors and .ctors.* in .init_array, .dtors and .dtors.* in .fini_array. */
function isReversed(output: string, { loader }: Mapping, item: SectionId): boolean {
  if (output !== ".init_array" && output !== ".fini_array") return false;
  const { objects, sections } = loader;
  const name = sectionName(objects[sections.object[item]], sections, item);
  return (output === ".init_array" ? /^\.ctors(\.|$)/ : /^\.dtors(\.|$)/).test(name);
}
