// `solder load --call NAME`: what a call through the procedure linkage table does, step by step: the slot before, the way
// through the PLT to the resolver, the look-up, the slot after; and the same call again.

import {
  callSlot,
  type LoadedObject,
  type LoadedProcess,
  loaderMachineOf,
  type PltCall,
  type PltSlot,
  type PltStub,
  pltSlots,
  processMemory,
  readMemory,
} from "../../load/index.ts";
import { walkScope } from "../../load/views/scope-walk.ts";
import type { Disassembler, Instruction } from "../disassembly.ts";
import { heading, hex, type Style } from "../dump/table.ts";
import { shortName, symbolText } from "./words.ts";

/** The slots of that name: the program's before others'. */
export function slotsNamed(task: LoadedProcess, name: string): PltSlot[] {
  processMemory(task);
  return task.objects.flatMap((object) => pltSlots(task, object).filter((it) => it.name === name));
}

/** A step of a call: what happens, and the instructions that do it. */
export interface CallStep {
  readonly text: string;
  readonly code: readonly string[];
  /** Where it happens. */
  readonly about: "slot" | "plt" | "got" | "scope" | "target";
}

export interface CallStory {
  readonly title: string;
  readonly first: readonly CallStep[];
  /** The second call; undefined if there is none, because the first ends the process. */
  readonly again: string | undefined;
}

/** Calls the slot's function twice: it is bound then. */
export function callStory(
  task: LoadedProcess,
  slot: PltSlot,
  disassemble: Disassembler | undefined,
  style: Style,
): CallStory {
  const { object, row } = slot;
  const name = symbolText(slot.name, "", style);
  const asked = walkScope(task, object, row);
  const scope = {
    before: asked
      .slice(
        0,
        asked.findIndex(({ symbol }) => symbol !== 0),
      )
      .map((it) => shortName(it.object)),
    missed: asked.every(({ symbol }) => symbol === 0),
  };
  const call = callSlot(task, object, row);
  return {
    title: `${object.name} calls ${name}, slot ${hex(slot.site)}`,
    first: [...firstCall(task, call, name, scope, disassemble)],
    again: call.provider === undefined ? undefined : laterCall(callSlot(task, object, row)),
  };
}

/** Calls the slot's function twice and tells what happens. */
export function* callLines(
  task: LoadedProcess,
  slot: PltSlot,
  disassemble: Disassembler | undefined,
  style: Style,
): Generator<string> {
  const { title, first, again } = callStory(task, slot, disassemble, style);
  yield* heading(title, style);
  let number = 0;
  for (const { text, code } of first) {
    for (const line of code) yield `       ${line}`;
    yield `  ${++number}. ${text}`;
  }
  if (again === undefined) return;
  yield "";
  yield "  Called again:";
  yield `  ${again}`;
}

interface ScopeFacts {
  readonly before: readonly string[];
  readonly missed: boolean;
}

function* firstCall(
  task: LoadedProcess,
  call: PltCall,
  name: string,
  { before, missed }: ScopeFacts,
  disassemble: Disassembler | undefined,
): Generator<CallStep> {
  const { slot, stub, linkMapWord, resolverWord } = call;
  const { object } = slot;
  if (!call.resolved) {
    yield step("slot", `the slot holds ${hex(slot.value)}: it was bound when the object was relocated`);
    yield* whereSteps(call);
    return;
  }
  if (stub === undefined)
    yield step("slot", `the slot holds ${hex(slot.value)}, where no PLT entry is that Solder knows`);
  else {
    const behind = stub.push === undefined || isStub(task) ? "" : ", behind the jump that came through the slot";
    yield step("slot", `the slot holds ${hex(slot.value)}: ${isStub(task) ? "a stub" : `back in the PLT${behind}`}`);
    if (isStub(task)) yield stubStep(call, stub, disassemble);
    else {
      yield* pushSteps(task, slot, stub, disassemble);
      const { tells } = task.record.plt;
      yield step(
        "got",
        `which ${tells === "slot" || tells === "entry" ? "takes" : "pushes"} GOT[${wordNumber(task, "link-map")}] (at ${hex(linkMapWord ?? 0)}: the loader's record of ${shortName(object)}) and jumps to what GOT[${wordNumber(task, "resolver")}] (at ${hex(resolverWord ?? 0)}) holds: _dl_runtime_resolve`,
        linesToJump(object, stub.plt0, disassemble),
      );
    }
  }
  const passed = before.length > 0 && !missed ? `; not in ${before.join(", ")}` : "";
  if (call.provider === undefined) {
    yield step("scope", `it looks ${name} up, and nobody defines it: the process ends`);
    return;
  }
  yield step(
    "scope",
    `it looks ${name} up in the scope of ${shortName(object)}${passed}; ${call.provider.name} has it`,
  );
  yield* whereSteps(call);
}

function step(about: CallStep["about"], text: string, code: Iterable<string> = []): CallStep {
  return { text, about, code: [...code] };
}

/** MIPS has no PLT, but a stub for each function. */
function isStub(task: LoadedProcess): boolean {
  return task.record.plt.tells === "symbol";
}

function wordNumber({ record }: LoadedProcess, meaning: string): number {
  return record.got.words.find((it) => it.meaning === meaning)?.index ?? 0;
}

/** A stub goes to the resolver by itself, which finds the loader's record in the GOT by gp. */
function stubStep(
  { slot: { object }, resolverWord, linkMapWord }: PltCall,
  { push, pushed }: PltStub,
  disassemble: Disassembler | undefined,
): CallStep {
  const text = `which jumps to what GOT[0] (at ${hex(resolverWord ?? 0)}) holds, _dl_runtime_resolve, with the number of the symbol in .dynsym, ${pushed}, in a register; GOT[1] (at ${hex(linkMapWord ?? 0)}) is the loader's record of ${shortName(object)}`;
  return step("got", text, codeLines(object, push ?? 0, 4, disassemble));
}

/** How the resolver learns which slot it is about. */
function* pushSteps(
  task: LoadedProcess,
  { object, value }: PltSlot,
  stub: PltStub,
  disassemble: Disassembler | undefined,
): Generator<CallStep> {
  const header = `the PLT's first entry, ${hex(stub.plt0)}`;
  if (stub.push === undefined || stub.pushed === undefined) {
    const what = task.record.plt.tells === "slot" ? "the slot's address" : "its own address";
    if (stub.entry === undefined)
      yield step("plt", `that is ${header}; the entry that the call came through has left ${what} in a register`);
    else {
      const code = codeLines(object, stub.entry, 1, disassemble);
      yield step("plt", `there it branches to ${header}; a register has the entry's address`, code);
    }
    return;
  }
  const pushed = `there it pushes ${hex(stub.pushed)}, ${PUSHED_WORDS[task.record.plt.tells]}, and jumps to ${header}`;
  yield step("plt", pushed, linesToJump(object, value, disassemble));
}

const PUSHED_WORDS = {
  index: "the number of the relocation in DT_JMPREL",
  offset: "the offset of the relocation in DT_JMPREL",
  slot: "the address of the slot",
  entry: "the address of the entry",
  symbol: "the number of the symbol",
} as const;

function* whereSteps(call: PltCall): Generator<CallStep> {
  const { slot, target, after, resolved } = call;
  if (target === undefined) {
    yield step(
      "target",
      `it is an IFUNC: the resolver in ${call.provider?.name} chooses when the program runs, and the slot gets that`,
    );
    return;
  }
  if (resolved && after === slot.value) yield step("slot", "the slot is left as it is (LD_BIND_NOT)");
  else if (resolved) yield step("slot", `the slot at ${hex(slot.site)} gets ${hex(after)}`);
  yield step(
    "target",
    `the call goes to ${hex(target)}${call.provider === undefined ? "" : ` in ${call.provider.name}`}`,
  );
}

function laterCall(call: PltCall): string {
  const { slot, target, resolved } = call;
  if (resolved) return "the resolver is asked again: the slot did not change";
  if (target === undefined) return "the slot holds what the IFUNC's resolver returned";
  return `the slot holds ${hex(slot.value)}: the call goes there, and the resolver is not asked`;
}

function* codeLines(
  object: LoadedObject,
  address: number,
  count: number,
  disassemble: Disassembler | undefined,
): Generator<string> {
  for (const one of codeFrom(object, address, disassemble).slice(0, count)) yield `${hex(one.address)}: ${one.text}`;
}

/** How PLT entries end on all machines, as disassemblers write it. */
const JUMPS = /^(?:(?:bnd|notrack) )*(?:jmp|jg|br|bctr|jr|jirl|ldr pc)\b/;

/** All that code does until it goes elsewhere. */
function* linesToJump(object: LoadedObject, address: number, disassemble: Disassembler | undefined): Generator<string> {
  const decoded = codeFrom(object, address, disassemble);
  const last = decoded.findIndex(({ text }) => JUMPS.test(text));
  for (const one of decoded.slice(0, last < 0 ? 2 : last + 1)) yield `${hex(one.address)}: ${one.text}`;
}

/** Of a PLT's first entries the longest is ppc64le's, of 15 instructions. */
const LONGEST_ENTRY = 64;

function codeFrom(
  object: LoadedObject,
  address: number,
  disassemble: Disassembler | undefined,
): readonly Instruction[] {
  if (disassemble === undefined) return [];
  const code = new Uint8Array(LONGEST_ENTRY);
  // Behind the end of a segment are zeros.
  readMemory(object.regions ?? [], address, code);
  return disassemble(code, address, loaderMachineOf(object.file.elf) ?? "", address + code.length);
}
