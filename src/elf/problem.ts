// What can go wrong, as data. Every layer reports problems with a stable code, the place and the facts; only explain/
// turns them into sentences (see explain/messages.ts, which has one entry for every code).

export type Severity = "error" | "warning" | "note";

/** Where something is. Only what is known is filled in. */
export interface Place {
  /** The file as the user named it; an archive member as `libx.a(member.o)`. */
  readonly file?: string;
  /** Section name. */
  readonly section?: string;
  /** Byte offset in the section if there is one, else in the file. */
  readonly offset?: number;
  /** 1-based line of a text input (script, response file). */
  readonly line?: number;
  /** 1-based column in that line, in characters. */
  readonly column?: number;
}

/** A fact that a message is filled in with. Names of symbols are as in the file, not demangled. */
export type Detail = string | number | boolean | readonly string[] | readonly Place[];

export interface Problem {
  /** Stable, kebab-case; documented in docs/messages.md. */
  readonly code: string;
  readonly severity: Severity;
  readonly place: Place;
  readonly details: Readonly<Record<string, Detail>>;
}

/** Takes a problem; the caller decides what becomes of it. Library code never throws for bad input. */
export type Report = (problem: Problem) => void;

export function problem(
  severity: Severity,
  code: string,
  place: Place,
  details: Readonly<Record<string, Detail>> = {},
): Problem {
  return { code, severity, place, details };
}

export function error(code: string, place: Place, details: Readonly<Record<string, Detail>> = {}): Problem {
  return { code, severity: "error", place, details };
}

export function warning(code: string, place: Place, details: Readonly<Record<string, Detail>> = {}): Problem {
  return { code, severity: "warning", place, details };
}

export function note(code: string, place: Place, details: Readonly<Record<string, Detail>> = {}): Problem {
  return { code, severity: "note", place, details };
}
