// What happened while a program ran, a line each.

import { demangle } from "../../demangle/index.ts";
import { errnoName } from "../../execute/files/errno.ts";
import { readBytes, readText } from "../../execute/memory/address-space.ts";
import type { CrossCall } from "../../execute/observe/calls.ts";
import type { SlotWrite } from "../../execute/observe/writes.ts";
import { signalName } from "../../execute/system/signal-numbers.ts";
import type { CallEvent, Process, Signal } from "../../execute/system/state.ts";
import { type NamedPlace, offsetText, type PlaceCache, placeAt, placeText } from "./places.ts";

const hex = (value: number): string => `0x${value.toString(16)}`;
const last = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Text that is shown of bytes. */
const SHOWN = 32;

/** `write(1, "hello\n", 6) = 6`, as strace writes it. */
export function systemCallLine({ task, row, number, args, result }: CallEvent): string {
  const { space } = task.process;
  const words = args.map((value, index) => {
    switch (row?.kinds[index]) {
      case "path":
      case "text": {
        const text = value === 0 ? undefined : readText(space, value);
        return text === undefined ? hex(value) : quoted(text);
      }
      case "in": {
        const count = Math.min(args[index + 1], SHOWN);
        const bytes = readBytes(space, value, count);
        return bytes === undefined ? hex(value) : quoted(String.fromCharCode(...bytes), args[index + 1] > SHOWN);
      }
      case "out": {
        const count = Math.min(Math.max(0, result ?? 0), SHOWN);
        const bytes = result === undefined || result < 0 ? undefined : readBytes(space, value, count);
        return bytes === undefined ? hex(value) : quoted(String.fromCharCode(...bytes), (result ?? 0) > SHOWN);
      }
      case "signal":
        return value === 0 ? "0" : signalName(value);
      case "mode":
        return `0${value.toString(8)}`;
      case "flags":
      case "address":
        return value === 0 ? "0" : hex(value);
      default:
        return String(value);
    }
  });
  return `${row?.name ?? `call_${number}`}(${words.join(", ")}) = ${resultWords(result)}`;
}

function resultWords(result: number | undefined): string {
  if (result === undefined) return "?";
  if (result < 0 && result > -4096) return `-1 ${errnoName(-result)}`;
  return result > 0xffff ? hex(result) : String(result);
}

function quoted(text: string, isCut = false): string {
  return `${JSON.stringify(text)}${isCut ? "..." : ""}`;
}

export function signalLine(signal: Signal, what: string): string {
  return `--- ${signalName(signal.number)} ${what} ---`;
}

/** `puts  main+0x1e in prog through 0x… → libc.so.6+0x77980  first call: bound by 585 instructions`. */
export function pltLine({ from, to, caller, target, slot, resolved, process }: CrossCall, cache: PlaceCache): string {
  const place = placeAt(process.space, caller, cache);
  const where = place?.symbol === undefined ? `${last(from.path)}+${hex(caller - from.base)}` : nameOf(place);
  const name = slot === undefined ? "?" : demangle(slot.name);
  const way = resolved === undefined ? "straight" : `first call: bound by ${resolved} instructions`;
  return `${name}  ${where} through ${hex(slot?.address ?? 0)} → ${last(to.path)}+${hex(target - to.base)}  ${way}`;
}

/** The call tree across objects. */
export function crossCallLine({ depth, from, to, target, slot, process }: CrossCall, cache: PlaceCache): string {
  const name = slot?.name ?? placeAt(process.space, target, cache)?.symbol;
  const what = name === undefined || name === "" ? hex(target - to.base) : demangle(name);
  return `${"  ".repeat(Math.min(depth, 40))}${last(from.path)} → ${last(to.path)}: ${what}`;
}

/** `GOT of prog: puts at 0x…: 0x… := 0x…, by …`. */
export function slotLine({ object, slot, before, after, by, task }: SlotWrite, cache: PlaceCache): string {
  const where = (address: number): string => {
    const place = placeAt(task.process.space, address, cache);
    return place === undefined ? hex(address) : `${hex(address)} (${nameOf(place)})`;
  };
  return `${last(object.path)}: ${demangle(slot.name)} at ${hex(slot.address)}: ${hex(before)} := ${where(after)}, by ${where(by)}`;
}

function nameOf(place: NamedPlace): string {
  const { object, symbol, offset, isFixed } = place;
  const where = object === "" ? "memory without a name" : last(object);
  return symbol === undefined
    ? `${where}${isFixed ? "" : offsetText(place)}`
    : `${demangle(symbol)}${offset === 0 ? "" : `+${hex(offset)}`} in ${last(object)}`;
}

/** Where an address is, in words. */
export function whereText(process: Process, address: number, cache: PlaceCache): string {
  return placeText(placeAt(process.space, address, cache));
}
