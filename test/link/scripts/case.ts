// A link by a script: what the judge is given.

export interface ScriptCase {
  readonly name: string;
  /** The script x.ld, which -T names unless `command` is given. */
  readonly script: string;
  /** Objects of sources.ts by name; "a b" if left out. */
  readonly objects?: string;
  /** More options, behind the objects. */
  readonly options?: string;
  /** The whole command line but -o and -m, where the usual order is not meant. */
  readonly command?: string;
  /** More files, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What is still missing where this link is not as GNU ld's: the tests leave it out, the command shows it. */
  readonly missing?: string;
  /** The only machine that it is for. */
  readonly only?: "x86-64" | "i386";
}

/** `SECTIONS { … }` around statements: what most cases are. */
export function sections(name: string, statements: string, more: Omit<ScriptCase, "name" | "script"> = {}): ScriptCase {
  return { name, script: `SECTIONS\n{\n${statements}\n}\n`, ...more };
}
