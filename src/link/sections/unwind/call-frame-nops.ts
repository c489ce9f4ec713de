// Where the call frame instructions of an FDE end: assemblers pad the last record of a section with DW_CFA_nop to its alignment,
// and GNU ld takes these off before it puts records together (bfd/elf-eh-frame.c: skip_non_nops). DWARF 5, section 6.4.2.

/** What follows the byte of an instruction: LEB128 numbers (1, 2), bytes, or a LEB128 length and so many bytes. */
type Operands = "leb" | "leb leb" | "block" | "leb block" | "pointer" | number;

const PRIMARY_MASK = 0xc0;
const DW_CFA_offset = 0x80;

const OPERANDS: Readonly<Record<number, Operands>> = {
  0: 0, // DW_CFA_nop
  1: "pointer", // DW_CFA_set_loc
  2: 1, // DW_CFA_advance_loc1
  3: 2, // DW_CFA_advance_loc2
  4: 4, // DW_CFA_advance_loc4
  5: "leb leb", // DW_CFA_offset_extended
  6: "leb", // DW_CFA_restore_extended
  7: "leb", // DW_CFA_undefined
  8: "leb", // DW_CFA_same_value
  9: "leb leb", // DW_CFA_register
  10: 0, // DW_CFA_remember_state
  11: 0, // DW_CFA_restore_state
  12: "leb leb", // DW_CFA_def_cfa
  13: "leb", // DW_CFA_def_cfa_register
  14: "leb", // DW_CFA_def_cfa_offset
  15: "block", // DW_CFA_def_cfa_expression
  16: "leb block", // DW_CFA_expression
  17: "leb leb", // DW_CFA_offset_extended_sf
  18: "leb leb", // DW_CFA_def_cfa_sf
  19: "leb", // DW_CFA_def_cfa_offset_sf
  20: "leb leb", // DW_CFA_val_offset
  21: "leb leb", // DW_CFA_val_offset_sf
  22: "leb block", // DW_CFA_val_expression
  45: 0, // DW_CFA_GNU_window_save
  46: "leb", // DW_CFA_GNU_args_size
  47: "leb leb", // DW_CFA_GNU_negative_offset_extended
};

/**
 * @param from the first instruction  @param end of the record  @param pointerBytes of an encoded pointer
 * @returns the end of the last instruction that does anything; undefined if one is not known or reaches over the end
 */
export function endOfInstructions(
  bytes: Uint8Array,
  from: number,
  end: number,
  pointerBytes: number,
): number | undefined {
  let last = from;
  for (let at = from; at < end; ) {
    const code = bytes[at];
    const next = afterOperands(bytes, at + 1, end, code, pointerBytes);
    if (next === undefined || next > end) return undefined;
    if (code !== 0) last = next;
    at = next;
  }
  return last;
}

function afterOperands(
  bytes: Uint8Array,
  at: number,
  end: number,
  code: number,
  pointerBytes: number,
): number | undefined {
  const primary = code & PRIMARY_MASK;
  if (primary === DW_CFA_offset) return afterLeb128(bytes, at, end);
  if (primary !== 0) return at;
  const operands = OPERANDS[code];
  switch (operands) {
    case undefined:
      return undefined;
    case "pointer":
      return at + pointerBytes;
    case "leb":
      return afterLeb128(bytes, at, end);
    case "leb leb":
      return afterLeb128(bytes, afterLeb128(bytes, at, end), end);
    case "block":
      return afterBlock(bytes, at, end);
    case "leb block":
      return afterBlock(bytes, afterLeb128(bytes, at, end), end);
    default:
      return at + operands;
  }
}

function afterLeb128(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && (bytes[next] & 0x80) !== 0) next++;
  return next + 1;
}

/** A LEB128 length and so many bytes. */
export function afterBlock(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  let scale = 1;
  let next = at;
  for (; next < end; scale *= 0x80) {
    const byte = bytes[next++];
    length += (byte & 0x7f) * scale;
    if ((byte & 0x80) === 0) return next + length;
  }
  return end + 1;
}
