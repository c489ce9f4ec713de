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
import type { Disassembler } from "../disassembly.ts";
import { heading, hex, type Style } from "../dump/table.ts";
import { shortName, symbolText } from "./words.ts";

/** The slots of that name: the program's before others'. */
export function slotsNamed(task: LoadedProcess, name: string): PltSlot[] {
  processMemory(task);
  return task.objects.flatMap((object) => pltSlots(task, object).filter((it) => it.name === name));
}

/** Calls the slot's function twice and tells what happens. */
export function* callLines(
  task: LoadedProcess,
  slot: PltSlot,
  disassemble: Disassembler | undefined,
  style: Style,
): Generator<string> {
  const { object, row } = slot;
  const name = symbolText(slot.name, "", style);
  const steps = walkScope(task, object, row);
  const scope = {
    before: steps
      .slice(
        0,
        steps.findIndex(({ symbol }) => symbol !== 0),
      )
      .map((it) => shortName(it.object)),
    missed: steps.every(({ symbol }) => symbol === 0),
  };
  yield* heading(`${object.name} calls ${name}, slot ${hex(slot.site)}`, style);
  const call = callSlot(task, object, row);
  yield* firstCall(task, call, name, scope, disassemble);
  if (call.provider === undefined) return;
  yield "";
  yield "  Called again:";
  yield* laterCall(callSlot(task, object, row));
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
): Generator<string> {
  const { slot, stub, linkMapWord, resolverWord } = call;
  const { object } = slot;
  let step = 0;
  const next = (text: string): string => `  ${++step}. ${text}`;
  if (!call.resolved) {
    yield next(`the slot holds ${hex(slot.value)}: it was bound when the object was relocated`);
    yield* whereLines(call, next);
    return;
  }
  if (stub === undefined) yield next(`the slot holds ${hex(slot.value)}, where no PLT entry is that Solder knows`);
  else {
    const behind = stub.push === undefined ? "" : ", behind the jump that came through the slot";
    yield next(`the slot holds ${hex(slot.value)}: back in the PLT${behind}`);
    yield* pushLines(task, object, stub, next, disassemble);
    yield* codeLines(object, stub.plt0, 2, disassemble);
    const { words } = task.record.got;
    const numberOf = (meaning: string): number => words.find((it) => it.meaning === meaning)?.index ?? 0;
    yield next(
      `which ${task.record.plt.tells === "slot" || task.record.plt.tells === "entry" ? "takes" : "pushes"} GOT[${numberOf("link-map")}] (at ${hex(linkMapWord ?? 0)}: the loader's record of ${shortName(object)}) and jumps to what GOT[${numberOf("resolver")}] (at ${hex(resolverWord ?? 0)}) holds: _dl_runtime_resolve`,
    );
  }
  const passed = before.length > 0 && !missed ? `; not in ${before.join(", ")}` : "";
  if (call.provider === undefined) {
    yield next(`it looks ${name} up, and nobody defines it: the process ends`);
    return;
  }
  yield next(`it looks ${name} up in the scope of ${shortName(object)}${passed}; ${call.provider.name} has it`);
  yield* whereLines(call, next);
}

/** How the resolver learns which slot it is about. */
function* pushLines(
  task: LoadedProcess,
  object: LoadedObject,
  stub: PltStub,
  next: (text: string) => string,
  disassemble: Disassembler | undefined,
): Generator<string> {
  const header = `the PLT's first entry, ${hex(stub.plt0)}`;
  if (stub.push === undefined || stub.pushed === undefined) {
    const what = task.record.plt.tells === "slot" ? "the slot's address" : "its own address";
    if (stub.entry === undefined)
      yield next(`that is ${header}; the entry that the call came through has left ${what} in a register`);
    else {
      yield* codeLines(object, stub.entry, 1, disassemble);
      yield next(`there it branches to ${header}; a register has the entry's address`);
    }
    return;
  }
  yield* codeLines(object, stub.push, 2, disassemble);
  yield next(`there it pushes ${hex(stub.pushed)}, ${PUSHED_WORDS[task.record.plt.tells]}, and jumps to ${header}`);
}

const PUSHED_WORDS = {
  index: "the number of the relocation in DT_JMPREL",
  offset: "the offset of the relocation in DT_JMPREL",
  slot: "the address of the slot",
  entry: "the address of the entry",
} as const;

function* whereLines(call: PltCall, next: (text: string) => string): Generator<string> {
  const { slot, target, after, resolved } = call;
  if (target === undefined) {
    yield next(
      `it is an IFUNC: the resolver in ${call.provider?.name} chooses when the program runs, and the slot gets that`,
    );
    return;
  }
  if (resolved && after === slot.value) yield next("the slot is left as it is (LD_BIND_NOT)");
  else if (resolved) yield next(`the slot at ${hex(slot.site)} gets ${hex(after)}`);
  yield next(`the call goes to ${hex(target)}${call.provider === undefined ? "" : ` in ${call.provider.name}`}`);
}

function* laterCall(call: PltCall): Generator<string> {
  const { slot, target, resolved } = call;
  if (resolved) yield "  the resolver is asked again: the slot did not change";
  else if (target === undefined) yield "  the slot holds what the IFUNC's resolver returned";
  else yield `  the slot holds ${hex(slot.value)}: the call goes there, and the resolver is not asked`;
}

function* codeLines(
  object: LoadedObject,
  address: number,
  count: number,
  disassemble: Disassembler | undefined,
): Generator<string> {
  if (disassemble === undefined) return;
  const code = new Uint8Array(32);
  if (!readMemory(object.regions ?? [], address, code)) return;
  const decoded = disassemble(code, address, loaderMachineOf(object.file.elf) ?? "", address + code.length).slice(
    0,
    count,
  );
  for (const one of decoded) yield `       ${hex(one.address)}: ${one.text}`;
}
