// The source of a planned object, in GNU as's language: there every binding, type, visibility and relocation can be said. What
// machines say each in their own words is in dialects.ts.

import type { Dialect } from "./dialects.ts";
import type { RandomMachine } from "./machines.ts";
import type { Reference } from "./names.ts";
import type { Definition, ObjectPlan } from "./plan.ts";

/** Assembler for an object. */
export function assemblerOf(machine: RandomMachine, plan: ObjectPlan): string {
  const { dialect } = machine;
  const lines: string[] = [...dialect.head];
  const own = new Set(plan.definitions.map(({ name }) => name));
  for (const definition of plan.definitions.filter((each) => each.type !== "absolute"))
    define(dialect, plan, definition, lines);
  lines.push(".text", ".balign 4", `code_of_${plan.name}:`);
  plan.references.forEach((reference, i) => {
    if (reference.weak && !own.has(reference.name)) lines.push(`.weak ${reference.name}`);
    if (reference.version === undefined) refer(dialect, reference, i, lines);
    else {
      const alias = `${reference.name}_of_${i}`;
      if (reference.weak) lines.push(`.weak ${alias}`);
      lines.push(`.symver ${alias}, ${reference.name}@${reference.version}, remove`);
      refer(dialect, { ...reference, name: alias }, i, lines);
    }
  });
  constructors(machine, plan, lines);
  lines.push('.section .note.GNU-stack,"",%progbits');
  return `${lines.join("\n")}\n`;
}

function define(dialect: Dialect, plan: ObjectPlan, definition: Definition, lines: string[]): void {
  const { name, binding, visibility, versions, type, kind } = definition;
  const label = versions.length === 0 ? name : `${name}_in_${plan.name}`;
  if (definition.section === "common") {
    if (visibility !== "default") lines.push(`.${visibility} ${name}`);
    lines.push(`.comm ${name}, ${definition.bytes}, ${definition.alignment}`);
    return;
  }
  lines.push(sectionOf(definition), `.balign ${definition.alignment}`);
  if (kind === "function") lines.push(".balign 4");
  lines.push(`.${binding === "weak" ? "weak" : "globl"} ${label}`);
  if (visibility !== "default") lines.push(`.${visibility} ${label}`);
  if (type !== "none") lines.push(`.type ${label}, ${typeOf(definition)}`);
  lines.push(...contentOf(dialect, definition, label));
  lines.push(`.size ${label}, . - ${label}`);
  versions.forEach(({ version, isDefault }, i) => {
    // An alias for each, because a name has one version.
    const alias = `${label}_${i}`;
    lines.push(`.${binding === "weak" ? "weak" : "globl"} ${alias}`, `.set ${alias}, ${label}`);
    lines.push(`.symver ${alias}, ${name}${isDefault ? "@@" : "@"}${version}, remove`);
  });
  if (versions.length > 0) lines.push(`.hidden ${label}`);
}

function contentOf(dialect: Dialect, definition: Definition, label: string): string[] {
  const { name, type, kind, section, bytes } = definition;
  if (type === "indirect") return [`${label}:`, ...dialect.resolver];
  if (kind === "function") {
    const [first = "", ...rest] = dialect.body(bytes > 16);
    // Where the state of the assembler changes, the label takes the new one.
    return first.startsWith(".") ? [first, `${label}:`, ...rest] : [`${label}:`, first, ...rest];
  }
  if (section === "bss") return [`${label}:`, `.skip ${bytes}`];
  return [`${label}:`, `.fill ${bytes}, 1, ${0x40 + (name.charCodeAt(1) % 10)}`];
}

function sectionOf({ kind, section }: Definition): string {
  if (kind === "function") return ".text";
  if (kind === "tls") return section === "bss" ? '.section .tbss,"awT",%nobits' : '.section .tdata,"awT",%progbits';
  return section === "bss" ? ".bss" : section === "readonly" ? '.section .rodata,"a",%progbits' : ".data";
}

function typeOf({ kind, type, binding }: Definition): string {
  if (type === "indirect") return "%gnu_indirect_function";
  if (binding === "unique") return "%gnu_unique_object";
  return kind === "function" ? "%function" : "%object";
}

function refer(dialect: Dialect, reference: Reference, index: number, lines: string[]): void {
  const { name, how, addend } = reference;
  const { word } = dialect;
  const sum = addend === 0 ? name : `${name}${addend < 0 ? "" : "+"}${addend}`;
  const put = (...text: readonly string[]): void => void lines.push(...text);
  const data = (text: string): void => put(".data", ".balign 8", text, ".text");
  if (how === "word") data(`${word} ${sum}`);
  else if (how === "constant-word") put('.section .data.rel.ro,"aw",%progbits', ".balign 8", `${word} ${sum}`, ".text");
  else if (how === "size") data(`${word} ${name}@SIZE`);
  else if (how === "relative") data(`.long ${sum} - .`);
  else put(...dialect.refer(reference, index));
}

/** Functions that return, in .init_array and .fini_array, or named to the linker as _init and _fini. */
function constructors({ dialect, wordBytes }: RandomMachine, plan: ObjectPlan, lines: string[]): void {
  const { word, returns } = dialect;
  lines.push(".text", ".balign 4");
  for (const name of [`up_${plan.name}`, `down_${plan.name}`])
    lines.push(`.type ${name}, %function`, `${name}:`, returns);
  if (plan.constructors === "array" || plan.constructors === "both") {
    lines.push('.section .init_array,"aw",%init_array', `.balign ${wordBytes}`, `${word} up_${plan.name}`);
    lines.push('.section .fini_array,"aw",%fini_array', `.balign ${wordBytes}`, `${word} down_${plan.name}`);
  }
}
