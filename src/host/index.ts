// `solder/node`: the linker with Node's file system under it.

export { nodeAccelerators } from "./accelerators.ts";
export type { FileSystem } from "./files.ts";
export { type LinkFilesOptions, linkFiles } from "./link-files.ts";
export { memoryFiles } from "./memory-files.ts";
export { nodeFiles } from "./node-files.ts";
export { systemLibraryPaths } from "./system-paths.ts";
