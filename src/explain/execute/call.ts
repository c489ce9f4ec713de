// A function of relocatable objects that was executed, in words: what it returned, or why it did not.

import { type Cpu, type Mode, RAX, RDX, X87, X87_TAGS, X87_TOP, XMM } from "../../arch/x86/instructions/index.ts";
import { demangle } from "../../demangle/index.ts";
import { error, type Problem, STT_FUNC, STT_NOTYPE } from "../../elf/index.ts";
import { type CallArgument, type CallEnd, type FunctionCall, isUnset } from "../../execute/call-function.ts";
import type { LoadedObjects, PlacedObject } from "../../load/relocatable/index.ts";
import { bytesText, signalText, whatHappened } from "./end.ts";
import { instructionBytes, missingText } from "./missing.ts";

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** What other registers have that a function may have returned in: a double or float, or a long long of i386; undefined: nothing. */
export interface OtherResults {
  /** xmm0 of x86-64, the x87's top of i386. */
  readonly float: number | undefined;
  /** The lower half of xmm0 as a float, where all of it would be a double and nothing says which is meant. */
  readonly single: number | undefined;
  /** edx:eax of i386, if edx is more than the sign of eax. */
  readonly wide: bigint | undefined;
}

/**
 * Looks at the registers when a function has returned (psABI, "Returning of Values"; those that had no argument were zero, and the x87 empty).
 * @param args then xmm0 may hold what it held before, and a float may have the upper half of a double above it
 */
export function otherResults({ words, doubles, floats, mode }: Cpu, args: readonly CallArgument[]): OtherResults {
  if (mode === 64) {
    const wasUsed = args.some((it) => typeof it !== "bigint");
    const isEmpty = words[XMM] === 0 && words[XMM + 1] === 0 && !wasUsed;
    const isSingle = words[XMM + 1] === 0;
    const single = wasUsed && !isSingle && words[XMM] !== 0 ? floats[XMM] : undefined;
    return { float: isEmpty ? undefined : isSingle ? floats[XMM] : doubles[XMM / 2], single, wide: undefined };
  }
  const top = words[X87_TOP];
  const isUsed = ((words[X87_TAGS] >>> (2 * top)) & 3) !== EMPTY_TAG;
  const [low, high] = [words[RAX], words[RDX]];
  const wide = high === low >> 31 || high === 0 ? undefined : (BigInt(high) << 32n) | BigInt(low >>> 0);
  return { float: isUsed ? extendedAt(words, X87 + 4 * top) : undefined, single: undefined, wide };
}

const EMPTY_TAG = 3;

/** A number of the x87, as near as a double gets. */
function extendedAt(words: Int32Array, at: number): number {
  const exponent = words[at + 2] & 0x7fff;
  const sign = (words[at + 2] & 0x8000) === 0 ? 1 : -1;
  const significand = (words[at + 1] >>> 0) * 2 ** 32 + (words[at] >>> 0);
  if (exponent === 0x7fff)
    return (words[at + 1] & 0x7fff_ffff) === 0 && words[at] === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (significand / 2 ** 63) * 2 ** (exponent - 16383);
}

/** `foo(37) = 42 (0x2a), 4 instructions`. */
export function returnedLine(
  name: string,
  args: readonly CallArgument[],
  result: bigint,
  mode: Mode,
  instructions: number,
  { float, single, wide }: OtherResults,
): string {
  const floatText =
    float === undefined
      ? ""
      : `; ${mode === 64 ? "xmm0" : "st(0)"} holds ${float}${single === undefined ? "" : ` as double, ${single} as float`}`;
  const wideText = wide === undefined ? "" : `; edx:eax holds ${wide}`;
  const call = `${demangle(name)}(${args.map(argumentText).join(", ")})`;
  if (isUnset(result) && floatText !== "") return `${call}${floatText}, ${countText(instructions)}`;
  return `${call} = ${resultText(result, mode)} (${hex(result)})${wideText}${floatText}, ${countText(instructions)}`;
}

/** `37`, `1.5` for a double, `1.5f` for a float. */
export function argumentText(it: CallArgument): string {
  if (typeof it === "bigint") return String(it);
  const text = Object.is(it.value, -0) ? "-0" : String(it.value);
  const isPlain = /^-?[0-9]+$/.test(text);
  return it.isSingle ? `${text}f` : isPlain ? `${text}.0` : text;
}

function countText(instructions: number): string {
  return `${instructions} instruction${instructions === 1 ? "" : "s"}`;
}

/** What the register says as a signed number of its size. */
export function signedResult(result: bigint, mode: Mode): bigint {
  return BigInt.asIntN(mode, result);
}

/** An int has only the low half of rax, and nothing in it says whether it is one. */
function resultText(result: bigint, mode: Mode): string {
  const signed = signedResult(result, mode);
  const int = BigInt.asIntN(32, result);
  const isInt = result < 2n ** 32n && int < 0n;
  if (!isInt) return String(signed);
  return mode === 64 ? `${int} as int, ${signed} as long` : `${int}, ${result} unsigned`;
}

/** Why the function did not return: a line without a full stop. */
export function faultLine(
  call: FunctionCall,
  { fault, where, bytes, instructions }: CallEnd & { kind: "fault" },
): string {
  const { number, address } = fault;
  const name = `${signalText(number)} after ${countText(instructions)}`;
  const place = placeText(call, where);
  if (fault.isFetch) {
    const why = place === undefined ? "where nothing is mapped" : `${place}, which is mapped, but not executable`;
    return `${name}: it went to ${hex(where)}, ${why}`;
  }
  const isIllegal = fault.trap === 6;
  const list = bytesText(instructionBytes(bytes, call.mode));
  const what = isIllegal ? missingText(bytes, call.mode) : (whatHappened(fault) ?? "");
  const { stack } = call.memory;
  const isOverflow = fault.trap === 14 && address < stack.start && address >= stack.start - STACK_GAP;
  const target = isOverflow ? ": the stack is used up" : dataText(call, fault);
  return `${name}: the instruction at ${hex(where)} ${place ?? ""}${isIllegal ? `, whose bytes are ${list},` : ""} ${what}${target}`;
}

/** An access so far below the stack is the stack's. */
const STACK_GAP = 0x1000;

function dataText({ loaded }: FunctionCall, { trap, address }: { trap: number; address: number }): string {
  const place = trap === 14 ? placeIn(loaded, address) : undefined;
  return place === undefined ? "" : `: ${place.text} of ${place.object}`;
}

export function systemCallProblem(call: FunctionCall, { number, where }: CallEnd & { kind: "system-call" }): Problem {
  // It was executed: the place is behind it.
  return error("call-system-call", {}, { where, place: placeText(call, where) ?? "in no object", number });
}

function placeText({ loaded }: FunctionCall, address: number): string | undefined {
  const place = placeIn(loaded, address);
  return place && `in ${place.text} of ${place.object}`;
}

/** `foo+0x4`, or the section and offset where no symbol is; empty outside of all objects. */
export function codePlaceText(loaded: LoadedObjects, address: number): string {
  return placeIn(loaded, address)?.text ?? "";
}

function placeIn({ objects }: LoadedObjects, address: number): { text: string; object: string } | undefined {
  for (const object of objects) {
    const text = placeInObject(object, address);
    if (text !== undefined) return { text, object: object.name };
  }
  return undefined;
}

function placeInObject(object: PlacedObject, address: number): string | undefined {
  const { slots, sections, symbols, values, name } = object;
  const plus = (offset: number): string => (offset === 0 ? "" : `+${hex(offset)}`);
  if (address >= slots.gotAddress && address < slots.gotAddress + slots.got.length)
    return `GOT${plus(address - slots.gotAddress)}`;
  if (address >= slots.pltAddress && address < slots.pltAddress + slots.plt.length) {
    const entries = slots.entries.filter((it) => it.kind === "plt" && it.address <= address);
    const last = entries.at(-1);
    return last === undefined ? "PLT" : `${demangle(last.name)}@plt${plus(address - last.address)}`;
  }
  const placed = sections.find((it) => it && it.address <= address && address < it.address + it.memory.length);
  if (placed === undefined) return undefined;
  let best: { name: string; start: number } | undefined;
  symbols.forEach((symbol, index) => {
    const value = values[index];
    const isCode = symbol.type === STT_FUNC || symbol.type === STT_NOTYPE;
    if (value?.definer !== name || symbol.section !== placed.section.index || symbol.name === "" || !isCode) return;
    if (value.address <= address && value.address >= (best?.start ?? 0))
      best = { name: symbol.name, start: value.address };
  });
  const found = best as { name: string; start: number } | undefined;
  if (found === undefined) return `${placed.section.name}${plus(address - placed.address)}`;
  return `${demangle(found.name)}${plus(address - found.start)}`;
}
