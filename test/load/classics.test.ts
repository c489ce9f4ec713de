// The examples by which loading is taught, each against the real process: a library with relocations in its code at 0x12e000,
// the same with its helper static, with -Bsymbolic, and with the helper interposed. docs/classics.md tells them at length.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { R_386_32, R_386_PC32, R_386_RELATIVE } from "../../src/arch/index.ts";
import { codeAt } from "../../src/explain/load/code.ts";
import { nodeDisassembler } from "../../src/host/disassembly/disassembler.ts";
import { type LoadedObject, type LoadedProcess, load, processMemory, readMemory } from "../../src/load/index.ts";
import { type LoadedRelocation, relocationsOf } from "../../src/load/views/relocation-list.ts";
import { compile, i386, scratch } from "../support/build.ts";
import { run, tool } from "../support/run.ts";
import { needs, needsToRun } from "../support/tools.ts";
import {
  basesOf,
  compareMemory,
  debugStateOffset,
  forgetFiles,
  freeze,
  isExplained,
  loaded,
  realCache,
  realOptions,
} from "./judges/reality.ts";

/** The library: a variable of its own, a helper, and a function that uses both, compiled without -fPIC. */
const LIBRARY = (helper: string): string => `
  int total = 42;
  ${helper} int helper(int a) { return a + 1; }
  int add(int a, int b) { int c = b + helper(a); total += c; return b + total; }`;

interface Made {
  readonly directory: string;
  readonly program: string;
}

function build(options: { readonly helper?: string; readonly link?: readonly string[] } = {}): Made {
  const directory = scratch("classics");
  const flags = ["-O1", "-fno-pic", "-fno-inline", "-fno-asynchronous-unwind-tables"];
  const object = compile(i386, "add.c", LIBRARY(options.helper ?? ""), flags);
  const library = join(directory, "libadd.so");
  tool(i386.cc, ["-shared", "-Wl,-z,notext", "-Wl,-soname,libadd.so", ...(options.link ?? []), object, "-o", library]);
  const main = compile(i386, "main.c", "int add(int, int); int main(void) { return add(1, 2); }", ["-fno-pic"]);
  const program = join(directory, "main");
  tool(i386.cc, ["-no-pie", main, "-o", program, library, "-Wl,-rpath,$ORIGIN"]);
  return { directory, program };
}

const BASE = 0x12e000;

/** Loaded with the library at 0x12e000, everything bound. */
function process(program: string, environment: Readonly<Record<string, string>> = {}): LoadedProcess {
  const given = new Map([["libadd.so", BASE]]);
  forgetFiles();
  const result = load(program, realOptions({ LD_BIND_NOW: "1", ...environment }), realCache(), { given });
  ok(result.loaded);
  processMemory(result.process);
  return result.process;
}

function library(task: LoadedProcess): LoadedObject {
  const found = task.objects.find(({ file }) => file.soname === "libadd.so");
  ok(found !== undefined);
  return found;
}

/** Relocations of the library's own code and of its variables: type, site and name. */
function sites(task: LoadedProcess, type: number): LoadedRelocation[] {
  return [...relocationsOf(task, library(task))].filter((it) => it.typeNumber === type);
}

function word(task: LoadedProcess, address: number): number {
  const bytes = new Uint8Array(4);
  ok(readMemory(library(task).regions ?? [], address, bytes));
  return new DataView(bytes.buffer).getInt32(0, true);
}

/** Address of a symbol of the library, by nm. */
function symbol(directory: string, name: string): number {
  const [, value] = new RegExp(`^([0-9a-f]+) . ${name}$`, "m").exec(tool("nm", [join(directory, "libadd.so")])) ?? [];
  return BASE + Number.parseInt(value ?? "", 16);
}

test("a library without -fPIC at 0x12e000: every site in its code", needsToRun(...i386.tools), () => {
  const { directory, program } = build();
  const task = process(program);
  equal(library(task).base, BASE);
  // The call of the helper: S + A - P, where the field held -4.
  const [call, ...otherCalls] = sites(task, R_386_PC32);
  deepEqual([call?.name, otherCalls.length], ["helper", 0]);
  equal(word(task, call?.site ?? 0), symbol(directory, "helper") - 4 - (call?.site ?? 0));
  // The variable is read and written: S + A.
  const uses = sites(task, R_386_32);
  deepEqual(
    uses.map(({ name }) => name),
    ["total", "total"],
  );
  for (const { site } of uses) equal(word(task, site), symbol(directory, "total"));
  // What needs no symbol: B + A, where A is what the field held.
  const relative = sites(task, R_386_RELATIVE);
  ok(relative.length > 0);
  for (const { site, addend } of relative) equal(word(task, site), BASE + Number(addend));
});

test("the instructions at these sites, before and after", { ...needsToRun(...i386.tools) }, () => {
  const { directory, program } = build();
  const task = process(program);
  const disassemble = nodeDisassembler();
  ok(disassemble !== undefined, "iced-x86 is installed");
  const [call] = sites(task, R_386_PC32);
  const change = codeAt(library(task), call?.site ?? 0, disassemble);
  const target = symbol(directory, "helper").toString(16);
  // Before, the field's -4 makes the call one to its own field.
  match(change?.before.text ?? "", /^call /);
  equal(change?.after.text, `call 0x${target}`);
  const [use] = sites(task, R_386_32);
  const changed = codeAt(library(task), use?.site ?? 0, disassemble);
  match(changed?.before.text ?? "", / 0x0,%e/);
  match(changed?.after.text ?? "", new RegExp(`0x${symbol(directory, "total").toString(16)}`, "i"));
});

test("the real process has the same memory, code included", needs(...i386.tools, "gcc"), () => {
  const { directory, program } = build();
  const environment = { LD_BIND_NOW: "1" };
  const snapshot = freeze(join(directory, "snapshot"), debugStateOffset(loaded(program)), environment, [program]);
  ok(snapshot !== undefined);
  const task = loaded(program, environment, basesOf(snapshot.mappings));
  const own = library(task);
  const { differences, problems } = compareMemory(task, snapshot);
  deepEqual(
    differences.filter(({ object }) => object === own),
    [],
  );
  deepEqual(problems, []);
  ok(differences.every((it) => it.object.file.soname === "libc.so.6" || isExplained(it, new Set())));
});

test("a static helper is called without any relocation", needsToRun(...i386.tools), () => {
  const { program } = build({ helper: "static" });
  const task = process(program);
  deepEqual(sites(task, R_386_PC32), []);
  equal(sites(task, R_386_32).length, 2);
});

test(
  "-Bsymbolic settles the call when linking; the variable needs the load bias only",
  needsToRun(...i386.tools),
  () => {
    const { directory, program } = build({ link: ["-Wl,-Bsymbolic"] });
    const task = process(program);
    deepEqual([...sites(task, R_386_PC32), ...sites(task, R_386_32)], []);
    const total = symbol(directory, "total");
    const inCode = sites(task, R_386_RELATIVE).filter(({ site }) => word(task, site) === total);
    equal(inCode.length, 2);
  },
);

test("a helper in LD_PRELOAD comes first, and the library calls that one", needsToRun(...i386.tools), () => {
  const { directory, program } = build();
  const preload = join(directory, "libother.so");
  tool(i386.cc, [
    "-shared",
    compile(i386, "other.c", "int helper(int a) { return a + 100; }", ["-fpic"]),
    "-o",
    preload,
  ]);
  equal(run(program).status, 2 + 42 + 2 + 2);
  equal(run(program, [], { env: { LD_PRELOAD: preload } }).status, 2 + 42 + 2 + 101);
  const task = process(program, { LD_PRELOAD: preload });
  const [call] = sites(task, R_386_PC32);
  equal(call?.provider?.name, preload);
  // With -Bsymbolic it would not.
  const bound = build({ link: ["-Wl,-Bsymbolic"] });
  equal(run(bound.program, [], { env: { LD_PRELOAD: preload } }).status, 2 + 42 + 2 + 2);
});
