// All rows of the instruction table. A family is a file of rows and one or more of handlers; to add one, add its rows here.

import { CONTROL_ROWS } from "../control/rows-control.ts";
import { BMI_ROWS } from "../integer/rows-bmi.ts";
import { INTEGER_ROWS } from "../integer/rows-integer.ts";
import type { Row } from "../machine/row.ts";
import { SSE_FLOAT_ROWS } from "../sse/rows-sse-float.ts";
import { SSE_INTEGER_ROWS } from "../sse/rows-sse-integer.ts";
import { SSE_MOVE_ROWS } from "../sse/rows-sse-move.ts";
import { SSE_SPECIAL_ROWS } from "../sse/rows-sse-special.ts";
import { X87_ROWS } from "../x87/rows-x87.ts";

export const ROWS: readonly Row[] = [
  ...INTEGER_ROWS,
  ...CONTROL_ROWS,
  ...SSE_MOVE_ROWS,
  ...SSE_INTEGER_ROWS,
  ...SSE_FLOAT_ROWS,
  ...SSE_SPECIAL_ROWS,
  ...X87_ROWS,
  ...BMI_ROWS,
];
