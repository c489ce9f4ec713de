// The instructions of x86-64 and i386: what they are called, how they are encoded, what they do. See row.ts.

export * from "./machine/columns.ts";
export { arithmeticFlags, isStepping, readFlags, writeFlags } from "./machine/flags.ts";
export {
  type CpuidAnswer,
  cpuid,
  type DescribedProcessor,
  FEATURES,
  type Feature,
  LEVELS,
  type LevelName,
  type Levels,
} from "./machine/levels.ts";
export {
  BEYOND_FILE,
  createMemory,
  EXECUTE,
  forgetAll,
  forgetPage,
  MARK_CODE,
  MARK_WATCHED,
  type Memory,
  markPage,
  NOT_ALLOWED,
  NOT_MAPPED,
  OUT_OF_PAGES,
  PAGE,
  READ,
  read8,
  read16,
  read32,
  readPlace,
  takePage,
  unmarkPage,
  WRITE,
  write8,
  write16,
  write32,
  write64,
} from "./machine/memory.ts";
export type { Form, Handler, Row } from "./machine/row.ts";
export * from "./machine/state.ts";
export * from "./machine/traps.ts";
export { CUT_SHORT, decode, LONGEST, NO_INSTRUCTION } from "./table/decode.ts";
export { createInstructions, DO_GO_ON, DO_STALE, DO_UNDEFINED, type Instructions } from "./table/table.ts";
export { hex, instructionSentence, instructionText, rowOf } from "./table/text.ts";
