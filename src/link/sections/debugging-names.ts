// What is debugging information: BFD tells it by name (bfd/elf.c, _bfd_elf_make_section_from_shdr: SEC_DEBUGGING).

const PREFIXES = [".debug", ".gnu.debuglto_.debug_", ".gnu.linkonce.wi.", ".zdebug", ".line", ".stab"];

/** Of a section that is not allocated. */
export function isDebuggingName(name: string): boolean {
  return name === ".gdb_index" || PREFIXES.some((it) => name.startsWith(it));
}
