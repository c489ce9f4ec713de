// Why a program ended that a signal ended: what it did, where, and with which bytes.

import { SIGNAL_TEXTS, signalName } from "../../execute/system/signal-numbers.ts";
import type { End, Signal } from "../../execute/system/state.ts";
import { missingText } from "./missing.ts";
import { placeIn, placeText } from "./places.ts";

/** One line without a full stop. */
export function endLine({ signal, where, area, code, mode }: End & { readonly kind: "signaled" }): string {
  const { number } = signal;
  const text = SIGNAL_TEXTS.get(number);
  const name = `ended by ${signalName(number)}${text === undefined ? "" : ` (${text})`}`;
  const what = signal.trap === 6 ? missingText(Uint8Array.from(code), mode) : whatHappened(signal);
  if (what === undefined) return name;
  const bytes =
    number === 4 ? `, whose bytes are ${code.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}` : "";
  const place = placeText(placeIn(area, where, new Map()));
  if (isFetch(signal))
    return `${name}: it went to ${hex(where)}, ${place}${area === undefined ? "" : ", which is no code"}`;
  return `${name}: the instruction at 0x${where.toString(16)} ${place}${bytes} ${what}`;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Whether an instruction could not be read: bit 4 of a page fault's error code. A file that ends before it is told otherwise. */
function isFetch({ number, trap, error = 0 }: Signal): boolean {
  return trap === 14 && number !== 7 && (error & 16) !== 0;
}

/** What a fault's instruction did; undefined if the signal is no fault. */
export function whatHappened({
  number,
  code,
  address,
  trap,
  error = 0,
}: Pick<Signal, "number" | "code" | "address" | "trap" | "error">): string | undefined {
  if (trap === undefined) return undefined;
  const at = `0x${address.toString(16)}`;
  switch (trap) {
    case 14: {
      const does = (error & 2) !== 0 ? "writes to" : "reads";
      if (number === 7) return `${does} ${at}, which is beyond the end of the file that is mapped there`;
      return code === 1 ? `${does} ${at}, where nothing is mapped` : `${does} ${at}, which it may not`;
    }
    case 0:
      return "divides by zero, or its quotient does not fit";
    case 3:
      return "is a breakpoint";
    case 19:
      return "raised a floating-point exception that is not masked";
    default:
      return "is not allowed: a privileged one, or an address that no memory can have";
  }
}
