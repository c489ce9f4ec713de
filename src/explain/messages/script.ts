// Words for linker scripts, version scripts, dynamic lists, and the expressions of --defsym.

import type { MessageTable } from "./table.ts";

const before = "[[ before `{found}']][[ at the {end}]]";

export const scriptMessages: MessageTable = {
  // Syntax. `found` is what stands there instead.
  "script-expected-token": { message: `expected \`{expected}'${before}` },
  "expression-unknown-function": {
    message: "`{found}' is no function[[; did you mean `{suggestion}'?]]",
    cure: "a symbol has no parentheses behind it",
  },
  "script-expected-command": { message: `expected a command or an assignment${before}` },
  "script-expected-expression": { message: `expected an expression${before}` },
  "script-expected-file": { message: `expected a file name or -lNAME${before}` },
  "script-expected-name": { message: `expected a name${before}` },
  "script-expected-pattern": { message: `expected a symbol or a pattern${before}` },
  "script-expected-symbol": { message: `expected a symbol${before}` },
  "script-expected-statement": {
    message: `expected a pattern, data or an assignment${before}`,
    cure: "in the braces of a section stand patterns such as *(.text), BYTE(1), symbol = value;",
  },
  "script-expected-section": {
    message: `expected a section or an assignment${before}`,
    cure: "a semicolon stands behind an assignment only, not behind the braces of a section or ASSERT(…)",
  },
  "script-expected-section-pattern": { message: `expected a pattern for sections${before}` },
  "script-expected-section-type": {
    message: `expected a section type${before}`,
    cure: "the types are NOLOAD, DSECT, COPY, INFO, OVERLAY, READONLY and TYPE = SHT_… or a number",
  },
  "script-expected-region": { message: `expected a memory region${before}` },
  "script-expected-region-attribute": { message: `expected attributes of a memory region${before}` },
  "script-expected-phdr": { message: `expected the name of a program header${before}` },
  "script-expected-version": { message: `expected a version, its name or an opening brace${before}` },
  "version-unknown-label": {
    message: "`{found}:' is neither `global:' nor `local:'[[; did you mean `{suggestion}:'?]]",
  },
  "script-trailing-text": { message: "expected nothing more, found `{found}'" },
  "script-unknown-command": {
    message:
      "`{found}' is neither a linker script command nor the start of an assignment[[; did you mean `{suggestion}'?]]",
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

  "output-format-unknown": {
    message: "no output format is called `{name}'",
    cure: "name elf64-x86-64 or elf32-i386, or leave OUTPUT_FORMAT out",
  },
  "output-arch-unknown": {
    message: "no machine is called `{name}'",
    cure: "name i386:x86-64 or i386, or leave OUTPUT_ARCH out",
  },

  "output-arch-other": {
    message: "objects of {found} cannot be linked into an output for {name}",
    cure: "name the objects' machine in OUTPUT_ARCH, or leave it out",
  },

  // Layout
  "script-not-in-sections": {
    message: "`{found}' stands beside SECTIONS, not in it",
    cure: "close SECTIONS before it",
  },
  "script-align-twice": {
    message: "ALIGN(…) and ALIGN_WITH_INPUT exclude each other",
    cure: "leave one of them out",
  },
  "script-provide-dot": {
    message: "the location counter cannot be provided",
    cure: "assign to it without PROVIDE or HIDDEN",
  },
  "script-sort-nesting": {
    message: "`{found}' cannot stand in another sort",
    cure: "only SORT_BY_NAME and SORT_BY_ALIGNMENT nest, one in the other",
  },
  "script-unknown-section-flag": {
    message: "unknown section flag `{name}' in INPUT_SECTION_FLAGS: the statement takes nothing",
    cure: "the flags are SHF_ALLOC, SHF_WRITE, SHF_EXECINSTR and their kin",
  },
  "script-region-attribute": {
    message: "`{letter}' is no attribute of a memory region",
    cure: "the attributes are r, w, x, a, i and l, and ! for those that a section must not have",
  },
  "script-region-alias": { message: "REGION_ALIAS takes an alias and a region, not {count} names" },
  "script-phdr-type": {
    message: "unknown program header type `{type}'",
    cure: "the types are PT_LOAD, PT_PHDR, PT_NOTE and their kin, or numbers",
  },
  "script-phdr-word": {
    message: "`{found}' is nothing that a program header has",
    cure: "behind its type stand FILEHDR, PHDRS, AT(…) and FLAGS(…)",
  },
  "script-unknown-feature": {
    message: "unknown feature `{name}'",
    cure: "the only one is SANE_EXPR",
  },
  "script-insert-nowhere": {
    message: "INSERT names `{section}', of which no statement behind it in the link is",
    cure: "a script with INSERT goes before the script that it inserts into: -T insert.ld -T base.ld",
  },

  // Scripts of -c
  "mri-unknown-command": { message: "`{found}' is no command of an MRI script" },
  "mri-value": { message: "expected a name and a value, found `{found}'" },
  "mri-format": {
    message: "no output format is called `{found}' in an MRI script",
    cure: "there are S, IEEE and COFF",
  },

  // What there is no support for
  "script-command-ignored": { message: "linker script command {command} has no effect" },

  // Values
  "expression-too-long": { message: "expression too long" },
  "expression-division-by-zero": { message: "division by zero (operator {operator})" },
  "expression-undefined-symbol": {
    message: "undefined symbol `{symbol:symbol}' referenced in expression",
    cure: "define it in an object, in the script or by --defsym; DEFINED(symbol) asks whether it is",
  },
  "expression-unknown-section": {
    message: "undefined section `{section}' referenced in expression",
    cure: "name a section that the script has, as it is written there",
  },
  "expression-unknown-constant": {
    message: "unknown constant `{name}' referenced in expression",
    cure: "the constants are MAXPAGESIZE and COMMONPAGESIZE",
  },

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
