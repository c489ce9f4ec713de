// Dynamic string tokens: $ORIGIN, $LIB and $PLATFORM in search paths and names (gABI, "Substitution Sequences"; glibc
// elf/dl-load.c, _dl_dst_substitute).

/** What the tokens stand for; undefined where there is no value. */
export interface TokenValues {
  readonly origin: string | undefined;
  readonly lib: string;
  readonly platform: string | undefined;
}

/** The rules of a program that is set-user-ID. */
export interface SecureRules {
  /** `$ORIGIN` of the program must lead into one of these; libraries are trusted to be where they were found. */
  readonly trustedDirectories: readonly string[] | undefined;
}

/** A token, with or without braces. Without, what follows must not go on as a name: `$LIBS` is no token. */
const TOKEN = /\$(?:(ORIGIN|PLATFORM|LIB)(?![A-Za-z0-9_])|\{(ORIGIN|PLATFORM|LIB)\})/g;

/** Is there a token in this text? */
export function hasToken(text: string): boolean {
  return text.includes("$") && text.search(TOKEN) >= 0;
}

/**
 * Replaces the tokens in one path. Unknown names behind a dollar sign stay as they are.
 * @param secure given if the program is set-user-ID: `$ORIGIN` then only counts at the start of a path
 * @returns undefined if the path cannot be used: a token has no value, or `$ORIGIN` is not to be trusted
 */
export function expandTokens(text: string, values: TokenValues, secure?: SecureRules): string | undefined {
  if (!text.includes("$")) return text;
  let usable = true;
  let hasOrigin = false;
  const expanded = text.replace(TOKEN, (token, plain: string | undefined, braced: string | undefined, at: number) => {
    const name = plain ?? braced;
    const value = name === "ORIGIN" ? values.origin : name === "LIB" ? values.lib : values.platform;
    if (name === "ORIGIN") {
      hasOrigin = true;
      const next = text[at + token.length];
      if (secure !== undefined && !(at === 0 && (next === undefined || next === "/"))) usable = false;
    }
    if (value === undefined) usable = false;
    return value ?? "";
  });
  if (!usable) return undefined;
  if (hasOrigin && secure?.trustedDirectories !== undefined && !isBelow(expanded, secure.trustedDirectories)) {
    return undefined;
  }
  return expanded;
}

/** Is the path, without its `.` and `..` steps, in or below one of the directories (which end with a slash)? */
function isBelow(path: string, directories: readonly string[]): boolean {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  const normal = `/${steps.map((step) => `${step}/`).join("")}`;
  return path.startsWith("/") && directories.some((directory) => normal.startsWith(directory));
}

/** The directory of a path, which `$ORIGIN` stands for. Relative paths start at `currentDirectory`. */
export function originOf(path: string, currentDirectory: string): string {
  const whole = path.startsWith("/") ? path : `${currentDirectory === "/" ? "" : currentDirectory}/${path}`;
  const end = whole.lastIndexOf("/");
  return end <= 0 ? "/" : whole.slice(0, end);
}
