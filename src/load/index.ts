// `solder/load`: the dynamic linker. `load` a program, then ask the process: its objects, where they are, what their
// references are bound to and why, its memory. Nothing is run and nothing outside of the files given is opened.

export {
  type AddressInfo,
  dladdr,
  dlclose,
  dlopen,
  dlsym,
  iterateHeaders,
  needsExecutableStack,
  type ObjectHeaders,
  type OpenFlags,
  type OpenResult,
  type SymbolPlace,
  type SymbolResult,
} from "./calls.ts";
export * from "./check/index.ts";
export * from "./contract.ts";
export { bindingLine, bindingLines, type DebugCategory, debugLines, searchesMade, searchLines } from "./debug.ts";
export { type DynamicFile, symbolicOf } from "./dynamic-file.ts";
export * from "./dynamic-symbols.ts";
export type { RelocationRange, SymbolicRelocations } from "./file-relocations.ts";
export { callSlot, type PltCall, type PltSlot, type PltStub, pltSlots } from "./lazy.ts";
export { type LoadCache, type LoadResult, type LoadSettings, load, loadCache, loadDependencies } from "./load.ts";
export { type MappedRegion, PAGE, type PageRange, pagesOf, protectionText, readMemory } from "./map.ts";
export { loaderSymbol, processMemory } from "./memory.ts";
export { type LateSymbol, missingLater } from "./missing-later.ts";
export * from "./objects.ts";
export { constructors, destructors, finiOrder, initOrder, type ScheduledCall } from "./order.ts";
export type { Placement } from "./place.ts";
export * from "./profiles.ts";
export { RELOCATION_KINDS } from "./relocation-kinds.ts";
export { findSystem, type Release, SYSTEM_NAMES, type System } from "./systems/index.ts";
export { readWord } from "./words.ts";
