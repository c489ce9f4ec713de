// What `solder load a.o b.o` prints: where each object's sections are, what it exports, every relocation with the numbers
// filled in and the bytes before and after, its GOT and PLT; and at the end the symbols that the objects share.

import { formOf } from "../../arch/index.ts";
import { demangle } from "../../demangle/index.ts";
import { sectionFlagLetters, symbolBindingName, symbolTypeName } from "../../elf/names/names.ts";
import type {
  AppliedRelocation,
  GlobalSymbol,
  LoadedObjects,
  PlacedObject,
  Slot,
} from "../../load/relocatable/index.ts";
import { type Chapter, chapterTable } from "../dump/chapter.ts";
import { fillFormula, type Term, type Terms } from "../dump/formula.ts";
import { byteCount, bytesText, counted, heading, hex, type Style, table } from "../dump/table.ts";

/** The whole report. */
export function* objectLines(loaded: LoadedObjects, style: Style): Generator<string> {
  for (const object of loaded.objects) {
    yield* sectionLines(object, style);
    yield* exportLines(object, loaded.globals, style);
    yield* relocationLines(
      loaded.relocations.filter((it) => it.object === object),
      object,
      style,
    );
    yield* slotLines(object, style);
    yield "";
  }
  yield* globalLines(loaded, style);
}

function shownName(name: string, style: Style): string {
  return (style.demangle ? demangle(name) : undefined) ?? name;
}

function* sectionLines(object: PlacedObject, style: Style): Generator<string> {
  const size = byteCount(object.end - object.base);
  const title = `${object.name}: ${object.machine.name}, loaded at ${hex(object.base)} to ${hex(object.end)} (${size})`;
  yield heading(title, style)[1];
  const columns = [
    { title: "section" },
    { title: "address", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "alignment", align: "right" as const },
    { title: "flags" },
  ];
  const rows = object.sections.flatMap((placed) => {
    if (placed === undefined) return [];
    const { name, size: bytes, alignment, flags } = placed.section;
    const letters = sectionFlagLetters(flags, object.machine.elfMachine);
    return [[name, hex(placed.address), hex(bytes), String(Math.max(alignment, 1)), letters]];
  });
  yield* table(columns, rows, style);
  for (const index of object.discarded)
    yield `  ${object.elf.sections[index]?.name ?? index}: left out, another object has the same COMDAT group`;
}

function* exportLines(object: PlacedObject, globals: readonly GlobalSymbol[], style: Style): Generator<string> {
  const exported = globals.filter((it) => it.value.definer === object.name);
  yield* heading(`${counted(exported.length, "symbol")} exported by ${object.name}`, style);
  if (exported.length > 0)
    yield* table(
      SYMBOL_COLUMNS.slice(0, 5),
      exported.map((it) => symbolRow(it, style).slice(0, 5)),
      style,
    );
}

const SYMBOL_COLUMNS = [
  { title: "address", align: "right" as const },
  { title: "size", align: "right" as const },
  { title: "type" },
  { title: "binding" },
  { title: "name", paint: "name" as const },
  { title: "from" },
];

function symbolRow({ name, value, binding }: GlobalSymbol, style: Style): string[] {
  const type = symbolTypeName(value.type);
  return [
    hex(value.address),
    String(value.size),
    type,
    symbolBindingName(binding),
    shownName(name, style),
    value.definer ?? "",
  ];
}

function* relocationLines(
  relocations: readonly AppliedRelocation[],
  object: PlacedObject,
  style: Style,
): Generator<string> {
  yield* heading(`${counted(relocations.length, "relocation")} in ${object.name}`, style);
  if (relocations.length === 0) return;
  yield* chapterTable(appliedRelocationChapter(relocations, style), style);
}

/** Relocations of an object with their numbers, and the bytes before and after. */
export function appliedRelocationChapter(
  relocations: readonly AppliedRelocation[],
  style: Style,
): Chapter<AppliedRelocation> {
  return {
    title: counted(relocations.length, "relocation"),
    columns: [
      { title: "where", cell: ({ section, offset }) => `${section.name}+${hex(offset)}` },
      { title: "address", align: "right", cell: ({ place }) => hex(place), by: ({ place }) => place },
      { title: "type", cell: ({ type }) => type.name },
      { title: "formula", cell: formulaOf },
      { title: "computed", cell: (it) => computed(it, style) },
      { title: "before", cell: ({ before }) => bytesText(before) },
      { title: "after", cell: ({ fate, after }) => (fate === "applied" ? bytesText(after) : "unchanged") },
    ],
    rows: relocations,
    more: "",
  };
}

/** Calls of descriptors have none where code is not made for them. */
function formulaOf({ type, slot }: AppliedRelocation): string {
  return slot?.kind === "tls-call" ? "L + A - P" : type.formula;
}

/** `0x30000 (twice) - 4 - 0x20009 = 0xfff3`, or why nothing was. */
function computed(it: AppliedRelocation, style: Style): string {
  const name = shownName(it.symbolName, style);
  switch (it.fate) {
    case "no-field":
      return "nothing is stored";
    case "undefined":
      return `${name} is not defined`;
    case "unpaired":
      return "its high part has no value";
    case "discarded":
      return `${name} is in a COMDAT group that another object has`;
    case "unsupported":
      return "not for relocatable objects";
    default: {
      const filled = fillFormula(formulaOf(it), termsOf(it, style), name).text;
      const result = `${filled} = ${it.value === undefined ? "?" : signedHex(it.value)}`;
      return it.fate === "overflow" ? `${result}, which does not fit ${fieldWords(it)}` : result;
    }
  }
}

/** Of an instruction its form's name. */
function fieldWords({ object, type }: AppliedRelocation): string {
  return formOf(type, object.machine.instructions)?.name ?? `${type.bytes} bytes`;
}

/** The letters of the formula. Of a local symbol without name, its section's name is shown. */
function termsOf(it: AppliedRelocation, style: Style): Terms {
  const name = shownName(it.symbolName, style);
  const term = (number: number, text = hex(number)): Term => ({ number, text });
  const named = (value: number): Term => term(value, name === "" ? hex(value) : `${hex(value)} (${name})`);
  const gotAddress = it.object.slots.gotAddress;
  const { interwork } = it.object.machine.objects;
  const symbol = it.symbol?.address ?? 0;
  const entry = entryOf(it);
  const entered =
    entry === undefined ? undefined : term(entry, `${hex(entry)} (${name}@${ENTRIES.get(it.slot?.kind)})`);
  const isBranch = formulaOf(it).includes("L");
  return {
    S: entered !== undefined && it.type.formula.includes("S") ? entered : named(symbol),
    A: { number: Number(it.addend), text: signedHex(it.addend) },
    P: term((isBranch ? interwork?.place(it.type.number, entry ?? symbol, it.place) : undefined) ?? it.place),
    L: entered ?? named(symbol),
    G: term(
      (it.slot?.address ?? gotAddress) - gotAddress,
      `${hex((it.slot?.address ?? gotAddress) - gotAddress)} (${name}@got)`,
    ),
    GOT: term(gotAddress, `${hex(gotAddress)} (GOT)`),
    Z: term(it.symbol?.size ?? 0, `${it.symbol?.size ?? 0} (size of ${name})`),
  };
}

/** Slots that are code. */
const ENTRIES: ReadonlyMap<Slot["kind"] | undefined, string> = new Map([
  ["plt", "plt"],
  ["tls-call", "tlscall"],
]);

/** Where the reference enters the code of its slot, if it leads to one. */
function entryOf({ slot, type, object }: AppliedRelocation): number | undefined {
  if (slot === undefined || !ENTRIES.has(slot.kind)) return undefined;
  return object.machine.objects.interwork?.entryFor(type.number, slot.address) ?? slot.address;
}

function signedHex(value: bigint): string {
  const size = value < 0n ? -value : value;
  const text = size < 10n ? String(size) : `0x${size.toString(16)}`;
  return value < 0n ? `-${text}` : text;
}

const SLOT_WORDS: Readonly<Record<Slot["kind"], string>> = {
  got: "GOT",
  plt: "PLT",
  "tls-gd": "GOT, TLS general dynamic: module, offset",
  "tls-ld": "GOT, TLS local dynamic: module, 0",
  "tls-ie": "GOT, TLS offset from the thread pointer",
  "tls-ie-negated": "GOT, TLS offset, negated",
  "tls-desc": "GOT, TLS descriptor: resolver, offset",
  "tls-call": "code that calls the function of a TLS descriptor",
};

/** Of descriptors of arm the function is the second word. */
function whatItIs({ kind, words }: Slot): string {
  return kind === "tls-desc" && words[0] !== undefined ? "GOT, TLS descriptor: offset, resolver" : SLOT_WORDS[kind];
}

function* slotLines(object: PlacedObject, style: Style): Generator<string> {
  const { entries } = object.slots;
  if (entries.length === 0) return;
  yield* heading(`${counted(entries.length, "slot")} made for ${object.name}`, style);
  const columns = [
    { title: "address", align: "right" as const },
    { title: "holds" },
    { title: "for", paint: "name" as const },
    { title: "what it is" },
  ];
  const word = (value: number | undefined): string =>
    value === undefined ? "decided when the program runs" : hex(value);
  const rows = entries.map((slot) => [
    hex(slot.address),
    slot.kind === "plt" ? `jump to ${slot.words.map(word).join(", ")}` : slot.words.map(word).join(", "),
    shownName(slot.name, style),
    whatItIs(slot),
  ]);
  yield* table(columns, rows, style);
}

function* globalLines({ globals, tlsBytes }: LoadedObjects, style: Style): Generator<string> {
  yield painted(globals.length, style);
  if (globals.length > 0)
    yield* table(
      SYMBOL_COLUMNS,
      globals.map((it) => symbolRow(it, style)),
      style,
    );
  if (tlsBytes > 0) yield `  Thread-local symbols: offsets in a block of ${byteCount(tlsBytes)} that each thread has.`;
}

function painted(count: number, style: Style): string {
  return heading(`${counted(count, "global symbol")}`, style)[1];
}

/** The same as data, for --json. */
export function objectsJson(loaded: LoadedObjects): unknown {
  return {
    version: 1,
    objects: loaded.objects.map((object) => ({
      name: object.name,
      machine: object.machine.name,
      base: object.base,
      end: object.end,
      sections: object.sections.flatMap((placed) =>
        placed === undefined ? [] : [{ name: placed.section.name, address: placed.address, size: placed.section.size }],
      ),
      exports: loaded.globals.filter((it) => it.value.definer === object.name).map(symbolJson),
      relocations: loaded.relocations.filter((it) => it.object === object).map(relocationJson),
      slots: object.slots.entries,
    })),
    globals: loaded.globals.map(symbolJson),
    tlsBytes: loaded.tlsBytes,
  };
}

function symbolJson({ name, value, binding }: GlobalSymbol): unknown {
  const { address, size, type, definer } = value;
  return { name, address, size, type: symbolTypeName(type), binding: symbolBindingName(binding), from: definer };
}

function relocationJson(it: AppliedRelocation): unknown {
  return {
    section: it.section.name,
    offset: it.offset,
    address: it.place,
    type: it.type.name,
    formula: it.type.formula,
    symbol: it.symbolName,
    S: it.symbol?.address,
    // As text where a number would not be exact.
    A: exact(it.addend),
    value: it.value === undefined ? undefined : exact(it.value),
    slot: it.slot?.address,
    before: bytesText(it.before),
    after: bytesText(it.after),
    fate: it.fate,
  };
}

function exact(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
