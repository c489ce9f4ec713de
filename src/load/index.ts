// `solder/load`: the dynamic linker. `load` a program, then ask the process: its objects, where they are, what their
// references are bound to and why, its memory. Nothing is run and nothing outside of the files given is opened.

export * from "./check/index.ts";
export { type DynamicFile, symbolicOf } from "./file/dynamic-file.ts";
export * from "./file/dynamic-symbols.ts";
export type { SymbolicRelocations } from "./file/file-relocations.ts";
export type { RelocationRange } from "./file/relocation-ranges.ts";
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
} from "./later/calls.ts";
export { callSlot, type PltCall, type PltSlot, type PltStub, pltSlots } from "./later/lazy.ts";
export { type LoadCache, type LoadResult, type LoadSettings, load, loadCache, loadDependencies } from "./load.ts";
export { LOADER_RECORDS, type LoaderRecord, loaderMachineOf } from "./machines/index.ts";
export { loaderSymbol, processMemory } from "./memory/memory.ts";
export { constructors, destructors, finiOrder, initOrder, type ScheduledCall } from "./memory/order.ts";
export { readWord } from "./memory/words.ts";
export { type PageRange, pagesOf, protectionText } from "./objects/map.ts";
export * from "./objects/objects.ts";
export type { Placement } from "./objects/place.ts";
export { type MappedRegion, PAGE, readMemory } from "./objects/region.ts";
export * from "./settings/contract.ts";
export * from "./settings/profiles.ts";
export {
  type AndroidSystem,
  findAndroid,
  findSystem,
  type Release,
  SYSTEM_NAMES,
  type System,
} from "./systems/index.ts";
export { blockFromThreadPointer } from "./tls/tls.ts";
export { bindingLine, bindingLines, type DebugCategory, debugLines, searchesMade, searchLines } from "./views/debug.ts";
export { type LateSymbol, missingLater } from "./views/missing-later.ts";
