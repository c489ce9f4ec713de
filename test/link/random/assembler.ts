// The source of a planned object, in GNU as's language. Every function returns a number that tells which definition it is,
// every variable holds one, and each object has a function that sums up what its references reach: so a program's output tells
// which definitions all of its references got. An object's sum is found in the section `sums`.

import type { Target } from "../../support/build.ts";
import { type Definition, kindOf, type ObjectPlan, type Reference } from "./parts.ts";

export function assemblerOf(target: Target, plan: ObjectPlan): string {
  const lines: string[] = [];
  for (const definition of plan.definitions) define(target, plan, definition, lines);
  sum(target, plan, lines);
  for (const extra of plan.extras) lines.push(...EXTRA_LINES[extra](plan.id, target));
  if (!plan.extras.includes("no-stack-note"))
    lines.push(`.section .note.GNU-stack,"${plan.extras.includes("exec-stack") ? "x" : ""}",@progbits`);
  return `${lines.join("\n")}\n`;
}

/** What tells one definition from all others. */
function mark(id: string, name: string): number {
  let hash = 7;
  for (const letter of `${id}/${name}`) hash = (Math.imul(hash, 131) + letter.charCodeAt(0)) & 0xffffff;
  return hash;
}

// Definitions

function define(target: Target, plan: ObjectPlan, definition: Definition, lines: string[]): void {
  const { name, form, binding, visibility, versions, renamed, size, alignment } = definition;
  const kind = kindOf(name);
  const value = mark(plan.id, name);
  // A name with versions is defined under another, which keeps it out of the way of references in this object.
  const label = renamed ? `${name}_of_${plan.id}` : name;
  const bound = binding === "weak" ? "weak" : "globl";
  if (form === "absolute") {
    lines.push(`.${bound} ${name}`, `.set ${name}, ${value}`);
    return;
  }
  if (visibility !== "default") lines.push(`.${visibility} ${label}`);
  if (form === "common") {
    lines.push(kind === "tls" ? `.type ${label}, @tls_object` : "", `.comm ${label}, ${size}, ${alignment}`);
    return;
  }
  lines.push(sectionOf(plan, definition), `.balign ${kind === "function" ? 4 : alignment}`, `.${bound} ${label}`);
  lines.push(`.type ${label}, ${typeOf(definition)}`);
  const unwound = plan.unwind && kind === "function";
  lines.push(`${label}:`, ...(unwound ? [".cfi_startproc"] : []));
  if (form === "ifunc") lines.push(...resolver(target, value));
  else if (kind === "function") lines.push(`mov $${value}, %eax`, "ret");
  else if (sectionIsEmpty(definition)) lines.push(`.skip ${size}`);
  else lines.push(`.long ${value}`, `.skip ${size - 4}`);
  if (unwound) lines.push(".cfi_endproc");
  lines.push(`.size ${label}, . - ${label}`);
  for (const version of versions) lines.push(`.symver ${label}, ${name}${version}`);
}

function sectionIsEmpty({ name, section }: Definition): boolean {
  return kindOf(name) === "tls" ? section === ".bss" : section === ".bss";
}

function sectionOf({ id, apart }: ObjectPlan, { name, form, section }: Definition): string {
  const kind = kindOf(name);
  const comdat = form === "comdat";
  const tail = comdat ? `,${name},comdat` : "";
  const group = comdat ? "G" : "";
  if (form === "linkonce") return `.section .gnu.linkonce.t.${name},"ax",@progbits`;
  if (kind === "function") return comdat || apart ? `.section .text.${name},"ax${group}",@progbits${tail}` : ".text";
  if (kind === "tls")
    return section === ".bss"
      ? '.section .tbss,"awT",@nobits'
      : `.section .tdata${apart ? `.${id}` : ""},"awT",@progbits`;
  const flags = section === ".rodata" ? "a" : "aw";
  const type = section === ".bss" ? "@nobits" : "@progbits";
  const own = apart || comdat ? `${section === "things" ? ".data.things" : section}.${name}` : section;
  return `.section ${own},"${flags}${group}",${type}${tail}`;
}

function typeOf({ name, form, binding }: Definition): string {
  if (form === "ifunc") return "@gnu_indirect_function";
  if (binding === "unique") return "@gnu_unique_object";
  return { function: "@function", data: "@object", tls: "@tls_object", number: "@notype" }[kindOf(name)];
}

/** Returns the address of what stands behind it, without a relocation, as nothing may be relocated yet. */
function resolver(target: Target, value: number): string[] {
  const code = ["ret", "9:", `mov $${value}, %eax`, "ret"];
  if (target.wordBytes === 8) return ["lea 9f(%rip), %rax", ...code];
  return ["call 8f", "8: pop %eax", "lea 9f-8b(%eax), %eax", ...code];
}

// References

function sum(target: Target, plan: ObjectPlan, lines: string[]): void {
  const name = `sum_${plan.id}`;
  const own = new Set(plan.definitions.map((it) => it.name));
  const body: string[] = [];
  const declared = new Set<string>();
  plan.references.forEach((reference, index) => {
    const symbol = reference.version === "" ? reference.name : `${reference.name}_asked`;
    if (!declared.has(symbol)) {
      declared.add(symbol);
      if (reference.weak && !own.has(reference.name)) body.push(`.weak ${symbol}`);
      if (reference.hidden && !own.has(reference.name)) body.push(`.hidden ${symbol}`);
      if (reference.version !== "") body.push(`.symver ${symbol}, ${reference.name}${reference.version}`);
      if (kindOf(reference.name) === "tls" && !own.has(reference.name)) body.push(`.type ${symbol}, @tls_object`);
    }
    body.push(...(target.wordBytes === 8 ? code64 : code32)({ ...reference, name: symbol }, index, plan));
  });
  lines.push(plan.apart ? `.section .text.${name},"ax",@progbits` : ".text", `.type ${name}, @function`, `${name}:`);
  if (plan.unwind) lines.push(".cfi_startproc");
  if (target.wordBytes === 8) lines.push("push %rbx", "mov $1, %ebx", ...body, "mov %ebx, %eax", "pop %rbx", "ret");
  else {
    lines.push("push %ebx", "push %esi", "call 1f", "1: pop %ebx");
    lines.push("add $_GLOBAL_OFFSET_TABLE_+[.-1b], %ebx", "mov $1, %esi", ...body);
    lines.push("mov %esi, %eax", "pop %esi", "pop %ebx", "ret");
  }
  if (plan.unwind) lines.push(".cfi_endproc");
  lines.push(`.size ${name}, . - ${name}`);
  lines.push('.section sums,"a",@progbits', ".balign 4", `.long ${name} - .`);
}

type Code = (reference: Reference, index: number, plan: ObjectPlan) => string[];

const add64 = ["imul $31, %ebx", "add %eax, %ebx", "99:"];

/** A word in data with a symbol's address; read-only after relocation if `constant`. */
function word(size: number, name: string, label: string, constant: boolean): string[] {
  const section = constant ? '.pushsection .data.rel.ro,"aw",@progbits' : ".pushsection .data";
  return [section, `.balign ${size}`, `${label}: ${size === 8 ? ".quad" : ".long"} ${name}`, ".popsection"];
}

const code64: Code = ({ name, how, weak }, index, { id }) => {
  const use = { function: ["call *%rax"], data: ["mov (%rax), %eax"], tls: [], number: [] }[kindOf(name)];
  const guard = ["test %rax, %rax", "jz 99f"];
  const label = `.Lword_${id}_${index}`;
  switch (how) {
    case "call":
      return [...(weak ? [`cmpq $0, ${name}@GOTPCREL(%rip)`, "jz 99f"] : []), `call ${name}@PLT`, ...add64];
    case "got-call":
      return [
        ...(weak ? [`mov ${name}@GOTPCREL(%rip), %rax`, ...guard] : []),
        `call *${name}@GOTPCREL(%rip)`,
        ...add64,
      ];
    case "got":
      return [`mov ${name}@GOTPCREL(%rip), %rax`, ...guard, ...use, ...add64];
    case "equal":
      return [
        ...word(8, name, label, index % 2 === 0),
        `mov ${label}(%rip), %rax`,
        `cmp ${name}@GOTPCREL(%rip), %rax`,
        "sete %al",
        "movzbl %al, %eax",
        ...add64,
      ];
    case "direct":
      return [`lea ${name}(%rip), %rax`, ...guard, ...use, ...add64];
    case "absolute":
      return [`mov $${name}, %eax`, ...guard, ...use, ...add64];
    case "word":
    case "constant-word":
      return [...word(8, name, label, how === "constant-word"), `mov ${label}(%rip), %rax`, ...guard, ...use, ...add64];
    case "size":
      return [`mov $${name}@SIZE, %eax`, ...add64];
    case "general-dynamic":
      return [
        "data16",
        `lea ${name}@tlsgd(%rip), %rdi`,
        ".value 0x6666",
        "rex64",
        "call __tls_get_addr@PLT",
        "mov (%rax), %eax",
        ...add64,
      ];
    case "local-dynamic":
      return [`lea ${name}@tlsld(%rip), %rdi`, "call __tls_get_addr@PLT", `mov ${name}@dtpoff(%rax), %eax`, ...add64];
    case "initial-exec":
      return [`mov ${name}@gottpoff(%rip), %rax`, "mov %fs:(%rax), %eax", ...add64];
    case "local-exec":
      return [`mov %fs:${name}@tpoff, %eax`, ...add64];
    case "descriptor":
      return [`lea ${name}@tlsdesc(%rip), %rax`, `call *${name}@tlscall(%rax)`, "mov %fs:(%rax), %eax", ...add64];
  }
};

const add32 = ["imul $31, %esi", "add %eax, %esi", "99:"];

const code32: Code = ({ name, how, weak }, index, { id }) => {
  const isFunction = kindOf(name) === "function";
  const use = isFunction ? ["call *%eax"] : kindOf(name) === "number" ? [] : ["mov (%eax), %eax"];
  const guard = ["test %eax, %eax", "jz 99f"];
  const label = `.Lword_${id}_${index}`;
  const got = [`mov ${name}@GOT(%ebx), %eax`];
  switch (how) {
    case "call":
      return [...(weak ? [...got, ...guard] : []), `call ${name}@PLT`, ...add32];
    case "got-call":
      return [...(weak ? [...got, ...guard] : []), `call *${name}@GOT(%ebx)`, ...add32];
    case "got":
    case "size":
      return [...got, ...guard, ...use, ...add32];
    case "equal":
      return [
        ...word(4, name, label, index % 2 === 0),
        `mov ${label}@GOTOFF(%ebx), %eax`,
        `cmp ${name}@GOT(%ebx), %eax`,
        "sete %al",
        "movzbl %al, %eax",
        ...add32,
      ];
    case "direct":
      return [`lea ${name}@GOTOFF(%ebx), %eax`, ...guard, ...use, ...add32];
    case "absolute":
      return index % 2 === 0 && isFunction && !weak
        ? [`call ${name}`, ...add32]
        : [`mov $${name}, %eax`, ...guard, ...use, ...add32];
    case "word":
    case "constant-word":
      return [
        ...word(4, name, label, how === "constant-word"),
        `mov ${label}@GOTOFF(%ebx), %eax`,
        ...guard,
        ...use,
        ...add32,
      ];
    case "general-dynamic":
      return [`lea ${name}@tlsgd(,%ebx,1), %eax`, "call ___tls_get_addr@PLT", "mov (%eax), %eax", ...add32];
    case "local-dynamic":
      return [`lea ${name}@tlsldm(%ebx), %eax`, "call ___tls_get_addr@PLT", `mov ${name}@dtpoff(%eax), %eax`, ...add32];
    case "initial-exec":
      return index % 2 === 0
        ? [`mov ${name}@gotntpoff(%ebx), %eax`, "mov %gs:(%eax), %eax", ...add32]
        : ["mov %gs:0, %ecx", `sub ${name}@gottpoff(%ebx), %ecx`, "mov (%ecx), %eax", ...add32];
    case "local-exec":
      return [`mov %gs:${name}@ntpoff, %eax`, ...add32];
    case "descriptor":
      return [`lea ${name}@tlsdesc(%ebx), %eax`, `call *${name}@tlscall(%eax)`, "mov %gs:(%eax), %eax", ...add32];
  }
};

// What else objects have

type Lines = (id: string, target: Target) => readonly string[];

/** A function that counts the order in which such functions run, and its address in an array. */
function counted(id: string, target: Target, section: string, type: string): string[] {
  const name = `run_${id}_${section.replace(/\W/g, "_")}`;
  const value = mark(id, section) & 0xffff;
  const pointer = target.wordBytes === 8 ? ".quad" : ".long";
  const body =
    target.wordBytes === 8
      ? ["imul $31, ticks(%rip), %eax", `add $${value}, %eax`, "mov %eax, ticks(%rip)", "ret"]
      : [
          "push %ebx",
          "call 1f",
          "1: pop %ebx",
          "add $_GLOBAL_OFFSET_TABLE_+[.-1b], %ebx",
          "imul $31, ticks@GOTOFF(%ebx), %eax",
          `add $${value}, %eax`,
          "mov %eax, ticks@GOTOFF(%ebx)",
          "pop %ebx",
          "ret",
        ];
  return [
    ".hidden ticks",
    ".text",
    `${name}:`,
    ...body,
    `.section ${section},"aw",${type}`,
    `.balign ${target.wordBytes}`,
    `${pointer} ${name}`,
  ];
}

const EXTRA_LINES: Readonly<Record<ObjectPlan["extras"][number], Lines>> = {
  strings: (id) => [
    '.section .rodata.str1.1,"aMS",@progbits,1',
    `.Ls_${id}: .asciz "common to all"`,
    `.asciz "to all"`,
    `.asciz "of ${id}"`,
    ".text",
  ],
  constants: (id) => [
    '.section .rodata.cst8,"aM",@progbits,8',
    ".balign 8",
    ".quad 1, 2, 3, 1",
    `.quad ${mark(id, "8")}`,
    '.section .rodata.cst4,"aM",@progbits,4',
    ".long 5, 6, 5",
  ],
  init: (id, target) => [
    ...counted(id, target, ".init_array", "@init_array"),
    ...counted(id, target, ".fini_array", "@fini_array"),
  ],
  "init-priority": (id, target) => counted(id, target, `.init_array.${100 + (mark(id, "p") % 30)}`, "@init_array"),
  preinit: (id, target) => counted(id, target, ".preinit_array", "@preinit_array"),
  note: (id) => [
    '.section .note.solder,"a",@note',
    ".balign 4",
    ".long 7, 4, 1",
    '.asciz "Solder"',
    ".balign 4",
    `.long ${mark(id, "note")}`,
  ],
  set: (id) => [
    '.section thingset,"aw",@progbits',
    `.long ${mark(id, "set")}`,
    ".globl __start_thingset",
    ".hidden __start_thingset",
    ".section .data.set",
    ...(mark(id, "q") % 2 === 0 ? [".long __start_thingset - ."] : []),
  ],
  retained: (id) => ['.section .data.retained,"awR",@progbits', `.long ${mark(id, "retained")}`],
  excluded: (id) => ['.section .excluded,"e",@progbits', `.long ${mark(id, "excluded")}`],
  linked: (id) => [
    `.section .text.linked_${id},"ax",@progbits`,
    `linked_${id}: ret`,
    `.section .linked,"ao",@progbits,.text.linked_${id}`,
    `.long ${mark(id, "linked")}`,
  ],
  "exec-stack": () => [],
  "no-stack-note": () => [],
  property: (_id, target) => [
    '.section .note.gnu.property,"a",@note',
    `.balign ${target.wordBytes}`,
    ".long 4",
    target.wordBytes === 8 ? ".long 16" : ".long 12",
    ".long 5",
    '.asciz "GNU"',
    ".long 0xc0000002, 4, 3",
    ...(target.wordBytes === 8 ? [".long 0"] : []),
  ],
  "local-names": (id) => [
    ".data",
    `local_${id}: .long 1`,
    `.type local_${id}, @object`,
    `.Lhidden_${id}: .long 2`,
    ".local common_of_file",
    ".comm common_of_file, 8, 8",
  ],
  "library-list": () => [],
  "large-bss": () => ['.section .bss.large,"aw",@nobits', ".skip 0x12000"],
  orphan: (id) => [
    '.section orphan_data,"aw",@progbits',
    `.long ${mark(id, "orphan")}`,
    '.section orphan_text,"ax",@progbits',
    "nop",
    '.section .orphan_note,"",@progbits',
    '.asciz "note"',
  ],
};
