// The instruction at an address of a loaded object, as the file has it and as it is in memory: what a relocation in code
// has changed.

import { PF_X } from "../../elf/constants.ts";
import { type LoadedObject, loaderMachineOf, pagesOf, readMemory } from "../../load/index.ts";
import { type Disassembler, type Instruction, instructionAt } from "../disassembly.ts";
import { functionAt } from "./symbol-at.ts";

/** The longest instruction of all machines: x86's. */
const LONGEST = 15;

export interface CodeChange {
  readonly before: Instruction;
  readonly after: Instruction;
}

/** The instruction around an address, before and after relocation; undefined outside of code. */
export function codeAt(object: LoadedObject, address: number, disassemble: Disassembler): CodeChange | undefined {
  if (!isCode(object, address)) return undefined;
  const start = (functionAt(object, address - object.base)?.value ?? address - object.base) + object.base;
  const code = new Uint8Array(address - start + LONGEST);
  const machine = loaderMachineOf(object.file.elf) ?? "";
  const one = (fill: () => void): Instruction | undefined => {
    code.fill(0);
    fill();
    return instructionAt(disassemble, code, start, address, machine);
  };
  const before = one(() => readFile(object, start, code));
  const after = one(() => void readMemory(object.regions ?? [], start, code));
  return before === undefined || after === undefined ? undefined : { before, after };
}

export function isCode(object: LoadedObject, address: number): boolean {
  return pagesOf(object, true).some(
    ({ start, end, flags }) => address >= start && address < end && (flags & PF_X) !== 0,
  );
}

/** The bytes of the file that are mapped at an address. */
function readFile({ file, base }: LoadedObject, address: number, target: Uint8Array): void {
  const inFile = address - base;
  const load = file.loads.find((it) => inFile >= it.address && inFile < it.address + it.fileBytes);
  if (load === undefined) return;
  const from = load.offset + (inFile - load.address);
  target.set(file.elf.bytes.subarray(from, Math.min(from + target.length, file.elf.bytes.length)));
}
