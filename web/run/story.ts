// The calls through a slot as they are executed, event by event, each at the number of instructions executed until then.

import { areaAt, readBytes } from "../../src/execute/memory/address-space.ts";
import { type Followed, followSlot, type LazyStory, type SlotCall } from "../../src/execute/observe/lazy-call.ts";
import { hashReadText } from "../../src/explain/execute/lazy-call.ts";
import { whereShort } from "../../src/explain/execute/machine.ts";
import type { PlaceCache } from "../../src/explain/execute/places.ts";
import { disassemble } from "../worker/disassembler.ts";
import type { ExecutedEvent, ExecutedStory } from "../worker/protocol.ts";
import type { Session } from "./session.ts";

const hex = (value: number): string => `0x${value.toString(16)}`;
const last = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Runs the program until it has called twice through a slot of that name. Undefined if it never calls. */
export function executedStory(
  session: Session,
  id: ExecutedStory["id"],
  name: string,
  followed: Followed,
): ExecutedStory | undefined {
  const { execution } = session;
  const story = followSlot(execution, name, followed);
  if (story === undefined || story.calls.length === 0) return undefined;
  const words = wordsOf(session);
  return {
    id,
    object: last(story.object.path),
    name: story.slot.name,
    slot: story.slot.address,
    calls: story.calls.map((call) => ({ events: [...events(story, call, words)], instructions: call.instructions })),
  };
}

interface Words {
  readonly where: (address: number) => string;
  readonly text: (address: number) => string;
}

function wordsOf({ execution }: Session): Words {
  const { process } = execution;
  const cache: PlaceCache = new Map();
  const where = (address: number): string => {
    const place = whereShort(process, address, cache);
    return place === "" ? hex(address) : `${hex(address)}, ${place}`;
  };
  const text = (address: number): string => {
    if (areaAt(process.space, address) === undefined) return "";
    const code = readBytes(process.space, address, 15);
    if (code === undefined) return "";
    return disassemble(code, address, process.mode === 64 ? "x86-64" : "i386", address + 1)[0]?.text ?? "";
  };
  return { where, text };
}

function* events({ object, slot }: LazyStory, call: SlotCall, { where, text }: Words): Generator<ExecutedEvent> {
  const { start, called, jump, before, caller, stub, binding, target, instructions } = call;
  const short = last(object.path);
  const event = (step: number, words: string, code = ""): ExecutedEvent => ({ step, words, code });
  if (called < start) yield event(called, `the call; it goes back to ${where(caller)}`);
  yield event(start, `a jump through the slot ${hex(slot.address)}, which holds ${where(before)}`, text(jump));
  if (binding === undefined) {
    yield event(start + instructions, `${where(target)} is reached: straight, the slot was bound`);
    return;
  }
  for (const [place, address] of stub.entries()) {
    const code = text(address);
    const words =
      place === stub.length - 1
        ? "on to the resolver, by GOT[2]"
        : /^push\w* \$/.test(code)
          ? `in the PLT of ${short}: what is pushed says which relocation of DT_JMPREL it is about`
          : code.startsWith("push")
            ? "the PLT's first entry pushes GOT[1], the link_map"
            : `in the PLT of ${short}`;
    yield event(start + 1 + place, words, code);
  }
  yield event(
    start + 1 + stub.length,
    `${where(binding.resolver)}: _dl_runtime_resolve keeps the registers of arguments`,
  );
  yield event(
    start + binding.fixupStep,
    `${where(binding.fixup)}: _dl_fixup, with link_map ${hex(binding.linkMap)} (l_addr ${hex(binding.loadAddress)}, l_name "${binding.loadName}") and index ${hex(binding.relocation)}`,
  );
  for (const read of binding.reads) yield event(start + read.step - 1, hashReadText(read), text(read.by));
  const { write } = binding;
  if (write === undefined) yield event(start + instructions, "the slot is left as it is");
  else {
    yield event(start + write.step - 1, "this writes the slot", text(write.by));
    yield event(start + write.step, `the slot holds ${where(write.after)}`);
  }
  yield event(start + instructions, `${where(target)} is reached, ${instructions} instructions after the jump`);
}
