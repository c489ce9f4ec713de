// Running a line-number program (DWARF 5, section 6.2.5): a state machine whose output is rows "from this address on, this
// file and line", in sequences of rising addresses.

import { type Cursor, cursor, skip, sleb, u8, u16, uleb, unsigned } from "./cursor.ts";
import type { LineHeader, LineSections } from "./line-header.ts";

/** The rows of one contiguous piece of code. Row i holds from addresses[i] up to the next row or `end`. */
export interface LineSequence {
  readonly header: LineHeader;
  /** Section of the code in an object file; 0 in a linked file, where addresses are absolute. */
  readonly section: number;
  readonly addresses: readonly number[];
  readonly files: readonly number[];
  readonly lines: readonly number[];
  /** The first address behind the sequence. */
  readonly end: number;
}

const DW_LNS_COPY = 1;
const DW_LNS_ADVANCE_PC = 2;
const DW_LNS_ADVANCE_LINE = 3;
const DW_LNS_SET_FILE = 4;
const DW_LNS_CONST_ADD_PC = 8;
const DW_LNS_FIXED_ADVANCE_PC = 9;
const DW_LNE_END_SEQUENCE = 1;
const DW_LNE_SET_ADDRESS = 2;

interface State {
  section: number;
  address: number;
  file: number;
  line: number;
  addresses: number[];
  files: number[];
  lines: number[];
}

function start(): State {
  return { section: 0, address: 0, file: 1, line: 1, addresses: [], files: [], lines: [] };
}

/** The sequences of one unit, in the program's order. What comes after damage is left out. */
export function runLineProgram(sections: LineSections, header: LineHeader): LineSequence[] {
  const c = cursor(sections.line.bytes, sections.littleEndian, header.start, header.end);
  const sequences: LineSequence[] = [];
  let state = start();
  while (c.at < c.end && !c.failed) {
    const opcode = u8(c);
    if (opcode > header.operandCounts.length) special(header, state, opcode);
    else if (opcode > 0) standard(c, header, state, opcode);
    else if (extended(c, sections, state)) {
      const { section, address: end, addresses, files, lines } = state;
      sequences.push({ header, section, addresses, files, lines, end });
      state = start();
    }
  }
  return sequences;
}

function addRow(state: State): void {
  state.addresses.push(state.address);
  state.files.push(state.file);
  state.lines.push(state.line);
}

/** One byte that advances address and line and adds a row. */
function special(header: LineHeader, state: State, opcode: number): void {
  const adjusted = opcode - header.operandCounts.length - 1;
  state.address += Math.floor(adjusted / header.lineRange) * header.minInstructionLength;
  state.line += header.lineBase + (adjusted % header.lineRange);
  addRow(state);
}

function standard(c: Cursor, header: LineHeader, state: State, opcode: number): void {
  switch (opcode) {
    case DW_LNS_COPY:
      addRow(state);
      break;
    case DW_LNS_ADVANCE_PC:
      state.address += uleb(c) * header.minInstructionLength;
      break;
    case DW_LNS_ADVANCE_LINE:
      state.line += sleb(c);
      break;
    case DW_LNS_SET_FILE:
      state.file = uleb(c);
      break;
    case DW_LNS_CONST_ADD_PC:
      // What special opcode 255 would advance.
      state.address += Math.floor((254 - header.operandCounts.length) / header.lineRange) * header.minInstructionLength;
      break;
    case DW_LNS_FIXED_ADVANCE_PC:
      state.address += u16(c);
      break;
    default:
      // Columns, statement flags and what is not known: the header says how many operands to step over.
      for (let i = header.operandCounts[opcode - 1]; i > 0; i--) uleb(c);
  }
}

/** A zero byte, a length, an opcode and its operands. True at the end of a sequence. */
function extended(c: Cursor, sections: LineSections, state: State): boolean {
  const length = uleb(c);
  const next = c.at + length;
  const opcode = length > 0 ? u8(c) : 0;
  if (opcode === DW_LNE_SET_ADDRESS) {
    const target = sections.line.targets.get(c.at);
    const value = unsigned(c, length - 1);
    state.section = target?.section ?? 0;
    state.address = target?.offset ?? value;
  }
  skip(c, next - c.at);
  return opcode === DW_LNE_END_SEQUENCE && !c.failed;
}
