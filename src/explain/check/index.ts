// The reports of `solder check` in words and as JSON.

export { CHECK_JSON_VERSION, writeCheckJson } from "./json.ts";
export { mergeFiles } from "./merge.ts";
export { type PassedOver, summaryLines } from "./summary.ts";
export { type CheckStyle, fails, fileLines, type Listed } from "./text.ts";
