// Debugging sections that are longer than they need to be (--incremental), so that every reader reads them as before: the last
// unit says that it is longer, and what is added is what the section's format has for nothing.

/** Headers begin with the length of what follows: the last unit becomes longer. DWARF 5, 7.5.1, 6.1.1, 6.1.2, 7.28, 7.29. */
const UNITS = new Set([
  ".debug_info",
  ".debug_types",
  ".debug_aranges",
  ".debug_pubnames",
  ".debug_pubtypes",
  ".debug_gnu_pubnames",
  ".debug_gnu_pubtypes",
  ".debug_rnglists",
  ".debug_loclists",
]);
/** What others find by its offset only. */
const LOOSE = new Set([
  ".debug_abbrev",
  ".debug_str",
  ".debug_line_str",
  ".debug_ranges",
  ".debug_loc",
  ".debug_macro",
]);

/** DW_LNS_set_basic_block: a line program that has ended its last sequence makes no row of it. */
const LINE_NOTHING = 7;

/** @returns undefined where the section is not understood: it stays as it is */
export function spreadDebug(name: string, contents: Uint8Array, wanted: number): Uint8Array | undefined {
  const spread = new Uint8Array(wanted);
  if (name === ".debug_line") spread.fill(LINE_NOTHING, contents.length);
  spread.set(contents);
  if (LOOSE.has(name)) return spread;
  if (!UNITS.has(name) && name !== ".debug_line") return undefined;
  const last = lastUnit(contents);
  if (last === undefined || (name === ".debug_line" && !knowsNothing(contents, last))) return undefined;
  new DataView(spread.buffer).setUint32(last, wanted - last - 4, true);
  return spread;
}

/** Offset of the last of the units, which fill the section; undefined if they do not, or are of the 64-bit format. */
function lastUnit(contents: Uint8Array): number | undefined {
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  let last: number | undefined;
  for (let at = 0; at < contents.length; ) {
    if (at + 4 > contents.length) return undefined;
    const length = view.getUint32(at, true);
    if (length === 0 || length >= 0xfffffff0 || at + 4 + length > contents.length) return undefined;
    last = at;
    at += 4 + length;
  }
  return last;
}

/** Whether opcode 7 of the line program is what DWARF says: versions 2 to 5, with more than 7 standard opcodes. */
function knowsNothing(contents: Uint8Array, unit: number): boolean {
  const version = contents[unit + 4] | (contents[unit + 5] << 8);
  const opcodeBase = { 2: 14, 3: 14, 4: 15, 5: 17 }[version];
  return opcodeBase !== undefined && unit + opcodeBase < contents.length && contents[unit + opcodeBase] > LINE_NOTHING;
}
