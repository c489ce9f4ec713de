// A layout script at work: its statements with the output sections that they make, the orphans' among them, and what is
// known of each only while the link runs. Matching makes them, placing orphans adds to them, the walk gives them addresses.

import type { Place } from "../../elf/problem.ts";
import type {
  AssertStatement,
  Assignment,
  AssignStatement,
  BodyStatement,
  DataStatement,
  Expression,
  Fill,
  InputStatement,
  LayoutScript,
  SectionStatement,
} from "../script/statements.ts";
import type { SectionId } from "../tables/ids.ts";
import type { Chunk, OutputSection } from "../tables/output-section.ts";

/** A part of MEMORY, or all memory where the script declares none. */
export interface Region {
  readonly name: string;
  /** Its own and those of REGION_ALIAS. */
  readonly names: Set<string>;
  origin: number;
  /** 64 bits, as addresses are: -1 is all that there is. */
  length: number;
  /** REGION_*: a section without `>region` that has one of these and none of those comes here. */
  readonly wanted: number;
  readonly unwanted: number;
  /** Next free byte. */
  current: number;
  /** The section placed last, whose distance between load address and address the next one takes over. */
  last: OutputStatement | undefined;
  isFull: boolean;
}

/** "noroom": NOLOAD in an image of bytes. */
export type SectionKind =
  | "normal"
  | "noroom"
  | "noalloc"
  | "noload"
  | "readonly"
  | "type"
  | "overlay"
  | "first-overlay";

/** In a section's body, with the pieces that came of it: `output.rankEnds` says where they end. */
export interface BodyEntry {
  readonly statement: BodyStatement | undefined;
  /** What matched, until the pieces are collected; chunks as ~id. */
  items: number[];
  /** BYTE and its kin: filled when addresses are known. */
  readonly data: { readonly bytes: Uint8Array } | undefined;
}

/** `name : { … }` of the script, or that of an orphan (binutils, ld/ldlang.h: lang_output_section_statement). */
export interface OutputStatement {
  readonly kind: "output";
  readonly name: string;
  /** Undefined for orphans. */
  readonly source: SectionStatement | undefined;
  readonly place: Place | undefined;
  /** `--unique`, or a second section of one name: joined by no orphan. */
  readonly isSpecial: boolean;
  /** ONLY_IF_RO or ONLY_IF_RW does not hold. */
  failed: boolean;
  output: OutputSection | undefined;
  address: Expression | undefined;
  readonly kindOf: SectionKind;
  readonly body: BodyEntry[];
  region: Region | undefined;
  loadRegion: Region | undefined;
  /** Names of PHDRS; undefined: goes on with those of the section before. */
  phdrs: readonly string[] | undefined;
  readonly fill: Fill | undefined;
  /** SEC_* that an empty statement of a known name stands for. */
  assumed: number;
  /** Empty and left out; nothing of it moves dot. */
  ignored: boolean;
  /** Something in it assigns a symbol. */
  updatesDot: boolean;
  hasAddress: boolean;
  hasLoadAddress: boolean;
  /** Behind an assignment of `end`, `_end`. */
  afterEnd: boolean;
}

export type ListStatement = OutputStatement | AssignStatement | AssertStatement;

/** Where the next orphan of one kind goes. */
export interface OrphanPlace {
  readonly name: string | undefined;
  readonly assumed: number;
  statement: OutputStatement | undefined;
  /** Behind this section of `Plan.list`; "front"; undefined until there was one. */
  section: OutputSection | "front" | undefined;
  /** The last orphan of the kind. */
  last: OutputStatement | undefined;
}

export interface Plan {
  readonly script: LayoutScript;
  /** In order. */
  statements: ListStatement[];
  /** The output statements alone; in GNU ld another list, in the order in which it looks for sections by their flags. */
  outputs: OutputStatement[];
  /** The same by name, in the order in which they came into being: the first is found, wherever INSERT has put it. */
  readonly byName: Map<string, OutputStatement[]>;
  /** The output's sections in the order of their headers. */
  list: OutputSection[];
  readonly regions: Region[];
  /** All memory. */
  readonly anywhere: Region;
  /** What the linker makes itself: by the name that patterns see. */
  readonly made: Map<string, MadeInput>;
  /** By object: the pseudo sections of its common symbols. */
  readonly commons: Map<number, MadeInput[]>;
  /** What scripts discard. */
  readonly discarded: SectionId[];
  /** Something is left of the objects' .note.gnu.property; else nobody sees those sections. */
  hasProperties: boolean;
  /** By input section: what put it where it is, as an index into `reasons`; 0: nothing. */
  places: Int32Array;
  readonly reasons: (InputStatement | undefined)[];
  /** What assignments, ASSERTs and data came to in the end, as addresses. */
  readonly values: Map<Assignment | AssertStatement | DataStatement, bigint>;
  /** --enable-non-contiguous-regions: all that match a section which more than one matches. Undefined without the option. */
  matches: Map<SectionId, OutputStatement[]> | undefined;
}

/** A section that no input file has and that scripts see all the same, as if the first object had brought it. */
export interface MadeInput {
  readonly name: string;
  readonly type: number;
  readonly sec: number;
  /** sh_info of the input section: what is not 0 joins nothing. */
  readonly chunk: Chunk;
  output: OutputSection | undefined;
  isPlaced: boolean;
  isDiscarded: boolean;
}

export function isOutputStatement(it: ListStatement): it is OutputStatement {
  return it.kind === "output";
}

const ALL_MEMORY = "*default*";

export function createRegion(name: string, wanted: number, unwanted: number): Region {
  return {
    name,
    names: new Set([name]),
    origin: 0,
    length: -1,
    wanted,
    unwanted,
    current: 0,
    last: undefined,
    isFull: false,
  };
}

export function findRegion(plan: Pick<Plan, "regions" | "anywhere">, name: string): Region | undefined {
  if (name === ALL_MEMORY) return plan.anywhere;
  return plan.regions.find((it) => it.names.has(name));
}

export function createAnywhere(): Region {
  return createRegion(ALL_MEMORY, 0, 0);
}

/** The first output statement of that name that may hold anything (lang_output_section_find). */
export function findStatement(plan: Plan, name: string): OutputStatement | undefined {
  return plan.byName.get(name)?.find((it) => !it.failed);
}

/** Once for each statement that comes into being. */
export function enterName({ byName }: Plan, statement: OutputStatement): void {
  const known = byName.get(statement.name);
  if (known === undefined) byName.set(statement.name, [statement]);
  else known.push(statement);
}
