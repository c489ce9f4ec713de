// Words for what can be wrong with what the linker is told: options and how they fit together.

import type { MessageTable } from "./table.ts";

export const optionMessages: MessageTable = {
  "option-ignored": { message: "option {option} has no effect[[: {why}]]" },
  "option-not-supported": { message: "option {option} is not supported yet[[: {why}]]" },
  "unknown-option": {
    message: "unrecognized option '{option}'",
    more: ["did you mean {suggestion}?"],
    cure: "see --help for the options",
  },
  "ambiguous-option": { message: "option '{option}' is ambiguous: it may mean {meanings}" },
  "option-needs-argument": { message: "{option}: missing argument[[ {argument}]]" },
  "option-takes-no-argument": { message: "option {option} takes no argument, but got '{value}'" },
  "bad-option-value": { message: "invalid value '{value}' for {option}: expected {expected}" },
  "options-conflict": { message: "{first} and {second} may not be used together" },
  "option-needs-shared": { message: "{option} may not be used without -shared" },
  "empty-soname": { message: "SONAME must not be empty string; ignored" },
  "build-id-style-unknown": {
    message: "unrecognized --build-id style '{style}': no build ID is written",
    cure: "use sha1, sha256, md5, uuid, fast, 0xHEX or none",
  },
  "gdb-index-nameless": {
    message: "the debug information has no table of names for --gdb-index[[; so have {others} more]]",
    cure: "compile with -ggnu-pubnames, or link without --gdb-index: gdb finds only names that are in the index",
  },
  "icf-folded": { message: "folded into {into} of {of}" },
  "keep-unique-unknown": { message: "--keep-unique: no function {symbol}" },
  "symbol-order-unknown": {
    message: "no such symbol to order: {symbol}",
    cure: "use --no-warn-symbol-ordering if some may be missing",
  },
  "symbol-order-no-section": { message: "cannot order {symbol}: no section of the output holds it" },
  "symbol-order-duplicate": { message: "ordered twice: {symbol}; the first place counts" },
  "weak-references-settled": {
    message: "-z dynamic-undefined-weak ignored: a program without a dynamic linker has nobody to look for symbols",
  },
  "unknown-z-keyword": { message: "-z {keyword} ignored: unknown keyword", more: ["did you mean -z {suggestion}?"] },
  "unknown-emulation": { message: "unrecognised emulation mode: {name}; supported emulations: {supported}" },
  "emulation-x32": {
    message: "emulation {name} is x32 (ELF32 for x86-64), which is not supported; supported emulations: {supported}",
    cure: "compile and link with -m64 or -m32 instead of -mx32",
  },
  "group-not-open": { message: "{option}: group ended before it began" },
  "group-not-closed": { message: "missing --end-group; added as last command line option" },
  "pop-without-push": { message: "--pop-state without a --push-state before it" },
  "response-file-loop": { message: "response file includes itself" },
  "too-many-response-files": { message: "more than {limit} response files: do they include each other?" },
  "too-many-errors": { message: "too many errors: {count} more are not shown", cure: "use --error-limit=0 to see all" },
  "import-library-empty": {
    message: "no symbol found for import library",
    cure: "--out-implib lists what objects define and .symtab has: leave out -s",
  },
  "cannot-write": { message: "cannot write: {reason}" },
};
