// .note.gnu.property: what every object says about itself (was it compiled for IBT and SHSTK, what ISA does it need) made
// into what holds for the whole output. GNU ld merges them at the start of a link, before PLTs are chosen: IBT on all
// sides means PLT entries that begin with endbr.

import * as elf from "../../elf/constants.ts";
import { error, note, type Place, type Problem, type Report, warning } from "../../elf/problem.ts";
import type { ZOptions } from "../options.ts";

/** How the values of one property come together. An object that lacks the property counts. */
type Rule =
  /** Bits that all objects have; an object without the property has none. Gone when no bit is left. */
  | "and"
  /** Bits that some object has. Gone when there are none. */
  | "or"
  /** Bits that some object has, as long as all objects have the property. */
  | "or-if-all"
  /** The largest number. */
  | "largest"
  /** No value: it is there as soon as one object has it. */
  | "any";

/** The ranges of the property types (gABI Linux extensions and the x86 psABIs, "Program Property"). */
const RULES: readonly { readonly low: number; readonly high: number; readonly rule: Rule }[] = [
  { low: elf.GNU_PROPERTY_STACK_SIZE, high: elf.GNU_PROPERTY_STACK_SIZE, rule: "largest" },
  { low: elf.GNU_PROPERTY_NO_COPY_ON_PROTECTED, high: elf.GNU_PROPERTY_NO_COPY_ON_PROTECTED, rule: "any" },
  { low: elf.GNU_PROPERTY_UINT32_AND_LO, high: elf.GNU_PROPERTY_UINT32_AND_HI, rule: "and" },
  { low: elf.GNU_PROPERTY_UINT32_OR_LO, high: elf.GNU_PROPERTY_UINT32_OR_HI, rule: "or" },
  { low: elf.GNU_PROPERTY_X86_COMPAT_ISA_1_USED, high: elf.GNU_PROPERTY_X86_COMPAT_ISA_1_USED, rule: "or-if-all" },
  { low: elf.GNU_PROPERTY_X86_COMPAT_ISA_1_NEEDED, high: elf.GNU_PROPERTY_X86_COMPAT_ISA_1_NEEDED, rule: "or" },
  { low: elf.GNU_PROPERTY_X86_UINT32_AND_LO, high: elf.GNU_PROPERTY_X86_UINT32_AND_HI, rule: "and" },
  { low: elf.GNU_PROPERTY_X86_UINT32_OR_LO, high: elf.GNU_PROPERTY_X86_UINT32_OR_HI, rule: "or" },
  { low: elf.GNU_PROPERTY_X86_UINT32_OR_AND_LO, high: elf.GNU_PROPERTY_X86_UINT32_OR_AND_HI, rule: "or-if-all" },
];

function ruleOf(type: number): Rule | undefined {
  return RULES.find(({ low, high }) => type >= low && type <= high)?.rule;
}

/** Bytes of a property's value. */
function valueBytes(rule: Rule, elfClass: 32 | 64): number {
  if (rule === "any") return 0;
  return rule === "largest" ? elfClass / 8 : 4;
}

export interface PropertyInput {
  /** For messages. */
  readonly file: string;
  /** Contents of the object's .note.gnu.property; undefined when it has none, which clears the "and" properties. */
  readonly bytes: Uint8Array | undefined;
}

/** The `-z` options that add to the properties or ask for reports. */
export type PropertyOptions = Pick<
  ZOptions,
  | "ibt"
  | "shstk"
  | "lamU48"
  | "lamU57"
  | "cetReport"
  | "lamU48Report"
  | "lamU57Report"
  | "isaLevelNeeded"
  | "isaLevelReport"
  | "stackSize"
  | "indirectExternAccess"
>;

export interface MergedProperties {
  /** The output's .note.gnu.property, aligned to 8 (ELF64) or 4; undefined when there is nothing to say. */
  readonly note: Uint8Array | undefined;
  /** All of the code is ready for indirect branch tracking: use the PLT with endbr. */
  readonly ibt: boolean;
  /** No copy relocations and no canonical PLT entries: every object reaches outside symbols through the GOT. */
  readonly indirectExternAccess: boolean;
  /** Protected data of shared libraries must not be copied. */
  readonly noCopyOnProtected: boolean;
}

/**
 * Merges the properties of the objects of a link, in the order of the command line. Shared libraries do not take part.
 * Problems: `property-note-cut-short`, `property-size`, `property-unsupported` (warnings: GNU ld goes on too, and an
 * object with a damaged note counts as one without), `property-missing` (-z cet-report, lam-report), `isa-level` (note).
 */
export function mergePropertyNotes(
  inputs: readonly PropertyInput[],
  elfClass: 32 | 64,
  options: PropertyOptions,
  report: Report,
): MergedProperties {
  const objects = inputs.map((input) => readProperties(input, elfClass, report));
  for (const [i, { file }] of inputs.entries()) reportProperties(objects[i], file, options, report);

  const merged = new Map<number, number>();
  if (inputs.length > 0) {
    for (const [type, bits] of forcedBits(options)) if (bits !== 0) merged.set(type, bits);
  }
  for (const type of new Set(objects.flatMap((object) => [...object.keys()]))) {
    const rule = ruleOf(type);
    if (rule === undefined) continue;
    const value = combine(
      rule,
      objects.map((object) => object.get(type)),
    );
    if (value === undefined) continue;
    merged.set(type, rule === "largest" ? value : (value | (merged.get(type) ?? 0)) >>> 0);
  }
  applyLimits(merged, elfClass, options);
  // -z stack-size alone makes no note, but raises one that an object brings, even if nothing else of that is left.
  const stackSize = options.stackSize ?? 0;
  if (stackSize > 0 && (merged.size > 0 || objects.some((object) => object.size > 0))) {
    merged.set(elf.GNU_PROPERTY_STACK_SIZE, Math.max(merged.get(elf.GNU_PROPERTY_STACK_SIZE) ?? 0, stackSize));
  }

  const needed = merged.get(elf.GNU_PROPERTY_1_NEEDED) ?? 0;
  const features = merged.get(elf.GNU_PROPERTY_X86_FEATURE_1_AND) ?? 0;
  const indirectExternAccess = (needed & elf.GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS) !== 0;
  return {
    note: merged.size === 0 ? undefined : writeNote(merged, elfClass),
    ibt: (features & elf.GNU_PROPERTY_X86_FEATURE_1_IBT) !== 0,
    indirectExternAccess,
    // Indirect access implies it (BFD elf-properties.c).
    noCopyOnProtected: merged.has(elf.GNU_PROPERTY_NO_COPY_ON_PROTECTED) || indirectExternAccess,
  };
}

/** One property over all objects; undefined where it has no place in the output. */
function combine(rule: Rule, values: readonly (number | undefined)[]): number | undefined {
  const present = values.filter((value) => value !== undefined);
  const everywhere = present.length === values.length;
  const bits = present.reduce((a, b) => (rule === "and" ? a & b : a | b), rule === "and" ? -1 : 0);
  switch (rule) {
    case "and":
      return everywhere && bits !== 0 ? bits : undefined;
    case "or":
      return bits !== 0 ? bits : undefined;
    case "or-if-all":
      return everywhere ? bits : undefined;
    case "largest":
      return Math.max(...present);
    case "any":
      return 0;
  }
}

/** What the `-z` options set no matter what the objects say. */
/** Do options ask for a note, whatever objects say? */
export function asksForProperties(options: PropertyOptions): boolean {
  return forcedBits(options).some(([, bits]) => bits !== 0);
}

function forcedBits(options: PropertyOptions): [number, number][] {
  const lamU57 = options.lamU57 || options.lamU48;
  const features =
    (options.ibt ? elf.GNU_PROPERTY_X86_FEATURE_1_IBT : 0) |
    (options.shstk ? elf.GNU_PROPERTY_X86_FEATURE_1_SHSTK : 0) |
    (options.lamU48 ? elf.GNU_PROPERTY_X86_FEATURE_1_LAM_U48 : 0) |
    (lamU57 ? elf.GNU_PROPERTY_X86_FEATURE_1_LAM_U57 : 0);
  // Level 1 is the baseline, bit 0; level 4 is bit 3.
  const isa = options.isaLevelNeeded === undefined ? 0 : 1 << (options.isaLevelNeeded - 1);
  const needed = options.indirectExternAccess === true ? elf.GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS : 0;
  return [
    [elf.GNU_PROPERTY_X86_FEATURE_1_AND, features],
    [elf.GNU_PROPERTY_X86_ISA_1_NEEDED, isa],
    [elf.GNU_PROPERTY_1_NEEDED, needed],
  ];
}

function applyLimits(merged: Map<number, number>, elfClass: 32 | 64, options: PropertyOptions): void {
  const needed = merged.get(elf.GNU_PROPERTY_1_NEEDED);
  if (needed !== undefined && options.indirectExternAccess === false) {
    merged.set(elf.GNU_PROPERTY_1_NEEDED, (needed & ~elf.GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS) >>> 0);
  }
  // Linear address masking is for 64-bit programs.
  const features = merged.get(elf.GNU_PROPERTY_X86_FEATURE_1_AND);
  if (features !== undefined && elfClass === 32) {
    const lam = elf.GNU_PROPERTY_X86_FEATURE_1_LAM_U48 | elf.GNU_PROPERTY_X86_FEATURE_1_LAM_U57;
    merged.set(elf.GNU_PROPERTY_X86_FEATURE_1_AND, (features & ~lam) >>> 0);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Reports
// ---------------------------------------------------------------------------------------------------------------------

const FEATURES: readonly { readonly name: string; readonly bit: number }[] = [
  { name: "IBT", bit: elf.GNU_PROPERTY_X86_FEATURE_1_IBT },
  { name: "SHSTK", bit: elf.GNU_PROPERTY_X86_FEATURE_1_SHSTK },
  { name: "LAM_U48", bit: elf.GNU_PROPERTY_X86_FEATURE_1_LAM_U48 },
  { name: "LAM_U57", bit: elf.GNU_PROPERTY_X86_FEATURE_1_LAM_U57 },
];

const ISA_LEVELS = ["x86-64-baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4"];

/** -z cet-report, -z lam-report and -z isa-level-report: what an object lacks, or asks for. */
function reportProperties(
  object: ReadonlyMap<number, number>,
  file: string,
  options: PropertyOptions,
  report: Report,
): void {
  // What an option sets anyway is not missed.
  const wanted = {
    IBT: options.ibt ? "none" : options.cetReport,
    SHSTK: options.shstk ? "none" : options.cetReport,
    LAM_U48: options.lamU48 ? "none" : options.lamU48Report,
    LAM_U57: options.lamU48 || options.lamU57 ? "none" : options.lamU57Report,
  };
  const features = object.get(elf.GNU_PROPERTY_X86_FEATURE_1_AND) ?? 0;
  const missing = FEATURES.filter(({ bit }) => (features & bit) === 0).map(({ name }) => name);
  for (const [severity, make] of [
    ["error", error],
    ["warning", warning],
  ] as const) {
    const properties = missing.filter((name) => wanted[name as keyof typeof wanted] === severity);
    if (properties.length > 0) report(make("property-missing", { file }, { properties }));
  }
  const { isaLevelReport } = options;
  if (isaLevelReport === "needed" || isaLevelReport === "all") {
    reportIsa(object.get(elf.GNU_PROPERTY_X86_ISA_1_NEEDED), "needed", file, report);
  }
  if (isaLevelReport === "used" || isaLevelReport === "all") {
    reportIsa(object.get(elf.GNU_PROPERTY_X86_ISA_1_USED), "used", file, report);
  }
}

function reportIsa(bits: number | undefined, what: "needed" | "used", file: string, report: Report): void {
  const levels: string[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (((bits ?? 0) >>> bit) & 1) levels.push(ISA_LEVELS[bit] ?? `0x${(2 ** bit).toString(16)}`);
  }
  if (levels.length > 0) report(note("isa-level", { file }, { what, levels }));
}

// ---------------------------------------------------------------------------------------------------------------------
// The format: notes named "GNU" of type NT_GNU_PROPERTY_TYPE_0, each a list of (type, size, value), values padded to words
// ---------------------------------------------------------------------------------------------------------------------

const NOTE_HEADER = 12;
const NAME = 0x00554e47; // "GNU\0", lowest byte first

/** Type → value of an object's properties; bits given twice add up. Empty when the note is damaged. */
function readProperties(input: PropertyInput, elfClass: 32 | 64, report: Report): Map<number, number> {
  const { bytes, file } = input;
  const properties = new Map<number, number>();
  if (bytes === undefined) return properties;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const align = elfClass / 8;
  for (let at = 0; at < bytes.length; ) {
    const place = { file, section: ".note.gnu.property", offset: at };
    if (bytes.length - at < NOTE_HEADER) return damaged(warning("property-note-cut-short", place), report);
    const nameSize = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const start = at + alignUp(NOTE_HEADER + nameSize, align);
    const end = start + size;
    if (end > bytes.length) return damaged(warning("property-note-cut-short", place), report);
    const type = view.getUint32(at + 8, true);
    if (type === elf.NT_GNU_PROPERTY_TYPE_0 && nameSize === 4 && view.getUint32(at + NOTE_HEADER, true) === NAME) {
      const problem = readNote(view, start, end, elfClass, place, properties, report);
      if (problem !== undefined) return damaged(problem, report);
    }
    at = alignUp(end, align);
  }
  return properties;
}

function damaged(problem: Problem, report: Report): Map<number, number> {
  report(problem);
  return new Map();
}

/** Reads the list from `start` to `end`. Returns the problem that makes the object's properties worthless. */
function readNote(
  view: DataView,
  start: number,
  end: number,
  elfClass: 32 | 64,
  notePlace: Place,
  properties: Map<number, number>,
  report: Report,
): Problem | undefined {
  const align = elfClass / 8;
  if ((end - start) % align !== 0) return warning("property-note-cut-short", notePlace);
  for (let at = start; at < end; ) {
    const place = { ...notePlace, offset: at };
    if (end - at < 8) return warning("property-note-cut-short", place);
    const type = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const valueAt = at + 8;
    if (size > end - valueAt) return warning("property-note-cut-short", place);
    const rule = ruleOf(type);
    if (rule === undefined) report(warning("property-unsupported", place, { type }));
    else {
      const expected = valueBytes(rule, elfClass);
      if (size !== expected) return warning("property-size", place, { type, size, expected });
      const low = size >= 4 ? view.getUint32(valueAt, true) : 0;
      const high = size === 8 ? view.getUint32(valueAt + 4, true) : 0;
      const before = properties.get(type) ?? 0;
      properties.set(type, rule === "largest" ? high * 2 ** 32 + low : (before | low) >>> 0);
    }
    at = alignUp(valueAt + size, align);
  }
  return undefined;
}

/** One note with all properties, in the order of their types. */
function writeNote(properties: ReadonlyMap<number, number>, elfClass: 32 | 64): Uint8Array {
  const align = elfClass / 8;
  const list = [...properties].sort(([a], [b]) => a - b);
  const sizes = list.map(([type]) => valueBytes(ruleOf(type) ?? "any", elfClass));
  const listBytes = sizes.reduce((sum, size) => sum + alignUp(8 + size, align), 0);
  const bytes = new Uint8Array(NOTE_HEADER + 4 + listBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 4, true);
  view.setUint32(4, listBytes, true);
  view.setUint32(8, elf.NT_GNU_PROPERTY_TYPE_0, true);
  view.setUint32(NOTE_HEADER, NAME, true);
  let at = NOTE_HEADER + 4;
  for (const [i, [type, value]] of list.entries()) {
    view.setUint32(at, type, true);
    view.setUint32(at + 4, sizes[i], true);
    if (sizes[i] >= 4) view.setUint32(at + 8, value % 2 ** 32, true);
    if (sizes[i] === 8) view.setUint32(at + 12, Math.floor(value / 2 ** 32), true);
    at += alignUp(8 + sizes[i], align);
  }
  return bytes;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
