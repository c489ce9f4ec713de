// `solder/execute`: programs of x86-64 and i386 run instruction by instruction in simulated memory, from the dynamic linker's first
// instruction to their end.

export * from "../arch/x86/instructions/index.ts";
export { loadObjects, type ObjectsLoaded, type RelocatableInput } from "../load/relocatable/index.ts";
export {
  type CallArgument,
  type CallEnd,
  type CallOptions,
  callFunction,
  type FloatArgument,
  type FunctionCall,
  runCall,
} from "./call-function.ts";
export { setBreak } from "./code.ts";
export * from "./execute.ts";
export { errnoName } from "./files/errno.ts";
export type { Time } from "./files/nodes.ts";
export type { User } from "./files/tree.ts";
export { createHistory, goTo, type History, type HistoryOptions, runRecorded, stepBack } from "./history.ts";
export { DEFAULT_LIMITS, type RunLimits } from "./limits.ts";
export { type AddressSpace, type Area, areaAt, readBytes, readText, writeBytes } from "./memory/address-space.ts";
export type { Observer } from "./run.ts";
export { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
export type { GivenFile } from "./start.ts";
export { SYSTEM_CALLS } from "./system/calls/table.ts";
export type { Fault } from "./system/faults.ts";
export { mapLine } from "./system/proc.ts";
export type { CallRow } from "./system/row.ts";
export { signalName } from "./system/signal-numbers.ts";
export type { CallEvent, End, OutputRefusal, Process, Signal, System, SystemHooks, Task } from "./system/state.ts";
