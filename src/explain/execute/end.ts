// Why a program ended that a signal ended: what it did, where, and with which bytes.

import { PROT_NONE, PROT_WRITE } from "../../execute/memory/address-space.ts";
import { FPE_FLTDIV, FPE_FLTINV, FPE_FLTOVF, FPE_FLTRES, FPE_FLTUND } from "../../execute/system/faults.ts";
import { SIGNAL_TEXTS, signalName } from "../../execute/system/signal-numbers.ts";
import type { End, Signal } from "../../execute/system/state.ts";
import { instructionBytes, missingText } from "./missing.ts";
import { placeIn, placeText } from "./places.ts";

/** One line without a full stop. */
export function endLine(end: End & { readonly kind: "signaled" }): string {
  const { signal, where, area, code, mode, target, stackUsed } = end;
  const { number } = signal;
  const name = signalText(number);
  const bytes = Uint8Array.from(code);
  const what = signal.trap === 6 ? missingText(bytes, mode) : whatHappened(signal, target?.protection);
  if (what === undefined) return name;
  const list = number === 4 ? `, whose bytes are ${bytesText(instructionBytes(bytes, mode))},` : "";
  const place = placeText(placeIn(area, where, new Map()));
  if (isFetch(signal)) {
    const why = area === undefined ? "" : ", which is mapped, but not executable";
    return `${name}: it went to ${hex(where)}, ${place}${why}`;
  }
  const stack = stackUsed === undefined ? "" : `: the stack is used up, all ${sizeText(stackUsed)} of it`;
  return `${name}: the instruction at ${hex(where)} ${place}${list} ${what}${stack}`;
}

/** `ended by SIGSEGV (Segmentation fault)`. */
export function signalText(number: number): string {
  const text = SIGNAL_TEXTS.get(number);
  return `ended by ${signalName(number)}${text === undefined ? "" : ` (${text})`}`;
}

export function bytesText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function sizeText(bytes: number): string {
  return bytes >= 2 ** 20 ? `${Math.round(bytes / 2 ** 20)} MB` : `${Math.round(bytes / 1024)} KB`;
}

/** Whether an instruction could not be read: bit 4 of a page fault's error code. A file that ends before it is told otherwise. */
function isFetch({ number, trap, error = 0 }: Signal): boolean {
  return trap === 14 && number !== 7 && (error & 16) !== 0;
}

const FLOATS: ReadonlyMap<number, string> = new Map([
  [FPE_FLTDIV, "a division by zero"],
  [FPE_FLTOVF, "an overflow"],
  [FPE_FLTUND, "an underflow, or a denormal number"],
  [FPE_FLTRES, "an inexact result"],
  [FPE_FLTINV, "an invalid operation"],
]);

/**
 * What a fault's instruction did; undefined if the signal is no fault.
 * @param protection of what is mapped at a page fault's address, as far as that is known
 */
export function whatHappened(
  { number, code, address, trap, error = 0 }: Pick<Signal, "number" | "code" | "address" | "trap" | "error">,
  protection?: number,
): string | undefined {
  if (trap === undefined) return undefined;
  switch (trap) {
    case 14: {
      const isWrite = (error & 2) !== 0;
      const at = `${isWrite ? "writes to" : "reads"} ${hex(address)}`;
      if (number === 7) return `${at}, which is beyond the end of the file that is mapped there`;
      if (code === 1) return `${at}, where nothing is mapped`;
      if (protection === PROT_NONE) return `${at}, which is mapped for no access at all`;
      if (isWrite && (protection === undefined || (protection & PROT_WRITE) === 0))
        return `${at}, which is mapped, but not writable`;
      return `${at}, which it may not`;
    }
    case 0:
      return "divides by zero, or its quotient does not fit";
    case 1:
      return code === 2
        ? "is reached with TF set in eflags, which traps after each instruction"
        : "is int1, a debugger's trap";
    case 3:
      return "is a breakpoint";
    case 4:
      return "stops on overflow (into, int $4)";
    case 12:
      return "uses a stack at an address that no memory can have";
    case 16:
      return `finds ${FLOATS.get(code) ?? "an exception"} of an x87 instruction before it, which is not masked`;
    case 19:
      return `raises ${FLOATS.get(code) ?? "an exception"} of floating point, which is not masked`;
    default:
      return "is not allowed: a privileged one, or an address that no memory can have";
  }
}
