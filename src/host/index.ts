// `solder/node`: the linker with Node's file system under it.

export { nodeAccelerators } from "./accelerators.ts";
export { baselineCpu, type HostCpu, hostCpu } from "./cpu.ts";
export type { FileSystem } from "./files.ts";
export { type LinkFilesOptions, linkFiles } from "./link-files.ts";
export { type NodeLoadFilesOptions, nodeLoadFiles } from "./load-files.ts";
export { memoryFiles } from "./memory-files.ts";
export { type MemoryEntry, memoryLoadFiles } from "./memory-load-files.ts";
export { nodeFiles } from "./node-files.ts";
export { systemLibraryPaths } from "./system-paths.ts";
