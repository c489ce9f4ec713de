// Thread-local accesses rewritten to cheaper models: every sequence that compilers emit, against the bytes that GNU ld
// makes of it.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { I386, type Machine, TLS_TO_INITIAL_EXEC, TLS_TO_LOCAL_EXEC, X86_64 } from "../../src/arch/index.ts";
import { needs } from "../support/tools.ts";
import { bench, contents, JUDGES, type Relocated, relocate, sameCode } from "./judges.ts";

const WIDE = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
const NARROW = "eax ecx edx ebx esp ebp esi edi".split(" ");

/** General dynamic, as its four spellings; foo may be anywhere. */
const X86_GENERAL = `
data16 leaq foo@tlsgd(%rip), %rdi
.value 0x6666
rex64
call __tls_get_addr@PLT
data16 leaq foo@tlsgd(%rip), %rdi
.byte 0x66
rex64
call *__tls_get_addr@GOTPCREL(%rip)
data16 leaq foo@tlsgd(%rip), %rdi
.byte 0x66, 0x48, 0x67
call __tls_get_addr
leaq foo@tlsgd(%rip), %rdi
movabsq $__tls_get_addr@PLTOFF, %rax
addq %rbx, %rax
call *%rax
leaq foo@tlsgd(%rip), %rdi
movabsq $__tls_get_addr@PLTOFF, %rax
addq %r15, %rax
call *%rax
`;

const X86_LOCAL = `
leaq foo@tlsld(%rip), %rdi
call __tls_get_addr@PLT
leaq foo@dtpoff(%rax), %rax
leaq foo@tlsld(%rip), %rdi
call *__tls_get_addr@GOTPCREL(%rip)
leaq foo@dtpoff+4(%rax), %rax
leaq foo@tlsld(%rip), %rdi
.byte 0x67
call __tls_get_addr
leaq foo@tlsld(%rip), %rdi
movabsq $__tls_get_addr@PLTOFF, %rax
addq %rbx, %rax
call *%rax
leaq foo@tlsld(%rip), %rdi
movabsq $__tls_get_addr@PLTOFF, %rax
addq %r15, %rax
call *%rax
`;

const X86_INITIAL = WIDE.map((r) => `movq foo@gottpoff(%rip), %${r}\naddq foo@gottpoff(%rip), %${r}\n`).join("");
const X86_DESCRIPTOR = `${WIDE.map((r) => `leaq foo@tlsdesc(%rip), %${r}\n`).join("")}call *foo@tlscall(%rax)\n`;
const X86_CONSTANT = "movq %fs:foo@tpoff, %rax\nleaq foo@tpoff+8(%rax), %rax\n";

const I386_BASES = "ecx edx ebx ebp esi edi".split(" ");

const I386_GENERAL = `
leal foo@tlsgd(,%ebx,1), %eax
call ___tls_get_addr@PLT
leal foo@tlsgd(%ebx), %eax
call ___tls_get_addr@PLT
nop
leal foo@tlsgd(%ecx), %eax
.byte 0x67
call ___tls_get_addr
${I386_BASES.map((r) => `leal foo@tlsgd(%${r}), %eax\ncall *___tls_get_addr@GOT(%${r})\n`).join("")}
`;

const I386_LOCAL = `
leal foo@tlsldm(%ebx), %eax
call ___tls_get_addr@PLT
leal foo@dtpoff(%eax), %eax
leal foo@tlsldm(%ecx), %eax
.byte 0x67
call ___tls_get_addr
leal foo@dtpoff+4(%eax), %eax
${I386_BASES.map((r) => `leal foo@tlsldm(%${r}), %eax\ncall *___tls_get_addr@GOT(%${r})\n`).join("")}
`;

/** Through the slot's address, through the base, and through the base with the offset negated. */
const I386_ABSOLUTE = NARROW.map((r) => `movl foo@indntpoff, %${r}\naddl foo@indntpoff, %${r}\n`).join("");
const I386_BASED = ["eax", ...I386_BASES]
  .flatMap((base) => NARROW.map((r) => [base, r]))
  .map(([base, r]) => ["mov", "add", "sub"].map((op) => `${op}l foo@gotntpoff(%${base}), %${r}\n`).join(""))
  .join("");
const I386_NEGATED = I386_BASED.replaceAll("gotntpoff", "gottpoff");
const I386_DESCRIPTOR = `${NARROW.map((r) => `leal foo@tlsdesc(%ebx), %${r}\n`).join("")}call *foo@tlscall(%eax)\n`;
const I386_CONSTANT = "movl %gs:foo@ntpoff, %eax\nleal foo@ntpoff+8(%eax), %eax\nsubl $foo@tpoff, %eax\n";

const VARIABLE =
  '.section .tdata,"awT",@progbits\n.fill 20\n.globl foo\n.type foo, @object\n.size foo, 4\nfoo: .long 1\n';
const GET_ADDRESS = ".text\n.globl __tls_get_addr\n__tls_get_addr: ret\n.globl ___tls_get_addr\n___tls_get_addr: ret\n";

interface Case {
  readonly machine: Machine;
  readonly name: string;
  readonly source: string;
  /** How many accesses there are to rewrite. */
  readonly accesses: number;
}

function linkAndCompare(
  t: Parameters<typeof bench>[0],
  machine: Machine,
  source: string,
  options: readonly string[],
  target: number,
): Relocated {
  const tools = bench(t, machine);
  const object = tools.assemble("code", `.text\n.globl _start\n_start:\n${source}`);
  const rest = [tools.assemble("address", GET_ADDRESS)];
  const variable = tools.assemble("variable", VARIABLE);
  if (target === TLS_TO_LOCAL_EXEC) rest.push(variable);
  else {
    tools.link("libvariable.so", "-shared", variable);
    rest.push("libvariable.so");
  }
  const linked = tools.link("linked", ...options, object, ...rest);
  const ours = relocate(machine, tools.read(object), linked, ".text", target, options.includes("-pie"));
  deepEqual(ours.refused, []);
  sameCode(ours.bytes, contents(linked, ".text").subarray(0, ours.bytes.length));
  return ours;
}

const TO_LOCAL_EXEC: readonly Case[] = [
  { machine: X86_64, name: "general dynamic", source: X86_GENERAL, accesses: 5 },
  { machine: X86_64, name: "local dynamic", source: X86_LOCAL, accesses: 5 },
  { machine: X86_64, name: "initial exec", source: X86_INITIAL, accesses: 32 },
  { machine: X86_64, name: "descriptors", source: X86_DESCRIPTOR, accesses: 17 },
  { machine: X86_64, name: "local exec", source: X86_CONSTANT, accesses: 0 },
  { machine: I386, name: "general dynamic", source: I386_GENERAL, accesses: 9 },
  { machine: I386, name: "local dynamic", source: I386_LOCAL, accesses: 8 },
  { machine: I386, name: "initial exec by address", source: I386_ABSOLUTE, accesses: 16 },
  { machine: I386, name: "initial exec by base", source: I386_BASED, accesses: 168 },
  { machine: I386, name: "initial exec by base, negated", source: I386_NEGATED, accesses: 168 },
  { machine: I386, name: "descriptors", source: I386_DESCRIPTOR, accesses: 9 },
  { machine: I386, name: "local exec", source: I386_CONSTANT, accesses: 0 },
];

for (const { machine, name, source, accesses } of TO_LOCAL_EXEC) {
  for (const kind of ["-no-pie", "-pie"]) {
    if (kind === "-pie" && source === I386_ABSOLUTE) continue;
    test(`${machine.name}: ${name} to local exec, ${kind}`, needs(...JUDGES), (t) => {
      const ours = linkAndCompare(t, machine, source, [kind], TLS_TO_LOCAL_EXEC);
      equal(ours.rewritten.length, accesses);
    });
  }
}

/** GNU ld gives i386 a slot with the negative offset, which we always use, once another access asks for it. */
const ASK_NEGATIVE = "movl foo@gotntpoff(%ebx), %eax\n";

const TO_INITIAL_EXEC: readonly Case[] = [
  { machine: X86_64, name: "general dynamic", source: X86_GENERAL, accesses: 5 },
  { machine: X86_64, name: "descriptors", source: X86_DESCRIPTOR, accesses: 17 },
  { machine: X86_64, name: "initial exec", source: X86_INITIAL, accesses: 0 },
  { machine: I386, name: "general dynamic", source: I386_GENERAL + ASK_NEGATIVE, accesses: 9 },
  { machine: I386, name: "descriptors", source: I386_DESCRIPTOR + ASK_NEGATIVE, accesses: 9 },
  { machine: I386, name: "initial exec", source: I386_BASED, accesses: 0 },
];

for (const { machine, name, source, accesses } of TO_INITIAL_EXEC) {
  for (const kind of ["-no-pie", "-pie"]) {
    test(`${machine.name}: ${name} to initial exec, ${kind}`, needs(...JUDGES), (t) => {
      const ours = linkAndCompare(t, machine, source, [kind], TLS_TO_INITIAL_EXEC);
      equal(ours.rewritten.length, accesses);
    });
  }
}

/** What compilers make of it. */
const PROGRAM = `
__attribute__((visibility("hidden"))) extern __thread int foo;
extern __thread int bar;
static __thread int mine, other;
int *address(void) { return &foo; }
int sum(void) { return foo + bar + mine * other; }
void store(int value) { foo = value; mine = value; other = bar; }
`;

const GENERAL_AND_LOCAL = { "x86-64": "R_X86_64_TLSGD R_X86_64_TLSLD", i386: "R_386_TLS_GD R_386_TLS_LDM" };
const DESCRIPTORS = {
  "x86-64": "R_X86_64_GOTPC32_TLSDESC R_X86_64_TLSDESC_CALL",
  i386: "R_386_TLS_DESC_CALL R_386_TLS_GOTDESC",
};

/** A compiler, its options, and the types of the accesses that the link rewrites. */
const COMPILERS: readonly (readonly [Machine, string, readonly string[], string])[] = [
  [X86_64, "gcc", ["-fPIC"], GENERAL_AND_LOCAL["x86-64"]],
  [X86_64, "gcc", ["-fPIC", "-fno-plt"], GENERAL_AND_LOCAL["x86-64"]],
  [X86_64, "gcc", ["-fPIC", "-mtls-dialect=gnu2"], DESCRIPTORS["x86-64"]],
  [X86_64, "gcc", ["-fPIC", "-mcmodel=large"], GENERAL_AND_LOCAL["x86-64"]],
  [X86_64, "gcc", ["-fPIE"], "R_X86_64_GOTTPOFF"],
  [X86_64, "clang", ["-fPIC"], GENERAL_AND_LOCAL["x86-64"]],
  [X86_64, "clang", ["-fPIC", "-fno-plt"], GENERAL_AND_LOCAL["x86-64"]],
  [I386, "i686-linux-gnu-gcc", ["-fPIC"], GENERAL_AND_LOCAL.i386],
  [I386, "i686-linux-gnu-gcc", ["-fPIC", "-fno-plt"], GENERAL_AND_LOCAL.i386],
  [I386, "i686-linux-gnu-gcc", ["-fPIC", "-mtls-dialect=gnu2"], DESCRIPTORS.i386],
  [I386, "i686-linux-gnu-gcc", ["-fno-pic"], "R_386_TLS_IE"],
  [I386, "clang", ["-fPIC", "--target=i686-linux-gnu"], GENERAL_AND_LOCAL.i386],
];

for (const [machine, compiler, options, types] of COMPILERS) {
  test(`${machine.name}: what ${compiler} ${options.join(" ")} emits`, needs(...JUDGES, compiler), (t) => {
    const tools = bench(t, machine);
    const object = tools.compile("program", PROGRAM, compiler, "-O2", "-fno-asynchronous-unwind-tables", ...options);
    const variables = VARIABLE + VARIABLE.replaceAll("foo", "bar") + GET_ADDRESS;
    const linked = tools.link("linked", "-e", "sum", object, tools.assemble("variables", variables));
    const ours = relocate(machine, tools.read(object), linked, ".text", TLS_TO_LOCAL_EXEC, false);
    deepEqual(ours.refused, []);
    equal([...new Set(ours.rewritten)].sort().join(" "), types);
    sameCode(ours.bytes, contents(linked, ".text").subarray(0, ours.bytes.length));
  });
}
