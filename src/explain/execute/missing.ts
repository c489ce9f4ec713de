// What an instruction is that the simulated processor does not have: by its bytes, since there is no row, or none at its level.

import {
  createInstructions,
  decode,
  INFO,
  INFO_ROW,
  LEVELS,
  type Mode,
  STRIDE,
} from "../../arch/x86/instructions/index.ts";

/** Ends a sentence that begins with the instruction: "is ud2, …". Without a full stop. */
export function missingText(bytes: Uint8Array, mode: Mode): string {
  const [first, second] = opcode(bytes);
  const isRegister = mode === 64 || (second ?? 0) >= 0xc0;
  if (first === 0x0f && second === 0x0b) return "is ud2, which stands where a program must not get to";
  if (isRegister && (first === 0xc4 || first === 0xc5)) {
    // BMI is encoded so too.
    return named(bytes, mode) ?? "is one of AVX, which this processor has not";
  }
  if (isRegister && first === 0x62) return "is one of AVX-512, which this processor has not";
  return named(bytes, mode) ?? "is none that the processor has";
}

/** The two bytes behind prefixes and REX. */
function opcode(bytes: Uint8Array): readonly [number, number | undefined] {
  const prefixes = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];
  let at = 0;
  while (at < bytes.length && prefixes.includes(bytes[at])) at++;
  return [bytes[at], bytes[at + 1]];
}

/** The name and need of a row that only a higher level has, or that is known and not simulated. */
function named(bytes: Uint8Array, mode: Mode): string | undefined {
  const table = createInstructions(mode, LEVELS.all);
  const columns = new Int32Array(STRIDE);
  if (decode(table, bytes, 0, bytes.length, 0, 0, columns, 0) <= 0) return undefined;
  const row = table.rows[columns[INFO] & INFO_ROW];
  const name = row.name.split("|")[0].replace("{d}", "d").replace("#", "");
  if (row.refused === true) return `is ${name}, which is not simulated`;
  return row.needs === undefined ? undefined : `is ${name} of ${row.needs.toUpperCase()}, which this processor has not`;
}
