// What systems provide, as far as bundled tables know. The tables do not know libraries outside of the plain system, nor the
// versions and symbols of any library but the C library, libstdc++ and libgcc_s.

export { findSystem, SYSTEM_NAMES, type System } from "./catalogue.ts";
export { releaseOfModules } from "./node-releases.ts";
export {
  compareReleases,
  compareVersionNames,
  gccOfVersion,
  glibcOfVersion,
  glibcxxOfGcc,
  parseRelease,
  type Release,
  releaseText,
} from "./releases.ts";
export { glibcSymbols, type LibrarySymbols, muslSymbols } from "./symbols.ts";
