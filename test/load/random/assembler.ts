// The source of a planned object, in GNU as's language: there every binding, type, visibility and relocation can be said.
// None of the code is ever meant to run but constructors and resolvers, which return at once.

import type { Target } from "../../support/build.ts";
import type { Definition, ObjectPlan, Reference } from "./plan.ts";
import { kindOf } from "./plan.ts";

/** Assembler for an object. */
export function assemblerOf(target: Target, plan: ObjectPlan): string {
  const lines: string[] = [];
  const own = new Set(plan.definitions.map(({ name }) => name));
  for (const definition of plan.definitions.filter((each) => each.type !== "absolute"))
    define(target, plan, definition, lines);
  lines.push(".text", `code_of_${plan.name}:`);
  plan.references.forEach((reference, i) => {
    if (reference.weak && !own.has(reference.name)) lines.push(`.weak ${reference.name}`);
    refer(target, reference, i, lines);
  });
  constructors(target, plan, lines);
  lines.push('.section .note.GNU-stack,"",@progbits');
  return `${lines.join("\n")}\n`;
}

function define(target: Target, plan: ObjectPlan, definition: Definition, lines: string[]): void {
  const { name, binding, visibility, versions, type, kind } = definition;
  const label = versions.length === 0 ? name : `${name}_in_${plan.name}`;
  lines.push(sectionOf(definition), `.balign ${definition.alignment}`);
  lines.push(`.${binding === "weak" ? "weak" : "globl"} ${label}`);
  if (visibility !== "default") lines.push(`.${visibility} ${label}`);
  if (type !== "none") lines.push(`.type ${label}, ${typeOf(definition)}`);
  lines.push(`${label}:`);
  if (type === "indirect") lines.push(...resolver(target));
  else if (kind === "function") lines.push("ret", ".skip 3");
  else if (definition.section === "bss") lines.push(`.skip ${definition.bytes}`);
  else lines.push(`.fill ${definition.bytes}, 1, ${0x40 + (name.charCodeAt(1) % 10)}`);
  lines.push(`.size ${label}, . - ${label}`);
  versions.forEach(({ version, isDefault }, i) => {
    // An alias for each, because a name has one version.
    const alias = `${label}_${i}`;
    lines.push(`.${binding === "weak" ? "weak" : "globl"} ${alias}`, `.set ${alias}, ${label}`);
    lines.push(`.symver ${alias}, ${name}${isDefault ? "@@" : "@"}${version}, remove`);
  });
  if (versions.length > 0) lines.push(`.hidden ${label}`);
}

function sectionOf({ kind, section }: Definition): string {
  if (kind === "function") return ".text";
  if (kind === "tls") return section === "bss" ? '.section .tbss,"awT",@nobits' : '.section .tdata,"awT",@progbits';
  return section === "bss" ? ".bss" : section === "readonly" ? '.section .rodata,"a",@progbits' : ".data";
}

function typeOf({ kind, type, binding }: Definition): string {
  if (type === "indirect") return "@gnu_indirect_function";
  if (binding === "unique") return "@gnu_unique_object";
  return kind === "function" ? "@function" : "@object";
}

/** A function that returns the address of one that returns; without a relocation, as it may be asked before all is relocated. */
function resolver(target: Target): string[] {
  if (target.wordBytes === 8) return ["lea 9f(%rip), %rax", "ret", "9: ret"];
  return ["call 8f", "8: pop %eax", "lea 9f-8b(%eax), %eax", "ret", "9: ret"];
}

function refer(target: Target, reference: Reference, index: number, lines: string[]): void {
  const { name, how, addend } = reference;
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  const sum = addend === 0 ? name : `${name}${addend < 0 ? "" : "+"}${addend}`;
  const put = (...text: readonly string[]): void => void lines.push(...text);
  const data = (text: string): void => put(".data", ".balign 8", text, ".text");
  if (how === "word") data(`${word} ${sum}`);
  else if (how === "constant-word") put('.section .data.rel.ro,"aw",@progbits', ".balign 8", `${word} ${sum}`, ".text");
  else if (how === "size") data(`${word} ${name}@SIZE`);
  else if (how === "relative") data(`.long ${sum} - .`);
  else if (target.wordBytes === 8) put(...code64(reference));
  else put(...code32(reference, index));
}

function code64({ name, how }: Reference): string[] {
  switch (how) {
    case "call":
      return [`call ${name}@PLT`];
    case "absolute":
      return kindOf(name) === "function" ? [`mov $${name}, %eax`] : [`mov ${name}, %eax`];
    case "general-dynamic":
      return [`data16 lea ${name}@tlsgd(%rip), %rdi`, ".word 0x6666", "rex64", "call __tls_get_addr@PLT"];
    case "initial-exec":
      return [`mov ${name}@gottpoff(%rip), %rax`];
    case "descriptor":
      return [`lea ${name}@tlsdesc(%rip), %rax`, `call *${name}@tlscall(%rax)`];
    default:
      return [`mov ${name}@GOTPCREL(%rip), %rcx`];
  }
}

function code32({ name, how }: Reference, index: number): string[] {
  switch (how) {
    case "call":
      return [`call ${name}@PLT`];
    case "absolute":
      if (kindOf(name) === "function") return [index % 2 === 0 ? `call ${name}` : `mov $${name}, %eax`];
      return [`mov ${name}, %eax`];
    case "general-dynamic":
      return [`lea ${name}@tlsgd(,%ebx,1), %eax`, "call ___tls_get_addr@PLT"];
    case "initial-exec":
      return [`mov ${name}@gotntpoff(%ebx), %eax`];
    case "initial-exec-negated":
      return [`mov ${name}@gottpoff(%ebx), %eax`];
    case "descriptor":
      return [`lea ${name}@tlsdesc(%ebx), %eax`, `call *${name}@tlscall(%eax)`];
    default:
      return [`mov ${name}@GOT(%ebx), %ecx`];
  }
}

/** Functions that return, in .init_array and .fini_array, or named to the linker as _init and _fini. */
function constructors(target: Target, plan: ObjectPlan, lines: string[]): void {
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  lines.push(".text", `up_${plan.name}: ret`, `down_${plan.name}: ret`);
  if (plan.constructors === "array" || plan.constructors === "both") {
    lines.push('.section .init_array,"aw",@init_array', `.balign ${target.wordBytes}`, `${word} up_${plan.name}`);
    lines.push('.section .fini_array,"aw",@fini_array', `.balign ${target.wordBytes}`, `${word} down_${plan.name}`);
  }
}
