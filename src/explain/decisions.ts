// What a link decided, in words: why a name means what it means, why a file takes part, why a slot exists. The facts are
// `LinkResult.decisions`; nothing is decided or found out here.

import { demangle } from "../demangle/index.ts";
import type { SourceStatement } from "../link/decisions/layout-types.ts";
import type {
  Definer,
  Definition,
  DynamicRelocation,
  Export,
  FileDecision,
  Loss,
  LostDefinition,
  Reference,
  Rule,
  SettledBecause,
  Slot,
  SlotKind,
} from "../link/decisions/types.ts";
import type { RelocationPlace } from "../link/inputs/references.ts";
import { hex, type NameOf, placeText } from "./messages/template.ts";
import type { DescribeOptions } from "./render.ts";

const RULES: Readonly<Record<Rule, string>> = {
  first: "the first definition met",
  "strong-over-weak": "a strong definition takes the place of a weak one",
  "definition-over-common": "a definition takes the place of a common symbol",
  "common-over-weak": "a common symbol takes the place of a weak definition",
  "largest-common": "the largest of several common symbols",
  "object-over-shared": "an object's definition takes the place of a shared library's",
  "shared-over-common": "a library's initialised variable takes the place of a common symbol",
  linker: "the linker defines it",
  assigned: "an option or a script assigns it",
};

const LOSSES: Readonly<Record<Loss, string>> = {
  later: "it came later",
  weak: "it is weak",
  common: "it is a common symbol",
  "smaller-common": "it is not the largest common symbol",
  shared: "an object defines the name",
  "common-against-shared": "it is a common symbol, and a library has an initialised variable",
  duplicate: "it is a second definition",
  group: "another copy of its section group came first",
};

const SETTLED: Readonly<Record<SettledBecause, string>> = {
  protected: "its visibility is protected",
  bsymbolic: "of -Bsymbolic",
  "dynamic-list": "--dynamic-list does not name it",
  "not-exported": "it is not exported",
  program: "a program's own definitions come first",
};

const EXPORTED: Readonly<Record<Export["reason"], string>> = {
  "shared-library": "as a shared library exports what it defines",
  "export-dynamic": "because of --export-dynamic",
  "export-list": "because a list of dynamic symbols names it",
  "library-refers": "because a shared library refers to it",
  "library-defines": "because a shared library defines it too and has to use this definition",
  unique: "because a unique symbol is one for the whole process",
  import: "for the dynamic linker to find",
  copy: "because the shared library has to use the program's copy",
  "canonical-plt": "because other modules have to see the same address of the function",
  hidden: "its visibility keeps it inside",
  "version-script": "the version script makes it local",
  "exclude-libs": "of --exclude-libs",
  linker: "it is the linker's own",
  program: "a program exports only what somebody asks for",
  static: "the output has no dynamic symbols",
  unused: "nothing in the output refers to it",
};

/** A name's story, a fact a line, the most important first. */
export function describeDefinition(it: Definition, options: DescribeOptions = {}): string[] {
  const nameOf = namer(options);
  return [
    `\`${nameOf(it.name)}' ${meaning(it)}`,
    ...assignmentLines(it),
    ...referenceLines(it.firstReference),
    ...it.slots.map((slot) => `${usage(slot)}${asked(slot.reason, it.firstReference?.at)}`),
    ...it.others.map(lostLine),
    ...it.offeredBy.map((member) => `${member} defines it too; ${whyNotTaken(it)}`),
    ...exportLines(it),
  ];
}

function namer(options: DescribeOptions): NameOf {
  return options.demangle === false ? (name) => name : demangle;
}

function meaning(it: Definition): string {
  const { chosen, rule, binding, address } = it;
  const at = address === undefined ? "" : ` at ${hex(address)}`;
  if (chosen === undefined || rule === undefined) {
    if (binding === "zero") return "is defined nowhere and referred to weakly: it is 0";
    if (binding === "imported") return "is defined in no file of the link: the dynamic linker looks for it";
    return "is defined nowhere";
  }
  const reason = rule === "first" && it.others.length === 0 ? "the only definition" : RULES[rule];
  switch (chosen.by) {
    case "linker":
      return `is a symbol of the linker's${at}`;
    case "command-line":
      return `is what an option or a script assigns: ${address === undefined ? "not known yet" : hex(address)}`;
    case "shared-library":
      return `is bound to ${definerText(chosen)}: ${reason}`;
    case "object":
      return `is defined in ${definerText(chosen)}${at}: ${reason}`;
  }
}

/** Why the definition that holds does so; "" where none does. */
export function describeRule(it: Definition | undefined): string {
  if (it?.rule === undefined) return "";
  return it.rule === "first" && it.others.length === 0 ? "the only definition" : RULES[it.rule];
}

/** `libc.so.6 (version GLIBC_2.2.5)`, or `main.o:(.text+0x12)`. */
function definerText({ by, file, section, value, strength, version }: Definer): string {
  const versioned = version === "" ? "" : ` (version ${version})`;
  if (by === "shared-library") return `${file}${versioned}`;
  if (strength === "common") return `${file} as a common symbol${versioned}`;
  if (section === "") return `${file} as the constant ${hex(value)}${versioned}`;
  return `${placeText({ file, section, offset: value })}${versioned}`;
}

/** `` `*(.text .text.*)' at x.ld:5:12 ``, or of the default script, or in words of an orphan. */
export function statementText({ text, place, byDefault, orphan }: SourceStatement): string {
  if (orphan) return `no statement takes it: an orphan${text === "" ? "" : `, behind ${text}`}`;
  if (!byDefault) return `\`${text}' ${place.file === undefined ? "of an option" : `at ${placeText(place)}`}`;
  const line = place.line === undefined ? "" : `line ${place.line} of `;
  return `\`${text}' in ${line}the default script (ld --verbose)`;
}

/** Which assignment holds, and what became of the others. */
function assignmentLines({ assignments, chosen }: Definition): string[] {
  const holds = assignments.findLast(({ active }) => active);
  return assignments.map((it) => {
    const text = statementText(it.statement);
    if (it === holds) return `assigned by ${text}`;
    if (it.active) return `assigned before by ${text}`;
    return `not carried out: ${text}, because ${chosen === undefined ? "nothing refers to it" : "it is defined"}`;
  });
}

function referenceLines(reference: Reference | undefined): string[] {
  if (reference === undefined) return [];
  const { by, file, weak, at } = reference;
  if (by === "command-line") return ["an option of the link refers to it first"];
  const where = at === undefined ? "" : `, at ${siteText(at)}`;
  return [`${file} refers to it first${weak ? ", weakly" : ""}${where}`];
}

/** `.text+0x12 (R_X86_64_PLT32)`: a relocation whose file is named already. */
function siteText({ section, offset, type }: RelocationPlace): string {
  return `${section}+${hex(offset)} (${type})`;
}

const USAGES: Readonly<Record<SlotKind, string>> = {
  got: "its address is in the GOT",
  plt: "calls go through the PLT entry",
  "plt-got": "calls go through the PLT entry",
  "ifunc-plt": "its resolver's choice is called through the PLT entry",
  "canonical-plt": "its address in this program is its PLT entry",
  "tls-gd": "its module and offset are in the GOT",
  "tls-ie": "its offset from the thread pointer is in the GOT",
  "tls-ie-negated": "its negated offset from the thread pointer is in the GOT",
  "tls-desc": "its TLS descriptor is in the GOT",
  "tls-module": "the number of this module is in the GOT",
  copy: "its variable is copied into the program",
};

function usage({ kind, section, address, relocation }: Slot): string {
  return `${USAGES[kind]} at ${hex(address)} in ${section}${filledBy(kind, relocation)}`;
}

/** A PLT entry is code; what the dynamic linker fills is the word that it jumps through. */
function filledBy(kind: SlotKind, relocation: string): string {
  if (relocation === "") return "";
  return kind.endsWith("plt") || kind === "plt-got"
    ? `, its word filled by ${relocation}`
    : `, filled by ${relocation}`;
}

/** Who asked for a slot, unless that was said just before. */
function asked(reason: RelocationPlace | undefined, said: RelocationPlace | undefined): string {
  if (reason === undefined) return "";
  const isSaid = said?.file === reason.file && said.section === reason.section && said.offset === reason.offset;
  return isSaid ? "" : `: ${reason.file} asks for it first, at ${siteText(reason)}`;
}

function lostLine(lost: LostDefinition): string {
  return `passed over: ${definerText(lost)}, because ${LOSSES[lost.loss]}`;
}

function whyNotTaken({ chosen, firstReference }: Definition): string {
  if (chosen !== undefined) return "it was not needed";
  return firstReference === undefined || firstReference.weak
    ? "a weak reference takes no member out of an archive"
    : "it was not taken";
}

function exportLines({ chosen, export: it, settledBecause, visibility }: Definition): string[] {
  if (chosen === undefined || it.reason === "static" || it.reason === "import") return [];
  if (!it.exported) {
    if (it.reason === "unused" || it.reason === "linker") return [];
    const why = it.reason === "hidden" ? `its visibility is ${visibility.toLowerCase()}` : EXPORTED[it.reason];
    return [`it is not exported: ${why}`];
  }
  const exported = `it is exported, ${EXPORTED[it.reason]}`;
  if (it.reason !== "shared-library") return [exported];
  return settledBecause === undefined
    ? [`${exported}; another module's definition may come first at run time`]
    : [`${exported}; no other definition can take its place, because ${SETTLED[settledBecause]}`];
}

const SLOTS: Readonly<Record<SlotKind, string>> = {
  got: "GOT word",
  plt: "PLT entry",
  "plt-got": "PLT entry that shares the GOT word",
  "ifunc-plt": "PLT entry of the IFUNC",
  "canonical-plt": "PLT entry that is the address",
  "tls-gd": "pair of GOT words for general dynamic access",
  "tls-ie": "GOT word for initial exec access",
  "tls-ie-negated": "GOT word for initial exec access, negated,",
  "tls-desc": "TLS descriptor",
  "tls-module": "pair of GOT words for local dynamic access",
  copy: "copy",
};

/** `GOT word of `x' at 0x3fb8 in .got, filled by R_X86_64_GLOB_DAT: main.o asks for it first, at …`. */
export function describeSlot(slot: Slot, options: DescribeOptions = {}): string {
  const { kind, symbol, section, address, relocation, reason } = slot;
  const of = symbol === "" ? "" : ` of \`${namer(options)(symbol)}'`;
  return `${SLOTS[kind]}${of} at ${hex(address)} in ${section}${filledBy(kind, relocation)}${asked(reason, undefined)}`;
}

/** `R_X86_64_RELATIVE at 0x3da8, from main.o:(.data+0x8)`. */
export function describeDynamicRelocation(it: DynamicRelocation, options: DescribeOptions = {}): string {
  const against = it.symbol === "" ? "" : ` against \`${namer(options)(it.symbol)}'`;
  const packed = it.packed ? ", packed in .relr.dyn" : "";
  const { reason } = it;
  const from = typeof reason === "string" ? `for a ${SLOTS[reason]}` : `from ${placeText(reason)} (${reason.type})`;
  return `${it.type} at ${hex(it.address)}${against}${packed}, ${from}`;
}

/** Why a file is in the link, or is not. */
export function describeFile(it: FileDecision, options: DescribeOptions = {}): string {
  const nameOf = namer(options);
  switch (it.kind) {
    case "object":
      if (it.reason === "command-line") return `${it.file}: named on the command line`;
      if (it.reason === "whole-archive") return `${it.file}: --whole-archive takes every member`;
      return `${it.file}: defines \`${nameOf(it.symbol)}', which ${it.neededBy === "" ? "an option" : it.neededBy} refers to`;
    case "archive":
      return `${it.file === "" ? "--start-lib" : it.file}: ${it.taken} of ${it.members} members taken`;
    case "shared-library":
      if (it.fate === "dropped") return `${it.file}: dropped, because --as-needed found no use for it`;
      if (it.fate === "implicit") return `${it.file}: looked at only, because a shared library needs it`;
      return it.symbol === ""
        ? `${it.file}: needed as ${it.soname}`
        : `${it.file}: needed as ${it.soname}, for \`${nameOf(it.symbol)}' among others`;
  }
}
