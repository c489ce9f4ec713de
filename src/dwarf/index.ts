// Source lines, functions and variables for messages.

export { readUnit } from "./entries.ts";
export { type Functions, functionAt, functionIn, functionsOf } from "./function.ts";
export { findSourceLine, readSourceLines, type SourceLine, type SourceLines, sourceLineAt } from "./line.ts";
export type { Decompressors } from "./section.ts";
export { type RangeSections, unitRanges } from "./unit-ranges.ts";
export { type CompilationUnit, unitsOf } from "./units.ts";
export { variableLine, variableLines } from "./variable.ts";
