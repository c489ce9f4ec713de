// Words for linker scripts, version scripts, dynamic lists, and the expressions of --defsym.

import type { MessageTable } from "./table.ts";

const before = "[[ before `{found}']][[ at the {end} of the text]]";

export const scriptMessages: MessageTable = {
  // Syntax. `found` is what stands there instead.
  "script-expected-token": { message: `expected \`{expected}'${before}` },
  "script-expected-command": { message: `expected a command or an assignment${before}` },
  "script-expected-expression": { message: `expected an expression${before}` },
  "script-expected-file": { message: `expected a file name or -lNAME${before}` },
  "script-expected-name": { message: `expected a name${before}` },
  "script-expected-pattern": { message: `expected a symbol or a pattern${before}` },
  "script-expected-symbol": { message: `expected a symbol${before}` },
  "script-expected-version": { message: `expected a version, its name or an opening brace${before}` },
  "version-unknown-label": {
    message: "`{found}:' is neither `global:' nor `local:'[[; did you mean `{suggestion}:'?]]",
  },
  "script-trailing-text": { message: "expected nothing more, found `{found}'" },
  "script-unknown-command": {
    message: "`{found}' is neither a linker script command nor the start of an assignment",
    cure: "if the file is meant to be an object, an archive or a shared library: its format is not recognized",
  },
  "script-stray-character": { message: "invalid character `{found}'" },
  "script-unterminated-comment": { message: "comment without an end: `*/' is missing" },
  "script-nested-too-deep": { message: "`{found}' is nested too deep" },
  "script-output-format": { message: "OUTPUT_FORMAT takes one name or three, not {count}" },
  "script-word-is-number": {
    message: "`{found}' is read as a number ({value}), as GNU ld reads it",
    cure: "if it is a symbol, write it in double quotes",
  },

  // Layout
  "script-insert-nowhere": {
    message: "INSERT names `{section}', of which no statement behind it in the link is",
    cure: "a script with INSERT goes before the script that it inserts into: -T insert.ld -T base.ld",
  },

  // What there is no support for
  "script-sections-unsupported": {
    message: "{command}: laying out sections by a linker script is not supported yet",
    cure: "link without the script, or with GNU ld",
  },
  "script-command-unsupported": { message: "linker script command {command} is not supported yet" },
  "script-command-ignored": { message: "linker script command {command} has no effect" },

  // Values
  "script-assert": { message: "{message}" },
  "expression-too-long": { message: "expression too long" },
  "expression-division-by-zero": { message: "division by zero (operator {operator})" },
  "expression-undefined-symbol": { message: "undefined symbol `{symbol:symbol}' referenced in expression" },
  "expression-unknown-section": { message: "undefined section `{section}' referenced in expression" },
  "expression-unknown-constant": {
    message: "unknown constant `{name}' referenced in expression",
    cure: "the constants are MAXPAGESIZE and COMMONPAGESIZE",
  },
  "expression-no-dot": { message: "the location counter `.' has no value here" },
  "expression-needs-sections": { message: "{function} has a value only in a script with SECTIONS or MEMORY" },

  // Versions
  "version-anonymous-combined": {
    message: "anonymous version tag cannot be combined with other version tags",
    cure: "give the version a name; some compilers pass a version script of their own (rustc for a cdylib)",
  },
  "version-duplicate": { message: "duplicate version tag `{version}'" },
  "version-duplicate-pattern": {
    message: "duplicate expression `{pattern}' in version information: global in one version, local in another",
  },
  "version-unknown-parent": {
    message: "unable to find version dependency `{parent}' of {version}",
    cure: "a version must stand before those that inherit from it",
  },
  "version-unknown-language": {
    message: "unknown language `{language}' in version information",
    cure: 'the languages are "C", "C++" and "Java"',
  },
  "script-assertion": { message: "assertion failed[[: {message}]]" },
};
