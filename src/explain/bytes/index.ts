// The bytes of a file: what each of them is.

export {
  type Anatomy,
  anatomyOf,
  type ByteFacts,
  type ByteMark,
  byteFacts,
  marksBetween,
  offsetOfAddress,
  offsetOfSymbol,
} from "./anatomy.ts";
export { type RelocatedPlace, relocatedBetween } from "./relocated.ts";
export {
  type FoundField,
  fieldAt,
  type RecordField,
  type RecordKind,
  type RecordTable,
  recordTables,
} from "./structures.ts";
export { type ByteLine, byteLines } from "./words.ts";
