// Where the files that a link names can be: candidates in GNU ld's order, for the caller to try. Pure text; nothing is
// looked up here. The order is ld/ldfile.c's, measured with `ld --verbose` (GNU ld 2.40):
//
//   FILE            as given; no search
//   -lNAME          in each directory libNAME.so, then libNAME.a; archives only under -Bstatic and with -r
//   -l:FILE         in each directory FILE
//   = and $SYSROOT  at the start of a file's, library's or directory's name stand for the sysroot (nothing when there is none),
//                   letter by letter: a slash between them is the user's to write
//   a script's FILE relative: next to the script, as given, then in each directory; absolute: as given, but in the sysroot
//                   if the script itself lies there, whatever `..` and symbolic links its name and the sysroot's have
//   -T FILE         as given, then in each directory; its own relative FILEs are not looked for next to it
//
// Where ld searches (-l, a script's relative names) it goes on past a file of another machine, and past a script whose
// OUTPUT_FORMAT is another, with the warning "skipping incompatible"; that is for whoever opens the candidates.

export interface SearchPath {
  /** -L and SEARCH_DIR, in order, as written; = and $SYSROOT are expanded here. */
  readonly libraryPaths: readonly string[];
  /** --sysroot, "" for none. */
  readonly sysroot: string;
}

/** The script that names a file. */
export interface NamingScript {
  /** Path by which the script was opened; undefined for -T, which is no input (ldlang.c, current_input_file). */
  readonly path: string | undefined;
  /** It lies in the sysroot: `liesInSysroot`. */
  readonly inSysroot: boolean;
}

/** A path with a leading `=` or `$SYSROOT` replaced by the sysroot. */
export function expandSysroot(path: string, sysroot: string): string {
  const rest = afterSysroot(path);
  return rest === undefined ? path : sysroot + rest;
}

/** Where a file of the command line is: one path. */
export function fileCandidates(path: string, search: SearchPath): readonly string[] {
  return [expandSysroot(path, search.sysroot)];
}

/**
 * Where a library is.
 * @param name NAME of -lNAME, FILE of -l:FILE  @param exact it is -l:FILE
 * @param archivesOnly -Bstatic, or the output is relocatable
 */
export function libraryCandidates(
  name: string,
  exact: boolean,
  archivesOnly: boolean,
  search: SearchPath,
): readonly string[] {
  const base = expandSysroot(name, search.sysroot);
  const files = exact ? [base] : archivesOnly ? [`lib${base}.a`] : [`lib${base}.so`, `lib${base}.a`];
  return inDirectories(files, search);
}

/**
 * Where an input of a script is: a file's name or `-lNAME` in INPUT, GROUP and AS_NEEDED, as written.
 * @param archivesOnly as for `libraryCandidates`
 */
export function scriptInputCandidates(
  name: string,
  script: NamingScript,
  archivesOnly: boolean,
  search: SearchPath,
): readonly string[] {
  if (name.startsWith("-l:")) return libraryCandidates(name.slice(3), true, archivesOnly, search);
  if (name.startsWith("-l")) return libraryCandidates(name.slice(2), false, archivesOnly, search);
  const rest = afterSysroot(name);
  if (rest !== undefined) {
    const path = search.sysroot + rest;
    return isAbsolute(path) ? [path] : [path, ...inDirectories([path], search)];
  }
  if (isAbsolute(name)) return [script.inSysroot ? search.sysroot + name : name];
  const nextToScript = script.path === undefined ? [] : [`${directoryOf(script.path)}/${name}`];
  return [...nextToScript, name, ...inDirectories([name], search)];
}

/** Where a script is that INCLUDE or -T names: as given, then in each directory. */
export function scriptCandidates(path: string, search: SearchPath): readonly string[] {
  return isAbsolute(path) ? [path] : [path, ...inDirectories([path], search)];
}

/** Does the path lie in the sysroot? (ldfile.c, is_sysrooted_pathname.) `realPath` is the file system's. */
export function liesInSysroot(path: string, sysroot: string, realPath: (path: string) => string): boolean {
  if (sysroot === "") return false;
  const root = realPath(sysroot).replace(/\/$/, "");
  const real = realPath(path);
  return real.length > root.length && real.startsWith(`${root}/`);
}

/** What follows `=` or `$SYSROOT`; undefined if the path starts with neither. */
function afterSysroot(path: string): string | undefined {
  if (path.startsWith("=")) return path.slice(1);
  if (path.startsWith("$SYSROOT")) return path.slice("$SYSROOT".length);
  return undefined;
}

function inDirectories(files: readonly string[], { libraryPaths, sysroot }: SearchPath): string[] {
  return libraryPaths.flatMap((path) => files.map((file) => `${expandSysroot(path, sysroot)}/${file}`));
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "" : path.slice(0, slash);
}
