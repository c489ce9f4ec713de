// Finding libraries. Make one `sharedFiles` for a file system, one `searchContext` for each process, and ask `findLibrary`
// for each name.

export { type LibraryCache, lookUpInCache, readLibraryCache } from "./cache.ts";
export { expand, type ProcessFacts, type SearchContext, searchContext } from "./context.ts";
export { ERRORS, FILE_ERRORS } from "./errors.ts";
export { libraryCachePath, openWhole, type SharedFiles, sharedFiles } from "./files.ts";
export { type FindOptions, findLibrary } from "./find.ts";
export { isMuslItself } from "./musl.ts";
export { expandNeeded } from "./needed.ts";
export { type Preload, preloadsOf } from "./preload.ts";
export { type Capabilities, capabilitiesOf, subdirectoriesOf } from "./subdirectories.ts";
export { expandTokens, originOf } from "./tokens.ts";
export { type Verdict, verifyForGlibc, verifyForMusl } from "./verify.ts";
