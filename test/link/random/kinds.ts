// What linkers say, as kinds that can be compared: Solder's codes, and GNU ld's sentences with the code that says the same.

export interface Said {
  /** "code symbol", in the order in which they were said. */
  readonly errors: ReadonlySet<string>;
  readonly warnings: ReadonlySet<string>;
}

interface Kind {
  readonly pattern: RegExp;
  readonly code: string;
  readonly warning?: true;
}

/** The first match counts; what the pattern captures is the symbol. */
const GNU: readonly Kind[] = [
  { pattern: /hidden symbol `([^']+)' isn't defined/, code: "hidden-undefined" },
  { pattern: /(?:internal|protected) symbol `([^']+)' isn't defined/, code: "hidden-undefined" },
  { pattern: /undefined reference to symbol '([^'@]+)/, code: "dso-missing" },
  { pattern: /undefined reference to `([^'@]+)/, code: "undefined-symbol" },
  { pattern: /warning: undefined reference to `([^'@]+)/, code: "undefined-symbol", warning: true },
  { pattern: /multiple definition of `([^'@]+)/, code: "duplicate-symbol" },
  { pattern: /GNU indirect functions with DT_TEXTREL/, code: "ifunc-text-relocation", warning: true },
  {
    pattern: /unsupported non-PIC call to IFUNC|recompile with -f(?:PIC|PIE)|can not be used when making/,
    code: "needs-pic",
  },
  { pattern: /(?:hidden|internal|local) symbol `([^']+)' in .* is referenced by DSO/, code: "hidden-symbol-in-dso" },
  { pattern: /\.symtab local symbol at index/, code: "bad-symbol-binding" },
  { pattern: /non-canonical reference to canonical protected function/, code: "address-protected" },
  { pattern: /DSO missing from command line/, code: "dso-missing" },
  { pattern: /cannot find -l(\S+?)(?::|$)/, code: "library-not-found" },
  { pattern: /attempted static link of dynamic object/, code: "static-link-of-shared" },
  { pattern: /TLS (?:definition|reference) .* mismatches/, code: "tls-mismatch" },
  { pattern: /required symbol `([^']+)' not defined/, code: "required-symbol-undefined" },
  { pattern: /against absolute symbol .* is disallowed/, code: "relocation-absolute" },
  { pattern: /against STT_GNU_IFUNC symbol `.*' (?:isn't supported|has non-zero addend)/, code: "ifunc-relocation" },
  { pattern: /no symbol version section for versioned symbol/, code: "version-node-missing" },
  {
    pattern: /un(?:defined|resolvable) symbol `([^']+)' referenced in expression/,
    code: "expression-undefined-symbol",
  },
  { pattern: /--gc-sections requires a defined symbol root/, code: "gc-needs-root" },
  { pattern: /duplicate expression `[^']+' in version information/, code: "version-duplicate-pattern" },
  { pattern: /-z dynamic-undefined-weak ignored/, code: "weak-references-settled", warning: true },
  { pattern: /copy relocation against non-copyable protected symbol/, code: "copy-relocation-protected" },
  { pattern: /version node not found for symbol/, code: "version-node-missing" },
  { pattern: /undefined version: /, code: "undefined-version" },
  { pattern: /defined in discarded section/, code: "discarded-reference" },
  { pattern: /missing .note.GNU-stack section implies/, code: "exec-stack", warning: true },
  { pattern: /requires executable stack/, code: "exec-stack-note", warning: true },
  { pattern: /enabling an executable stack because of/, code: "exec-stack-option", warning: true },
  { pattern: /LOAD segment with RWX|TLS segment with execute/, code: "rwx-segment", warning: true },
  { pattern: /cannot find entry symbol/, code: "entry-missing", warning: true },
  { pattern: /needed by .*, not found \(try/, code: "needed-library-not-found", warning: true },
  { pattern: /DT_TEXTREL|relocation (?:against .* )?in read-only section/, code: "text-relocation", warning: true },
  { pattern: /read-only segment has dynamic relocations/, code: "text-relocation" },
  { pattern: /type of symbol .* changed from/, code: "symbol-type-changed", warning: true },
  { pattern: /type and size of dynamic symbol `([^'@]+)/, code: "untyped-symbol", warning: true },
  { pattern: /overriding (?:smaller )?common|overridden by|multiple common/, code: "common", warning: true },
  { pattern: /alignment \d+ of (?:common )?symbol|size of symbol/, code: "common", warning: true },
];

/** Lines that only say where, or repeat. */
const ASIDE =
  /^\S+: \S+(?:\(.*?\))?: in function `|NOTE: This behaviour is deprecated|: first defined here$|previous definition|final link failed|error adding symbols|more undefined references|failed to set dynamic section sizes|info: /;

/** Codes of Solder's that GNU ld has one sentence for. */
const SAME: Readonly<Record<string, string>> = {
  "shared-undefined": "undefined-symbol",
  "version-name-taken": "duplicate-symbol",
  "version-unmet": "version-node-missing",
  "common-size": "common",
  "common-alignment": "common",
  "definition-over-common": "common",
  "common-under-definition": "common",
  "common-over-smaller": "common",
  "common-under-larger": "common",
  "common-again": "common",
};

/** Codes that are compared with the symbol's name. */
const NAMED = /undefined-symbol|duplicate-symbol|hidden-undefined|untyped-symbol/;

export function kindsOf(text: string, linker: "gnu" | "solder"): Said {
  const errors = new Set<string>();
  const warnings = new Set<string>();
  for (const line of text.split("\n")) {
    if (linker === "solder") {
      const [, severity, words = "", code = ""] = /: (error|warning): (.*) \[([\w-]+)\]$/.exec(line) ?? [];
      if (severity === undefined) continue;
      const same = SAME[code] ?? code;
      const symbol = NAMED.test(same) ? /`([^'@]+)/.exec(words)?.[1] : "";
      (severity === "error" ? errors : warnings).add(`${same} ${symbol ?? ""}`.trim());
    } else {
      if (line.trim() === "" || (ASIDE.test(line) && !line.includes("multiple definition"))) continue;
      const kind = GNU.find(({ pattern }) => pattern.test(line));
      if (kind === undefined) {
        const plain = line.replace(/^.*?(?:ld|ld\.bfd): /, "");
        (/warning: /.test(line) ? warnings : errors).add(`other: ${plain}`);
        continue;
      }
      const symbol = NAMED.test(kind.code) ? (kind.pattern.exec(line)?.[1] ?? "") : "";
      const isWarning = kind.warning === true || /warning: /.test(line);
      (isWarning ? warnings : errors).add(`${kind.code} ${symbol}`.trim());
    }
  }
  return { errors, warnings };
}
