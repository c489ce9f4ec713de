// GNU ld's linker script for -r (`ld -r --verbose`): only sections of equal names are joined, and only these names have a
// place of their own. Everything else is an orphan; see place-orphans.ts.

export interface ScriptRow {
  /** Of the output section, and of the input sections. */
  readonly name: string;
  /** More names of input sections. */
  readonly also: readonly string[];
  /** ONLY_IF_RO and ONLY_IF_RW: taken if all inputs are read-only, or if some are not. */
  readonly only: "read-only" | "writable" | undefined;
}

function rows(names: string, only?: ScriptRow["only"]): ScriptRow[] {
  return names.split(" ").map((name) => ({ name, also: [], only }));
}

export const relocatableScript: readonly ScriptRow[] = [
  ...rows(".interp .note.gnu.build-id .hash .gnu.hash .dynsym .dynstr .gnu.version .gnu.version_d .gnu.version_r"),
  ...rows(".relr.dyn .init .plt .plt.got .plt.sec"),
  { name: ".text", also: [".stub"], only: undefined },
  ...rows(".fini .rodata .rodata1 .eh_frame_hdr"),
  ...rows(".eh_frame .gcc_except_table .gnu_extab .exception_ranges", "read-only"),
  ...rows(".eh_frame .gnu_extab .gcc_except_table .exception_ranges", "writable"),
  ...rows(".tdata .tbss .jcr .dynamic .got .got.plt .data .data1 .bss .lbss .lrodata .ldata"),
  ...rows(".stab .stabstr .stab.excl .stab.exclstr .stab.index .stab.indexstr .comment .gnu.build.attributes"),
  ...rows(".debug .line .debug_srcinfo .debug_sfnames .debug_aranges .debug_pubnames"),
  ...rows(".debug_info .debug_abbrev .debug_line .debug_frame .debug_str .debug_loc .debug_macinfo"),
  ...rows(".debug_weaknames .debug_funcnames .debug_typenames .debug_varnames .debug_pubtypes .debug_ranges"),
  ...rows(".debug_addr .debug_line_str .debug_loclists .debug_macro .debug_names .debug_rnglists"),
  ...rows(".debug_str_offsets .debug_sup"),
];
