// Sentences with holes. Messages are data rather than functions so that the documentation, the tests and the program all
// read the same table.
//
//   {name}         the fact as text; lists joined by commas, places as file:(section+0x12)
//   {name:hex}     a number as 0x…
//   {name:symbol}  a symbol's name, demangled when the reader asked for it
//   {name:output}  a kind of output in words: "a shared object" for shared
//   {name:variant} a C library as the names of packages have it, for the fact `machine`: "linux-x64-musl or linuxmusl-x64" for musl
//   {name:cpu}     a machine as the names of packages have it: arm64 for aarch64
//   [[ … ]]        left out when a fact inside it is missing, empty or false

import type { Detail, Place } from "../../elf/problem.ts";

export type Details = Readonly<Record<string, Detail>>;
export type NameOf = (symbol: string) => string;

/** A hole in a template: `{name}` or `{name:form}`. */
const HOLE = /\{([a-zA-Z]+)(?::(hex|symbol|output|variant|cpu))?\}/g;
const OPTIONAL = /\[\[(.*?)\]\]/g;

/** Fills a template in. A fact that is missing outside of `[[ ]]` shows as `?`. */
export function fill(template: string, details: Details, nameOf: NameOf): string {
  const fillHoles = (text: string): string =>
    text.replace(HOLE, (_, name: string, form: string | undefined) =>
      Object.hasOwn(details, name) ? detailText(details[name], form, nameOf, details.machine) : "?",
    );
  return fillHoles(template.replace(OPTIONAL, (_, inner: string) => (hasFacts(inner, details) ? inner : "")));
}

/** The names of the facts that a template mentions. */
export function factsOf(template: string): string[] {
  return [...template.matchAll(HOLE)].map((match) => match[1]);
}

/** `a.o:(.text+0x12)`, `libx.a(y.o):(+0x40)`, `script.ld:12`; empty when nothing is known. */
export function placeText(place: Place): string {
  const file = place.file ?? "";
  if (place.line !== undefined) {
    return `${file}:${place.line}${place.column === undefined ? "" : `:${place.column}`}`;
  }
  const offset = place.offset === undefined ? "" : `+${hex(place.offset)}`;
  const inside = `${place.section ?? ""}${offset}`;
  if (inside === "") return file;
  return file === "" ? `(${inside})` : `${file}:(${inside})`;
}

export function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function detailText(detail: Detail, form: string | undefined, nameOf: NameOf, machine: Detail | undefined): string {
  if (typeof detail === "number") return form === "hex" ? hex(detail) : String(detail);
  if (typeof detail === "boolean") return detail ? "yes" : "no";
  if (typeof detail === "string") {
    return form === "variant" ? variantText(detail, String(machine ?? "")) : stringText(detail, form, nameOf);
  }
  return detail.map((item) => (typeof item === "string" ? stringText(item, form, nameOf) : placeText(item))).join(", ");
}

/** OutputKind of link/options.ts, as GNU ld speaks of them. */
const OUTPUTS: Readonly<Record<string, string>> = {
  static: "a static executable",
  "static-pie": "a static PIE object",
  executable: "an executable",
  pie: "a PIE object",
  shared: "a shared object",
  relocatable: "a relocatable object",
};

/** What Node.js and so the names of packages call machines (`process.arch`). */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  "x86-64": "x64",
  i386: "ia32",
  aarch64: "arm64",
  ppc64le: "ppc64",
  mips64el: "mips64el",
  loongarch64: "loong64",
};

/** Builds for a C library, as prebuildify, napi-rs and sharp call them. */
function variantText(library: string, machine: string): string {
  const cpu = cpuText(machine);
  if (library === "glibc") return `linux-${cpu}, linux-${cpu}-gnu or linux-${cpu}-glibc`;
  return library === "musl" ? `linux-${cpu}-musl or linuxmusl-${cpu}` : library;
}

function cpuText(machine: string): string {
  return Object.hasOwn(ARCHITECTURES, machine) ? ARCHITECTURES[machine] : machine;
}

function stringText(text: string, form: string | undefined, nameOf: NameOf): string {
  if (form === "symbol") return nameOf(text);
  if (form === "cpu") return cpuText(text);
  return form === "output" && Object.hasOwn(OUTPUTS, text) ? OUTPUTS[text] : text;
}

/** Whether every fact that the template mentions outside of `[[ ]]` is there. */
export function hasNeededFacts(template: string, details: Details): boolean {
  return hasFacts(template.replace(OPTIONAL, ""), details);
}

/** Whether every fact that the template mentions is there: not missing, empty or false. */
function hasFacts(template: string, details: Details): boolean {
  return factsOf(template).every((name) => {
    const detail = Object.hasOwn(details, name) ? details[name] : undefined;
    return detail !== undefined && detail !== false && detail !== "" && !(Array.isArray(detail) && detail.length === 0);
  });
}
