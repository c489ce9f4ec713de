// General registers beyond the baseline: BMI1 and BMI2 (encoded with VEX, without vector registers), ADX, crc32.

import type { Feature } from "../machine/levels.ts";
import type { Row } from "../machine/row.ts";
import * as bmi from "./do-bmi.ts";

type Prefix = "NP" | "66" | "F2" | "F3";

function vex(
  code: string,
  prefix: Prefix,
  operands: string,
  name: string,
  does: Row["does"],
  needs: Feature,
  says: string,
  more: Partial<Row> = {},
): Row {
  return { code, prefix, vex: "either", operands, name, does, needs, says, ...more };
}

/** Flags that are computed; AF and PF (of bextr SF too) are left undefined. */
const FLAGS = { writes: "OSZC", leaves: "AP" } as const;

export const BMI_ROWS: readonly Row[] = [
  vex("0F 38 F2", "NP", "Gy,By,Ey", "andn", bmi.andNot, "bmi1", "keeps the bits of {3} that are not set in {2}", FLAGS),
  vex("0F 38 F7", "NP", "Gy,Ey,By", "bextr", bmi.extractBits, "bmi1", "extracts bits of {2}, which ones by {3}", {
    writes: "OZC",
    leaves: "SAP",
  }),
  vex("0F 38 F3", "NP", "By,Ey", "blsr", bmi.clearLowest, "bmi1", "copies {2} without its lowest one bit", {
    group: 1,
    ...FLAGS,
  }),
  vex(
    "0F 38 F3",
    "NP",
    "By,Ey",
    "blsmsk",
    bmi.maskLowest,
    "bmi1",
    "sets the bits of {1} up to the lowest one bit of {2}",
    {
      group: 2,
      ...FLAGS,
    },
  ),
  vex("0F 38 F3", "NP", "By,Ey", "blsi", bmi.isolateLowest, "bmi1", "keeps only the lowest one bit of {2}", {
    group: 3,
    ...FLAGS,
  }),
  vex(
    "0F 38 F5",
    "NP",
    "Gy,Ey,By",
    "bzhi",
    bmi.clearFrom,
    "bmi2",
    "copies {2} without the bits from number {3} on",
    FLAGS,
  ),
  vex("0F 38 F5", "F3", "Gy,By,Ey", "pext", bmi.gather, "bmi2", "gathers the bits of {2} that {3} names"),
  vex("0F 38 F5", "F2", "Gy,By,Ey", "pdep", bmi.deposit, "bmi2", "spreads the low bits of {2} to where {3} has ones"),
  vex(
    "0F 38 F6",
    "F2",
    "Gy,By,Ey",
    "mulx",
    bmi.multiplyWithoutFlags,
    "bmi2",
    "multiplies %rdx by {3} into {1} and {2}",
  ),
  vex("0F 38 F7", "66", "Gy,Ey,By", "shlx", bmi.shiftLeftBy, "bmi2", "shifts {2} left by {3} into {1}"),
  vex("0F 38 F7", "F3", "Gy,Ey,By", "sarx", bmi.shiftSignedBy, "bmi2", "shifts signed {2} right by {3} into {1}"),
  vex("0F 38 F7", "F2", "Gy,Ey,By", "shrx", bmi.shiftRightBy, "bmi2", "shifts {2} right by {3} into {1}"),
  vex("0F 3A F0", "F2", "Gy,Ey,Ib", "rorx", bmi.rotateBy, "bmi2", "rotates {2} right by {3} into {1}"),
  {
    code: "0F 38 F6",
    prefix: "66",
    operands: "Gy,Ey",
    name: "adcx",
    does: bmi.addWith("carry"),
    needs: "adx",
    reads: "C",
    writes: "C",
    says: "adds {2} and CF to {1}, changing only CF",
  },
  {
    code: "0F 38 F6",
    prefix: "F3",
    operands: "Gy,Ey",
    name: "adox",
    does: bmi.addWith("overflow"),
    needs: "adx",
    reads: "O",
    writes: "O",
    says: "adds {2} and OF to {1}, changing only OF",
  },
  {
    code: "0F 38 F0",
    prefix: "F2",
    operands: "Gy,Eb",
    name: "crc32b",
    does: bmi.crcOfByte,
    needs: "sse4.2",
    says: "adds {2} to the checksum in {1}",
  },
  {
    code: "0F 38 F1",
    prefix: "F2",
    operands: "Gv,Ev",
    name: "crc32#",
    does: bmi.crcOf,
    needs: "sse4.2",
    says: "adds {2} to the checksum in {1}",
  },
];
