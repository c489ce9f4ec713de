// The story of a lazy call in words, from what was executed.

import { demangle } from "../../demangle/index.ts";
import type { Execution } from "../../execute/execute.ts";
import { readBytes } from "../../execute/memory/address-space.ts";
import type { HashRead } from "../../execute/observe/hash-reads.ts";
import type { LazyStory, SlotCall } from "../../execute/observe/lazy-call.ts";
import type { Disassembler } from "../disassembly.ts";
import { heading, type Style } from "../dump/table.ts";
import { offsetText, type PlaceCache, placeAt } from "./places.ts";

const hex = (value: number): string => `0x${value.toString(16)}`;
const last = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Tells what the calls through the slot executed. @param execution stopped behind the last of them */
export function* lazyStoryLines(
  execution: Execution,
  { object, slot, calls }: LazyStory,
  disassemble: Disassembler,
  style: Style,
): Generator<string> {
  const { space, mode } = execution.process;
  const cache: PlaceCache = new Map();
  const where = (address: number): string => {
    const place = placeAt(space, address, cache);
    if (place === undefined) return hex(address);
    const name =
      place.symbol === undefined
        ? offsetText(place)
        : demangle(place.symbol) + (place.offset === 0 ? "" : `+${hex(place.offset)}`);
    return `${hex(address)} (${name} of ${last(place.object)})`;
  };
  const text = (address: number): string => {
    const code = readBytes(space, address, 15);
    const [one] = code === undefined ? [] : disassemble(code, address, mode === 64 ? "x86-64" : "i386", address + 1);
    return `${hex(address)}: ${one?.text ?? "?"}`;
  };
  yield* heading(
    `${last(object.path)} calls ${style.demangle ? demangle(slot.name) : slot.name}, slot ${hex(slot.address)}, executed`,
    style,
  );
  const [first, second] = calls;
  if (first === undefined) {
    yield "  the program ended in the middle of the call";
    return;
  }
  yield* callLines(first, text, where, mode);
  if (second === undefined) {
    yield "";
    yield "  It was not called again.";
    return;
  }
  yield "";
  yield "  Called again:";
  yield* callLines(second, text, where, mode);
}

/** What was read of a hash table or compared, without a full stop. */
export function hashReadText({ object, kind, index, value }: HashRead): string {
  const where = last(object.path);
  switch (kind) {
    case "bloom":
      return `${where}: word ${index} of the Bloom filter is ${value}`;
    case "bucket":
      return `${where}: bucket ${index} begins with symbol ${Number(value)}`;
    case "chain":
      return `${where}: the chain's link of symbol ${index} is ${value}`;
    default:
      return `${where}: the string ${demangle(value)} is read`;
  }
}

function* callLines(
  call: SlotCall,
  text: (address: number) => string,
  where: (address: number) => string,
  mode: number,
): Generator<string> {
  const { jump, before, caller, stub, binding, target, instructions } = call;
  yield `  ${text(jump)}`;
  yield `       the slot holds ${where(before)}; the call goes back to ${where(caller)}`;
  if (binding === undefined) {
    yield `  ${where(target)} is reached after ${instructions} instruction${instructions === 1 ? "" : "s"}: the slot was bound`;
    return;
  }
  for (const address of stub) yield `  ${text(address)}`;
  yield `  ${where(binding.resolver)}: the dynamic linker, by GOT[2]: _dl_runtime_resolve`;
  yield `  ${where(binding.fixup)}: _dl_fixup, with the link_map ${hex(binding.linkMap)} (l_addr ${hex(binding.loadAddress)}, l_name "${binding.loadName}")`;
  const entry =
    mode === 64 ? `entry ${binding.relocation} of DT_JMPREL` : `the entry at byte ${binding.relocation} of DT_JMPREL`;
  yield `       and ${hex(binding.relocation)}: ${entry}; it makes ${binding.calls} calls`;
  for (const read of binding.reads) yield `  step ${read.step}: ${hashReadText(read)}`;
  if (binding.write === undefined) yield "  the slot is not written";
  else
    yield `  step ${binding.write.step}: ${text(binding.write.by)}\n       the slot becomes ${where(binding.write.after)}`;
  yield `  step ${instructions}: ${where(target)} is reached`;
}
