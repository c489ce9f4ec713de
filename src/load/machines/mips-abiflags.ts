// Which floating-point code a library of MIPS has, by the segment PT_MIPS_ABIFLAGS, and whether it can be in one process with the
// loader's own (glibc sysdeps/mips/dl-machine-reject-phdr.h, elf_machine_reject_phdr_p). What is loaded already counts there; in the n64
// ABI that is the loader, which is made for double precision, and what agrees with that agrees with each other.

import { address, type ElfSource, holds, word } from "../../elf/source.ts";
import type { SegmentsRefusal } from "./record.ts";

const PT_MIPS_ABIFLAGS = 0x7000_0003;
/** sizeof (Elf_MIPS_ABIFlags_v0), and where fp_abi and flags2 are in it. */
const [SIZE, FP_ABI, FLAGS2] = [24, 7, 20];

interface FloatAbi {
  /** As ld.so calls it (fpabi_string). */
  readonly name: string;
  /** Not with double precision in one process (reqs). */
  readonly refused?: true;
}

const DOUBLE = "Hard float (double precision)";

/** By Val_GNU_MIPS_ABI_FP_*. */
const FLOAT_ABIS: readonly FloatAbi[] = [
  { name: "Hard or soft float" },
  { name: DOUBLE },
  { name: "Hard float (single precision)", refused: true },
  { name: "Soft float", refused: true },
  { name: "Unsupported FP64", refused: true },
  { name: "Hard float (32-bit CPU, Any FPU)" },
  { name: "Hard float (32-bit CPU, 64-bit FPU)", refused: true },
  { name: "Hard float compat (32-bit CPU, 64-bit FPU)" },
];

/** Why the file is passed over, or undefined. @param start of `count` program headers of ELF64 that the file holds */
export function refusedFloats(source: ElfSource, start: number, count: number): SegmentsRefusal | undefined {
  for (let i = 0; i < count; i++) {
    const header = start + 56 * i;
    if (word(source, header) === PT_MIPS_ABIFLAGS)
      return refusedIn(source, address(source, header + 8), address(source, header + 32));
  }
  return undefined;
}

function refusedIn(source: ElfSource, offset: number, size: number): SegmentsRefusal | undefined {
  const damaged = "MIPS with damaged ABI flags";
  if (!holds(source, offset, size)) return { what: damaged, told: "unable to read PT_MIPS_ABIFLAGS" };
  if (size < SIZE) return { what: damaged, told: "contains malformed PT_MIPS_ABIFLAGS" };
  const flags2 = word(source, offset + FLAGS2);
  if (flags2 !== 0) return { what: "MIPS with unknown ABI flags", told: `unknown MIPS.abiflags flags2: ${flags2}` };
  const found = source.bytes[offset + FP_ABI];
  if (found >= FLOAT_ABIS.length)
    return { what: `MIPS with unknown floating-point ABI ${found}`, told: `uses unknown FP ABI: ${found}` };
  const { name, refused } = FLOAT_ABIS[found];
  return refused && { what: `MIPS, ${name}`, told: `uses ${name}, already loaded ${DOUBLE}` };
}
