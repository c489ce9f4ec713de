// How each machine says in GNU as's language what random processes consist of. None of the code is ever meant to run but
// constructors and resolvers, which return at once. Section types are written with %, since @ begins a comment on arm.

import { kindOf, type LinkerName, type Reference, type ReferenceKind } from "./names.ts";

export interface Dialect {
  readonly word: ".quad" | ".long";
  /** Before all else. */
  readonly head: readonly string[];
  /** What a function consists of: four bytes, the first instruction returns. `odd`: in another way, where there is one. */
  readonly body: (odd: boolean) => readonly string[];
  readonly returns: string;
  /** A function that returns the address of one that returns; without a relocation, as it may be asked before all is relocated. */
  readonly resolver: readonly string[];
  /** A reference that is no word of data. */
  readonly refer: (reference: Reference, index: number) => readonly string[];
  /** What a linker or the machine does not know is said in another way. */
  readonly replacement: (linker: LinkerName, how: ReferenceKind) => ReferenceKind | undefined;
}

function isFunction(name: string): boolean {
  return kindOf(name) === "function";
}

function x86Replacement(wide: boolean): Dialect["replacement"] {
  return (linker, how) => {
    if (how === "size" && (linker === "gold" || (linker === "ld.lld" && !wide))) return "word";
    if (how === "initial-exec-negated" && (linker !== "ld" || wide)) return "initial-exec";
    return undefined;
  };
}

export const X86_64: Dialect = {
  word: ".quad",
  head: [],
  body: () => ["ret", ".skip 3"],
  returns: "ret",
  resolver: ["lea 9f(%rip), %rax", "ret", "9: ret"],
  replacement: x86Replacement(true),
  refer: ({ name, how }) => {
    switch (how) {
      case "call":
        return [`call ${name}@PLT`];
      case "absolute":
        return isFunction(name) ? [`mov $${name}, %eax`] : [`mov ${name}, %eax`];
      case "general-dynamic":
        return [`data16 lea ${name}@tlsgd(%rip), %rdi`, ".word 0x6666", "rex64", "call __tls_get_addr@PLT"];
      case "initial-exec":
        return [`mov ${name}@gottpoff(%rip), %rax`];
      case "descriptor":
        return [`lea ${name}@tlsdesc(%rip), %rax`, `call *${name}@tlscall(%rax)`];
      default:
        return [`mov ${name}@GOTPCREL(%rip), %rcx`];
    }
  },
};

export const I386: Dialect = {
  word: ".long",
  head: [],
  body: () => ["ret", ".skip 3"],
  returns: "ret",
  resolver: ["call 8f", "8: pop %eax", "lea 9f-8b(%eax), %eax", "ret", "9: ret"],
  replacement: x86Replacement(false),
  refer: ({ name, how }, index) => {
    switch (how) {
      case "call":
        return [`call ${name}@PLT`];
      case "absolute":
        if (isFunction(name)) return [index % 2 === 0 ? `call ${name}` : `mov $${name}, %eax`];
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
  },
};

/** Nothing but x86 has relocations for sizes and for negated offsets. */
const COMMON: Partial<Readonly<Record<ReferenceKind, ReferenceKind>>> = {
  size: "word",
  "initial-exec-negated": "initial-exec",
};

export const AARCH64: Dialect = {
  word: ".quad",
  head: [],
  body: () => ["ret"],
  returns: "ret",
  resolver: ["adr x0, 9f", "ret", "9: ret"],
  // lld and mold know no addresses of thread-locals but by descriptors.
  replacement: (linker, how) =>
    how === "general-dynamic" && (linker === "ld.lld" || linker === "mold") ? "descriptor" : COMMON[how],
  refer: ({ name, how }) => {
    switch (how) {
      case "call":
        return [`bl ${name}`];
      case "absolute":
        return [`adrp x0, ${name}`, `add x0, x0, :lo12:${name}`];
      case "general-dynamic":
        return [`adrp x0, :tlsgd:${name}`, `add x0, x0, :tlsgd_lo12:${name}`, "bl __tls_get_addr", "nop"];
      case "initial-exec":
        return [`adrp x0, :gottprel:${name}`, `ldr x0, [x0, :gottprel_lo12:${name}]`];
      case "descriptor":
        return [
          `adrp x0, :tlsdesc:${name}`,
          `ldr x1, [x0, :tlsdesc_lo12:${name}]`,
          `add x0, x0, :tlsdesc_lo12:${name}`,
          `.tlsdesccall ${name}`,
          "blr x1",
        ];
      default:
        return [`adrp x0, :got:${name}`, `ldr x0, [x0, :got_lo12:${name}]`];
    }
  },
};

export const ARM: Dialect = {
  word: ".long",
  // Tag_ABI_VFP_args: without it GNU ld marks a library as soft-float, and the loader passes it over.
  head: [".syntax unified", ".arch armv7-a", ".arm", ".eabi_attribute 28, 1"],
  body: (odd) => (odd ? [".thumb", "bx lr", "nop", ".arm"] : ["bx lr"]),
  returns: "bx lr",
  resolver: ["adr r0, 9f", "bx lr", "9: bx lr"],
  // lld and mold have no descriptors there, gold reads none of GNU as's. GNU ld takes no distance to another object's symbol.
  replacement: (linker, how) =>
    how === "descriptor" && linker !== "ld" ? "general-dynamic" : how === "relative" ? "word" : COMMON[how],
  refer: ({ name, how }, index) => {
    switch (how) {
      case "call":
        return [`bl ${name}(PLT)`];
      case "absolute":
        if (isFunction(name) && index % 2 === 0) return [`bl ${name}`];
        return [`.long ${name}`];
      case "general-dynamic":
        return [`.long ${name}(TLSGD)`, "bl __tls_get_addr(PLT)"];
      case "initial-exec":
        return [`.long ${name}(GOTTPOFF)`];
      case "descriptor":
        return [`.long ${name}(TLSDESC) + (. - .Ldesc${index})`, "nop", `.Ldesc${index}:`, `bl ${name}(TLSCALL)`];
      default:
        return [`.long ${name}(GOT)`];
    }
  },
};

export const RISCV64: Dialect = {
  word: ".quad",
  // lld 14 does not relax.
  head: [".option pic", ".option norelax"],
  body: () => ["ret", "nop"],
  returns: "ret",
  resolver: ["lla a0, 9f", "ret", "9: ret"],
  // Descriptors are younger than the binutils of Debian 12.
  replacement: (_, how) => (how === "descriptor" ? "general-dynamic" : COMMON[how]),
  refer: ({ name, how }) => {
    switch (how) {
      case "call":
        return [`call ${name}@plt`];
      case "absolute":
        return [`lui a0, %hi(${name})`, `addi a0, a0, %lo(${name})`];
      case "general-dynamic":
        return [`la.tls.gd a0, ${name}`, "call __tls_get_addr@plt"];
      case "initial-exec":
        return [`la.tls.ie a0, ${name}`];
      default:
        return [`la a0, ${name}`];
    }
  },
};
