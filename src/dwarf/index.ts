// Source lines and functions for messages.

export { functionAt } from "./function.ts";
export { findSourceLine, readSourceLines, type SourceLine, type SourceLines, sourceLineAt } from "./line.ts";
export type { Decompressors } from "./section.ts";
