// Holds the decoder of src/arch/x86/instructions to iced-x86 over the code of whole files: the same lengths everywhere, and a row
// for every instruction that is not AVX or its like. The command looks at every instruction, the test at some.
//
//   node build/test/arch/x86/decode-judge.js /usr/lib/x86_64-linux-gnu/libc.so.6 …

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  CUT_SHORT,
  createInstructions,
  decode,
  INFO,
  INFO_ROW,
  type Instructions,
  LEVELS,
  STRIDE,
} from "../../../src/arch/x86/instructions/index.ts";

type Iced = typeof import("iced-x86");

export interface Verdict {
  /** Instructions of which both say the same length. */
  readonly same: number;
  /** What they say different lengths of: "address bytes: lengths, what iced calls it". */
  readonly different: readonly string[];
  /** Legacy instructions that have no row here, or none that is executed, by iced's name, with their number. */
  readonly missing: ReadonlyMap<string, number>;
  /** VEX, EVEX and XOP instructions without a row. */
  readonly vector: number;
}

export function loadIced(): Iced | undefined {
  try {
    return createRequire(import.meta.url)("iced-x86") as Iced;
  } catch {
    return undefined;
  }
}

/** The executable sections of an ELF file of x86. */
function codeOf(path: string): { bits: 32 | 64; sections: { address: number; bytes: Uint8Array }[] } {
  const file = readFileSync(path);
  const long = file[4] === 2;
  const number = (at: number): number => (long ? Number(file.readBigUInt64LE(at)) : file.readUInt32LE(at));
  const table = long ? number(40) : number(32);
  const size = file.readUInt16LE(long ? 58 : 46);
  const count = file.readUInt16LE(long ? 60 : 48);
  const word = long ? 8 : 4;
  const sections = [];
  for (let n = 0; n < count; n++) {
    const at = table + n * size;
    const [flags, address, offset, bytes] = [0, 1, 2, 3].map((field) => number(at + 8 + field * word));
    const isProgbits = file.readUInt32LE(at + 4) === 1;
    if (isProgbits && (flags & 4) !== 0) sections.push({ address, bytes: file.subarray(offset, offset + bytes) });
  }
  return { bits: long ? 64 : 32, sections };
}

/**
 * Compares over a file's code.
 *
 * @param sample looks only at this many instructions of each section, from its start; all of them without
 */
export function judge(iced: Iced, path: string, sample: number = Number.POSITIVE_INFINITY): Verdict {
  const { bits, sections } = codeOf(path);
  const table = createInstructions(bits, LEVELS.all);
  const different: string[] = [];
  const missing = new Map<string, number>();
  let same = 0;
  let vector = 0;
  const columns = new Int32Array(STRIDE);
  for (const { address, bytes } of sections) {
    const decoder = new iced.Decoder(bits, bytes, iced.DecoderOptions.NoInvalidCheck);
    decoder.ip = BigInt(address);
    const theirs = new iced.Instruction();
    const instructionInfo = (): string => `${iced.Mnemonic[theirs.mnemonic]}`.toLowerCase();
    for (let n = 0; n < sample && decoder.canDecode; n++) {
      const at = decoder.position;
      decoder.decodeOut(theirs);
      if (theirs.isInvalid) continue;
      const here = address + at;
      const length = decode(table, bytes, at, bytes.length, here | 0, Math.floor(here / 2 ** 32), columns, 0);
      if (length === theirs.length && isExecuted(table, columns)) same++;
      else if (length > 0 && length !== theirs.length) {
        const text = Buffer.from(bytes.subarray(at, at + theirs.length)).toString("hex");
        different.push(`${here.toString(16)} ${text}: ${length}, ${theirs.length} for ${instructionInfo()}`);
      } else if (theirs.encoding !== iced.EncodingKind.Legacy) vector++;
      else if (length !== CUT_SHORT) missing.set(instructionInfo(), (missing.get(instructionInfo()) ?? 0) + 1);
    }
    theirs.free();
    decoder.free();
  }
  return { same, different, missing, vector };
}

function isExecuted(table: Instructions, columns: Int32Array): boolean {
  return table.rows[columns[INFO] & INFO_ROW].refused !== true;
}

if (process.argv[1] === import.meta.filename) {
  const iced = loadIced();
  if (iced === undefined) throw new Error("iced-x86 is not installed");
  for (const path of process.argv.slice(2)) {
    const { same, different, missing, vector } = judge(iced, path);
    console.log(`${path}: ${same} equal, ${different.length} different, ${vector} AVX and the like without a row`);
    for (const line of different.slice(0, 20)) console.log(`  ${line}`);
    console.log(`  no row: ${[...missing].map(([name, count]) => `${name} ${count}`).join(", ") || "none"}`);
  }
}
