// Words for what the linker finds wrong inside an object, archive or shared library while it links: tables that do not fit
// together. Such a file was cut short, overwritten, or made by a broken tool.

import type { MessageTable } from "./table.ts";

const rebuild = "compile the file again; it is damaged or made by a broken tool";

export const objectMessages: MessageTable = {
  "truncated-header": { message: "file is truncated: {size} bytes are too few for an ELF header", cure: rebuild },
  "bad-section-header-size": {
    message: "section headers of {size} bytes where {expected} are expected",
    cure: rebuild,
  },
  "section-headers-outside": { message: "file is truncated: its section headers lie outside of it", cure: rebuild },
  "bad-section-name-table": { message: "section {index} cannot be the table of section names", cure: rebuild },
  "section-name-outside": { message: "the name of section {index} lies outside of the table of names", cure: rebuild },
  "bad-string-table": { message: "section {index} cannot be the symbols' string table", cure: rebuild },
  "bad-first-global": {
    message: "the symbol table has {count} symbols, and says that {first} are local",
    cure: rebuild,
  },
  "bad-symtab-shndx": { message: "the table of extended section indices is too short", cure: rebuild },
  "symbol-name-outside": { message: "the name of symbol {index} lies outside of the string table", cure: rebuild },
  "bad-symbol-binding": { message: "symbol {index} has unknown binding {binding}", cure: rebuild },
  "bad-symbol-section": { message: "symbol {index} is in section {section}, which does not exist", cure: rebuild },
  "bad-group": { message: "section group {index} is damaged[[: it names section {member}]]", cure: rebuild },
  "bad-relocation-target": {
    message: "relocation section {index} is for section {target}, which does not exist",
    cure: rebuild,
  },
  "bad-relocation-size": { message: "relocation section {index} does not hold whole relocations", cure: rebuild },
  "two-relocation-sections": { message: "section {target} has two relocation sections: not supported", cure: rebuild },
  "bad-relocation": { message: "relocation for symbol {symbol}, but there are {count} symbols", cure: rebuild },
  "relocation-in-nobits": { message: "relocations for a section without contents", cure: rebuild },
  "bad-compression-header": { message: "compressed section {index} has a damaged header", cure: rebuild },
  "decompression-failed": {
    message: "the section's compressed contents cannot be read",
    cure: `${rebuild}, or compile it without -gz`,
  },
  "shared-without-dynamic": { message: "shared library without a dynamic section", cure: "get the library again" },
};
