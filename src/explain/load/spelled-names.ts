// C++ and Rust names as people write them: which symbols of a process a demangled name can mean. A function is also meant by
// its name without parameters, a template's by its name without arguments.

import { demangle } from "../../demangle/index.ts";
import { type LoadedObject, type LoadedProcess, symbolName } from "../../load/index.ts";
import { symbolNames } from "./symbol-at.ts";

/** The symbols that a demangled name can mean, as their files have them: those that it names in full before all others. */
export function symbolsSpelled(task: LoadedProcess, text: string): string[] {
  const wanted = normalized(text);
  const part = mangledPart(wanted);
  const exact: string[] = [];
  const loose: string[] = [];
  for (const name of namesWith(task.objects, part)) {
    const shown = demangle(name);
    if (shown === undefined) continue;
    const spellings = spellingsOf(normalized(shown));
    if (spellings[0] === wanted) exact.push(name);
    else if (spellings.includes(wanted)) loose.push(name);
  }
  return exact.length > 0 ? exact : loose;
}

/** All mangled names that have this part, in the order of the objects. */
function namesWith(objects: readonly LoadedObject[], part: string): Set<string> {
  const names = new Set<string>();
  const add = (name: string): void => {
    if (/^_[ZR]/.test(name) && name.includes(part)) names.add(name);
  };
  for (const object of objects) {
    const { symbols } = object.file;
    for (let index = 1; index < symbols.count; index++) add(symbolName(symbols, index));
    for (const name of symbolNames(object)) add(name);
  }
  return names;
}

/** `std::string` has no name of its own in a symbol, and a space no meaning beside punctuation. */
function normalized(text: string): string {
  return text
    .trim()
    .replace(/\s+/g, " ")
    .replace(/ (?=[<>(),&*:])/g, "")
    .replace(/(?<=[<(,:]) /g, "")
    .replace(/\b__cxx11::/g, "")
    .replaceAll("std::basic_string<char,std::char_traits<char>,std::allocator<char>>", "std::string");
}

/** Standard names that mangling abbreviates (Itanium C++ ABI, 5.1.8). */
const ABBREVIATED: ReadonlySet<string> = new Set([
  ...["std", "allocator", "basic_string", "string", "basic_istream", "istream"],
  ...["basic_ostream", "ostream", "basic_iostream", "iostream"],
]);

/** The last identifier with its length in front, as every mangled name has it; nothing if there is no such. */
function mangledPart(text: string): string {
  const names = withoutArguments(withoutParameters(text)).match(/[A-Za-z_]\w*/g) ?? [];
  const last = names.filter((name) => name !== "operator").at(-1);
  const isSure = last !== undefined && !ABBREVIATED.has(last) && !text.includes("operator ");
  return isSure ? `${last.length}${last}` : "";
}

/** What a normalized demangled name may be called: in full, without return type, parameters, arguments of a template. */
function spellingsOf(full: string): string[] {
  const isData = /^(vtable|VTT|typeinfo|guard|reference|construction|non-virtual|virtual|covariant|transaction) /.test(
    full,
  );
  const short = withoutParameters(full);
  const names = isData ? [full] : [full, withoutReturnType(full), short, withoutReturnType(short)];
  return [...names, ...names.slice(2).map(withoutArguments)];
}

/** Cuts the last `(…)` off. What is behind it are qualifiers: in `f()::x` it is `x` that has the name. */
function withoutParameters(text: string): string {
  const end = text.lastIndexOf(")");
  const isLast = /^( const| volatile|&|&&| \[.*\])*$/.test(text.slice(end + 1));
  const start = end < 0 || !isLast ? -1 : openingOf(text, end, "(", ")");
  return start <= 0 || text.slice(0, start).endsWith("operator") ? text : text.slice(0, start);
}

/** Cuts `<…>` off at the end. */
function withoutArguments(text: string): string {
  if (!text.endsWith(">") || /operator[<>=-]*>$/.test(text)) return text;
  const start = openingOf(text, text.length - 1, "<", ">");
  return start <= 0 ? text : text.slice(0, start);
}

/** Templates' functions are shown with what they return. */
function withoutReturnType(text: string): string {
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.startsWith("operator", at)) break;
    if (text[at] === "(" && depth === 0) break;
    if (text[at] === "<") depth++;
    else if (text[at] === ">") depth--;
    else if (text[at] === " " && depth === 0) start = at + 1;
  }
  return text.slice(start);
}

/** Where the bracket that closes at `end` opens. */
function openingOf(text: string, end: number, open: string, close: string): number {
  let depth = 0;
  for (let at = end; at >= 0; at--) {
    if (text[at] === close) depth++;
    else if (text[at] === open && --depth === 0) return at;
  }
  return -1;
}
