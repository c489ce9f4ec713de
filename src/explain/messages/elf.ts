// Words for what can be wrong with a file that is read: not ELF, not ours, cut short, damaged.

import type { MessageTable } from "./table.ts";

export const elfMessages: MessageTable = {
  "not-elf": {
    message: "file format not recognized[[: {found}]]",
    cure: "give an ELF file or an archive",
  },
  "wrong-machine": {
    message: "incompatible machine: the file is for {found}, the output for {expected}",
    cure: "compile it for {expected}[[, with {option}]]",
  },
  "x32-unsupported": {
    message: "x32 object (ELF32 for x86-64): not supported",
    cure: "compile with -m64 or -m32 instead of -mx32",
  },
  "lto-only-object": {
    message: "slim LTO object: it holds the compiler's intermediate code only, nothing to link",
    cure: "recompile with -ffat-lto-objects or without -flto",
  },
  "elf-header-damaged": { message: "damaged ELF header: {what}" },
  "section-headers-damaged": {
    message: "section headers cannot be read: {what} ({count} of {bytes} bytes)",
    cure: "get the file again if it was cut short; strip --strip-section-headers leaves a file that loads without them",
  },
  "section-headers-unfit": {
    message:
      "the section headers know nothing of the dynamic symbols at {address:hex}: tables are shown as the dynamic linker finds them",
  },
  "sections-overlap": { message: "damaged file: many sections claim the same bytes" },
  "section-name-damaged": { message: "the name of section {section} lies outside of the table of section names" },
  "section-outside-file": {
    message: "the file ends before a section does[[: section {index}]][[: {size} bytes from offset {offset:hex}]]",
    cure: "get or build the file again: it was cut short or is damaged",
  },
  "program-headers-damaged": { message: "program headers cannot be read: {what} ({count} of {bytes} bytes)" },
  "segment-outside-file": { message: "segment {segment} ({size} bytes) cannot be read: it lies outside of the file" },
  "symbol-table-damaged": { message: "the symbol table's size ({bytes} bytes) is wrong" },
  "symbol-name-damaged": { message: "{count} symbols have names outside of the string table" },
  "symbol-section-damaged": { message: "{count} symbols are defined in sections that do not exist" },
  "relocation-table-damaged": {
    message: "the relocation table's size ({bytes} bytes) is wrong for entries of {entry} bytes",
  },
  "dynamic-section-damaged": { message: "the dynamic section ({size} bytes) lies outside of the file" },
  "dynamic-string-damaged": { message: "the string of {tag} lies outside of the dynamic string table ({offset:hex})" },
  "address-not-in-file": {
    message: "{tag} is at address {address:hex}, where the file has no bytes to load[[ for its {size} bytes]]",
  },
  "version-table-damaged": { message: "the table of version {table} ends early or is linked wrongly" },
  "note-damaged": { message: "a note goes beyond the end of its section" },
  "group-damaged": { message: "section group {section} is damaged" },
  "compression-header-damaged": { message: "the header of a compressed section is cut short" },
  "archive-header-damaged": {
    message: "damaged archive: no member's header where one must start",
    cure: "build the archive again",
  },
  "archive-member-truncated": {
    message: "damaged archive: a member's size is {size} bytes, but only {available} follow its header",
    cure: "build the archive again; it was cut short, perhaps by a full disk or an aborted download",
  },
  "archive-name-damaged": {
    message: "damaged archive: a member's name cannot be read",
    cure: "build the archive again",
  },
  "archive-index-damaged": {
    message: "the archive's symbol index does not fit its members",
    cure: "make a new index with ranlib",
  },
  "layout-too-large": {
    message: "no picture of the layout: {sections} sections and {segments} segments are too many",
  },
  "hash-table-cut-short": {
    message: "the {table} hash table of the dynamic symbols is cut short: {needed} bytes needed, {available} there",
  },
  "gnu-hash-bloom-size": {
    message: "the filter of the GNU hash table has {words} words, which is not a power of two",
  },
  "hash-chain-wild": {
    message: "bucket {bucket} of the {table} hash table leads to symbol {symbol}, which is not in the table",
  },
  "hash-chain-loop": {
    message: "bucket {bucket} of the {table} hash table comes back to symbol {symbol}: its chain has no end",
  },
};
