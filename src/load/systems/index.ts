// What systems provide, as far as bundled tables know. The tables do not know libraries outside of the plain system, nor the
// versions and symbols of any library but the C library, libstdc++ and libgcc_s.

export {
  ANDROID_SINCE,
  ANDROID_TLS_ALIGNMENT,
  type AndroidSystem,
  androidOfLibrary,
  androidOfVersion,
  findAndroid,
  isPrivateAndroidVersion,
  machineOnAndroid,
  NEWEST_ANDROID,
  newestAndroid,
  OLDEST_ANDROID,
  oldestAndroidOn,
  PLAY_PAGE_SIZE,
} from "./android.ts";
export { findSystem, newestSystem, SYSTEM_NAMES, type System, systemsFor } from "./catalogue.ts";
export { areRelated, debianLibc, MACHINE_NAMES, machineOfName, withoutMachine } from "./machine-names.ts";
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
