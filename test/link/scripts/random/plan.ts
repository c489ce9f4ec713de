// A random script, and a command line for it, out of nothing but a seed. What it is made of is chosen so that most links
// succeed: addresses go up, regions are large, references are to what is there.

import { type Dice, dice } from "../../../load/random/dice.ts";
import type { ScriptCase } from "../case.ts";
import { expression, type Scope } from "./expression.ts";
import { body, pattern } from "./section.ts";

const KINDS = [
  "plain",
  "plain",
  "plain",
  "memory",
  "memory",
  "phdrs",
  "relocatable",
  "insert",
  "shared",
  "beside",
] as const;

type Kind = (typeof KINDS)[number];

/** Names of output sections. Most are of input sections too, so that orphans can join. */
const NAMES =
  ".text .rodata .data .bss .mixed .vars .code .fixed .zero .t .info .kept .tdata .tbss .x .y .z ident mine .note.x".split(
    " ",
  );

export function planScript(seed: number): ScriptCase {
  const roll = dice(0x20000 + seed);
  const kind = roll.pick(KINDS);
  const scope: Scope = {
    roll,
    sections: [],
    symbols: ["d1", "r1", "f"],
    regions: [],
    inside: false,
    relocatable: kind === "relocatable",
  };
  const objects = objectsOf(roll, kind);
  const head = [
    ...roll.some(
      ["ENTRY(_start)", "ENTRY(f)", "late = 0x77;", "EXTERN(d2)", 'ASSERT(1, "never")', "PROVIDE(sym_b = 8);"],
      5,
    ),
  ];
  const regions = kind === "memory" ? memory(scope) : "";
  const phdrs = kind === "phdrs" ? programHeaders(roll) : [];
  const statements = allStatements(scope, kind, phdrs);
  const tail = roll.oneIn(4) ? [`${symbol(scope)} = ${expression(scope)};`] : [];
  const insert =
    kind === "insert"
      ? ` INSERT ${roll.pick(["AFTER", "BEFORE"])} ${roll.pick([".text", ".data", ".bss", ".rodata"])};`
      : "";
  const declared = phdrs.length === 0 ? "" : `PHDRS\n{\n${phdrs.map((it) => `  ${it}`).join("\n")}\n}\n`;
  const script = `${head.join("\n")}\n${regions}${declared}SECTIONS\n{\n${statements.map((it) => `  ${it}`).join("\n")}\n}${insert}\n${tail.join("\n")}\n`;
  const options = optionsOf(roll, kind);
  const words =
    kind === "beside"
      ? `${objects
          .split(" ")
          .map((it) => `${it}.o`)
          .join(" ")} x.ld ${options}`
      : undefined;
  return {
    name: `seed ${seed} (${kind})`,
    script,
    objects,
    options,
    ...(words === undefined ? {} : { command: words }),
  };
}

function objectsOf(roll: Dice, kind: Kind): string {
  if (kind === "shared") return ["pic b", ...roll.some(["o", "s", "t", "m", "p"], 3)].join(" ");
  const more = roll.some(["o", "o2", "s", "s2", "p", "t", "m", "m2", "big", "x", "ov", "fl"], 4);
  const all = ["a", "b", ...more];
  return (roll.oneIn(3) ? roll.shuffled(all) : all).join(" ");
}

function optionsOf(roll: Dice, kind: Kind): string {
  const output =
    kind === "relocatable"
      ? ["-r"]
      : kind === "shared"
        ? [roll.pick(["-shared", "-pie --no-dynamic-linker -e entry"]), "--hash-style=sysv"]
        : [];
  const others =
    kind === "relocatable"
      ? ["-d", "--sort-section=name", "--unique", "-x", "-s"]
      : [
          "--gc-sections",
          "-z noseparate-code",
          "-N",
          "-n",
          "-z norelro",
          "--sort-section=name",
          "--sort-section=alignment",
          "--sort-common",
          "--no-check-sections",
          "-z max-page-size=0x10000",
          "-Ttext=0x30000",
          "-Tdata=0x50000",
          "--section-start=.vars=0x60000",
          "--defsym=sym_a=0x123",
          "--orphan-handling=discard",
          "--unique",
          "--emit-relocs",
          "-z execstack",
          "--build-id=0x1234",
          "--oformat=binary",
          "--no-warn-rwx-segments",
          "-x",
          "-s",
        ];
  return [...output, ...roll.some(others, 40)].join(" ");
}

function memory(scope: Scope): string {
  const { roll } = scope;
  const rows = [
    "rom (rx) : ORIGIN = 0x8000, LENGTH = 64K",
    `ram (${roll.pick(["rwx", "w", "w!x", "rw"])}) : ORIGIN = 0x20000000, LENGTH = 32K`,
  ];
  scope.regions.push("rom", "ram");
  if (roll.oneIn(2)) {
    rows.push(
      `fast ${roll.pick(["", "(x)", "(a)", "(!w)"])} : ORIGIN = ${roll.pick(["0x10000000", "0x20008000", "ORIGIN(ram) + LENGTH(ram)"])}, LENGTH = ${roll.pick(["8K", "0x4000", "LENGTH(ram) / 2"])}`,
    );
    scope.regions.push("fast");
  }
  const lines = (roll.oneIn(4) ? rows.reverse() : rows).map((it) => `  ${it}`);
  const alias = roll.oneIn(6) ? 'REGION_ALIAS("code", rom);\n' : "";
  if (alias !== "") scope.regions.push("code");
  return `MEMORY\n{\n${lines.join("\n")}\n}\n${alias}`;
}

function programHeaders(roll: Dice): string[] {
  const headers = roll.oneIn(2) ? " FILEHDR PHDRS" : "";
  const rows = [
    `one PT_LOAD${headers}${roll.oneIn(5) ? " FLAGS(5)" : ""};`,
    `two PT_LOAD${roll.oneIn(6) ? ` AT(0x${roll.pick(["80000", "90000"])})` : ""};`,
  ];
  if (headers !== "" && roll.oneIn(3)) rows.unshift("headers PT_PHDR PHDRS;");
  if (roll.oneIn(3)) rows.push("three PT_LOAD;");
  if (roll.oneIn(4)) rows.push("stack PT_GNU_STACK FLAGS(6);");
  if (roll.oneIn(4)) rows.push("note PT_NOTE;");
  if (roll.oneIn(5)) rows.push("tls PT_TLS;");
  return rows;
}

// Statements

function allStatements(scope: Scope, kind: Kind, phdrs: readonly string[]): string[] {
  const { roll } = scope;
  const lines: string[] = [];
  if (phdrs.some((it) => it.includes("FILEHDR")))
    lines.push(`. = ${roll.pick(["0x10000", "0x400000"])} + SIZEOF_HEADERS;`);
  else if (kind !== "relocatable" && kind !== "memory" && kind !== "insert" && !roll.oneIn(6))
    lines.push(
      roll.pick([
        ". = 0x10000;",
        ". = 0x1000;",
        ". = SIZEOF_HEADERS;",
        ". = 0x400000 + SIZEOF_HEADERS;",
        ". = 0x8000 + 0x340;",
        ". = 0x10000008;",
      ]),
    );
  const names = roll.shuffled(NAMES).slice(0, roll.below(4));
  // The usual ones are there more often than not.
  const usual = [".text", ".data", ".bss"].filter((it) => !names.includes(it) && !roll.oneIn(5));
  for (const name of roll.oneIn(3) ? roll.shuffled([...names, ...usual]) : [...usual, ...names]) {
    if (roll.oneIn(4)) lines.push(between(scope, kind));
    if (roll.oneIn(14)) lines.push(discard(scope));
    if (roll.oneIn(18) && kind !== "relocatable" && !scope.sections.includes(".o1"))
      lines.push(overlay(scope, kind, phdrs));
    lines.push(outputSection(scope, name, kind, phdrs));
    if (roll.oneIn(24)) lines.push(outputSection(scope, name, kind, phdrs));
  }
  if (roll.oneIn(2)) lines.push(between(scope, kind));
  if (roll.oneIn(10)) lines.push(discard(scope));
  return lines;
}

function symbol({ roll, symbols }: Scope): string {
  const name = roll.pick([
    "sym_a",
    "sym_b",
    "sym_c",
    "p",
    "q",
    "edata",
    "end",
    "_end",
    "etext",
    "__bss_start",
    "here",
    "there",
  ]);
  if (!symbols.includes(name)) symbols.push(name);
  return name;
}

function between(scope: Scope, kind: Kind): string {
  const { roll } = scope;
  switch (roll.below(kind === "relocatable" ? 4 : 9)) {
    case 0:
    case 1: {
      const value = expression(scope);
      return `${symbol(scope)} = ${value};`;
    }
    case 2: {
      const value = expression(scope);
      return `${roll.pick(["PROVIDE", "PROVIDE_HIDDEN", "HIDDEN"])}(${symbol(scope)} = ${value});`;
    }
    case 3:
      return `ASSERT(${expression(scope)} >= 0, "asserted")`;
    case 4:
      return `. = ALIGN(${roll.pick(["16", "0x100", "0x1000", "CONSTANT(MAXPAGESIZE)", "0x40"])});`;
    case 5:
      return `. += ${roll.pick(["4", "0x123", "0x2000", "0"])};`;
    case 6:
      return `. = . + ${roll.pick(["8", "0x1000", "SIZEOF(.text)", "1"])};`;
    case 7:
      return roll.pick([
        ". = ALIGN(0x1000) + (. & 0xfff);",
        ". = ALIGN(CONSTANT(MAXPAGESIZE)) + (. & (CONSTANT(MAXPAGESIZE) - 1));",
        ". = DATA_SEGMENT_ALIGN(CONSTANT(MAXPAGESIZE), CONSTANT(COMMONPAGESIZE));",
        ". = ABSOLUTE(. + 0x40);",
      ]);
    default:
      return `${symbol(scope)} = .;`;
  }
}

function discard({ roll }: Scope): string {
  return `/DISCARD/ : { ${roll.pick(["*(.info)", "*(.note.x)", "*(.fixed .code)", "o.o(.mixed)", "*(.t.*)", "*(.debug*)", "*(.comment)", "*(EXCLUDE_FILE(*o2.o) .zero)"])} }`;
}

function overlay(scope: Scope, kind: Kind, phdrs: readonly string[]): string {
  const { roll } = scope;
  const names = [".o1", ".o2", ".o3"].slice(0, 2 + roll.below(2));
  const members = names.map((name) => `${name} { ${pattern(scope)} ${roll.oneIn(3) ? pattern(scope) : ""} }`);
  for (const name of names) if (!scope.sections.includes(name)) scope.sections.push(name);
  const start = roll.oneIn(3) && kind !== "memory" ? ` ${roll.pick(["0x70000", "ALIGN(0x1000)"])}` : "";
  const at = roll.oneIn(4) ? ` AT(${roll.pick(["0x90000", "ALIGN(0x100)"])})` : "";
  return `OVERLAY${start} :${at} { ${members.join(" ")} }${tail(scope, kind, phdrs)}`;
}

function outputSection(scope: Scope, name: string, kind: Kind, phdrs: readonly string[]): string {
  const { roll } = scope;
  const isFree = kind === "plain" || kind === "phdrs" || kind === "beside";
  const address =
    isFree && roll.oneIn(10)
      ? ` ${roll.pick(["ALIGN(0x1000)", "ALIGN(32)", ". + 0x20", "0x80000", "(. + 3)", "BLOCK(0x200)"])}`
      : kind === "relocatable" && roll.oneIn(6)
        ? ` ${roll.pick(["0", "0x40"])}`
        : "";
  const type = roll.oneIn(16)
    ? ` (${roll.pick(["NOLOAD", "NOLOAD", "INFO", "COPY", "READONLY", "DSECT", "OVERLAY", "TYPE = SHT_NOTE", "READONLY (TYPE = SHT_PROGBITS)"])})`
    : "";
  const load = roll.oneIn(12)
    ? ` AT(${roll.pick(["0x8000", "0x90000", "LOADADDR(.text) + SIZEOF(.text)", "ADDR(.text) + 0x10000", ". + 0x100000"])})`
    : "";
  const align = roll.oneIn(8)
    ? roll.pick([" ALIGN(16)", " ALIGN(0x40)", " ALIGN(0x1000)", " ALIGN_WITH_INPUT", " ALIGN(3)"])
    : "";
  const subalign = roll.oneIn(16) ? ` SUBALIGN(${roll.pick(["4", "16", "1", "32"])})` : "";
  const constraint = roll.oneIn(20) ? ` ${roll.pick(["ONLY_IF_RO", "ONLY_IF_RW"])}` : "";
  const inside = body({ ...scope, inside: true }, name);
  if (!scope.sections.includes(name)) scope.sections.push(name);
  return `${name}${address}${type} :${load}${align}${subalign}${constraint} { ${inside} }${tail(scope, kind, phdrs)}`;
}

function tail({ roll, regions }: Scope, kind: Kind, phdrs: readonly string[]): string {
  const parts: string[] = [];
  if (kind === "memory" && !roll.oneIn(5)) {
    parts.push(`>${roll.pick(regions)}`);
    if (roll.oneIn(3)) parts.push(`AT>${roll.pick(regions)}`);
  }
  const loads = phdrs.filter((it) => it.includes("PT_LOAD")).map((it) => it.split(" ")[0]);
  const others = phdrs.filter((it) => it.includes("PT_NOTE") || it.includes("PT_TLS")).map((it) => it.split(" ")[0]);
  if (loads.length > 0 && !roll.oneIn(3)) {
    parts.push(`:${roll.pick(loads)}`);
    if (others.length > 0 && roll.oneIn(5)) parts.push(`:${roll.pick(others)}`);
  } else if (loads.length > 0 && roll.oneIn(12)) parts.push(":NONE");
  if (roll.oneIn(10)) parts.push(`=${roll.pick(["0x90", "0xcc", "0xabcd", "0", "0x123456"])}`);
  return parts.length === 0 ? "" : ` ${parts.join(" ")}`;
}
