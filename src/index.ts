// The package's front door: everything that is public, by module.

export * from "./elf/problem.ts";
export type { FileSystem } from "./host/files.ts";
export { memoryFiles } from "./host/memory-files.ts";
export { type MemoryEntry, memoryLoadFiles } from "./host/memory-load-files.ts";
export type * from "./link/decisions/layout-types.ts";
export type * from "./link/decisions/types.ts";
export { link } from "./link/link.ts";
export {
  defaultInputState,
  defaultOptions,
  type InputState,
  type LinkInput,
  type LinkOptions,
} from "./link/options.ts";
export type { LinkResult } from "./link/result.ts";
