// GNU ld's default linker script as a table: which input sections go to which output section, in which order output
// sections stand, and where the script moves the location counter. (`ld --verbose` prints the script; the rows below are
// in its order, for all its variants: -shared, -pie, -z now, -z noseparate-code.) A SECTIONS command would become a
// value of the same type.

/** What the script does between two sections. */
export type Marker =
  /** -z separate-code: code starts on a page of its own. */
  | "text-page"
  /** Behind .fini: etext and its kin. */
  | "text-end"
  /** -z separate-code: what is not code starts on a new page again. */
  | "rodata-page"
  /** DATA_SEGMENT_ALIGN: writable sections start, so that RELRO ends on a page boundary. */
  | "data-segment"
  /** DATA_SEGMENT_RELRO_END: what stands before is read-only once relocated. */
  | "relro-end"
  | "data-end"
  | "bss-start"
  | "bss-end"
  /** Large-model sections: the next page up, at the same offset in it. */
  | "large-page"
  | "end";

export interface SectionRow {
  readonly name: string;
  /**
   * Input sections by name, in groups: all of the first group come before all of the second. `*` only at the end, but for
   * `.text.*_unlikely`. Where two rows match, the first one in the table gets the section.
   */
  readonly inputs: readonly InputGroup[];
}

export interface InputGroup {
  readonly patterns: readonly string[];
  /** How sections of the group are ordered; default: as they come. */
  readonly sort?: "name" | "init-priority";
  /** Names that count only in other files than crtbegin.o, crtend.o and the like. */
  readonly notCrt?: readonly string[];
  /** Only sections of crtbegin.o and the like, or only those of other files. */
  readonly files?: "crtbegin" | "not-crtend" | "not-crt";
  /** Matches only what is (not) writable: ONLY_IF_RO, ONLY_IF_RW. */
  readonly writable?: boolean;
}

export type LayoutRow = SectionRow | { readonly marker: Marker };

function section(name: string, ...groups: (readonly string[] | InputGroup)[]): SectionRow {
  const inputs = groups.length === 0 ? [[name]] : groups;
  return { name, inputs: inputs.map((it) => ("patterns" in it ? it : { patterns: it as readonly string[] })) };
}

function onlyIf(writable: boolean, name: string, ...patterns: string[]): SectionRow {
  return { name, inputs: [{ patterns: [name, ...patterns], writable }] };
}

export const defaultLayout: readonly LayoutRow[] = [
  section(".interp"),
  section(".note.gnu.build-id"),
  section(".hash"),
  section(".gnu.hash"),
  section(".dynsym"),
  section(".dynstr"),
  section(".gnu.version"),
  section(".gnu.version_d"),
  section(".gnu.version_r"),
  section(".rela.dyn"),
  section(".rel.dyn"),
  section(".rela.plt"),
  section(".rel.plt"),
  section(".relr.dyn"),
  { marker: "text-page" },
  section(".init"),
  section(".plt"),
  section(".plt.got"),
  section(".plt.sec"),
  section(
    ".text",
    [".text.unlikely", ".text.*_unlikely", ".text.unlikely.*"],
    [".text.exit", ".text.exit.*"],
    [".text.startup", ".text.startup.*"],
    [".text.hot", ".text.hot.*"],
    { patterns: [".text.sorted.*"], sort: "name" },
    [".text", ".stub", ".text.*", ".gnu.linkonce.t.*"],
  ),
  section(".fini"),
  { marker: "text-end" },
  { marker: "rodata-page" },
  section(".rodata", [".rodata", ".rodata.*", ".gnu.linkonce.r.*"]),
  section(".rodata1"),
  section(".eh_frame_hdr", [".eh_frame_hdr", ".eh_frame_entry", ".eh_frame_entry.*"]),
  onlyIf(false, ".eh_frame", ".eh_frame.*"),
  onlyIf(false, ".sframe", ".sframe.*"),
  onlyIf(false, ".gcc_except_table", ".gcc_except_table.*"),
  onlyIf(false, ".gnu_extab", ".gnu_extab.*"),
  onlyIf(false, ".exception_ranges", ".exception_ranges.*"),
  { marker: "data-segment" },
  onlyIf(true, ".eh_frame", ".eh_frame.*"),
  onlyIf(true, ".sframe", ".sframe.*"),
  onlyIf(true, ".gnu_extab"),
  onlyIf(true, ".gcc_except_table", ".gcc_except_table.*"),
  onlyIf(true, ".exception_ranges", ".exception_ranges.*"),
  section(".tdata", [".tdata", ".tdata.*", ".gnu.linkonce.td.*"]),
  section(".tbss", [".tbss", ".tbss.*", ".gnu.linkonce.tb.*"], [".tcommon"]),
  section(".preinit_array"),
  section(
    ".init_array",
    { patterns: [".init_array.*", ".ctors.*"], sort: "init-priority" },
    { patterns: [".init_array"], notCrt: [".ctors"] },
  ),
  section(
    ".fini_array",
    { patterns: [".fini_array.*", ".dtors.*"], sort: "init-priority" },
    { patterns: [".fini_array"], notCrt: [".dtors"] },
  ),
  section(
    ".ctors",
    { patterns: [".ctors"], files: "crtbegin" },
    { patterns: [".ctors"], files: "not-crtend" },
    { patterns: [".ctors"] },
  ),
  section(
    ".dtors",
    { patterns: [".dtors"], files: "crtbegin" },
    { patterns: [".dtors"], files: "not-crtend" },
    { patterns: [".dtors"] },
  ),
  section(".jcr"),
  section(
    ".data.rel.ro",
    [".data.rel.ro.local", ".data.rel.ro.local.*", ".gnu.linkonce.d.rel.ro.local.*"],
    [".data.rel.ro", ".data.rel.ro.*", ".gnu.linkonce.d.rel.ro.*"],
  ),
  section(".dynamic"),
  section(".got", [".got"], [".igot"]),
  { marker: "relro-end" },
  section(".got.plt", [".got.plt"], [".igot.plt"]),
  section(".data", [".data", ".data.*", ".gnu.linkonce.d.*"]),
  section(".data1"),
  { marker: "data-end" },
  { marker: "bss-start" },
  section(".bss", [".dynbss"], [".bss", ".bss.*", ".gnu.linkonce.b.*"], ["COMMON"]),
  { marker: "bss-end" },
  section(".lbss", [".dynlbss"], [".lbss", ".lbss.*", ".gnu.linkonce.lb.*"], ["LARGE_COMMON"]),
  { marker: "large-page" },
  section(".lrodata", [".lrodata", ".lrodata.*", ".gnu.linkonce.lr.*"]),
  section(".ldata", [".ldata", ".ldata.*", ".gnu.linkonce.l.*"]),
  { marker: "end" },
  section(".stab"),
  section(".stabstr"),
  section(".stab.excl"),
  section(".stab.exclstr"),
  section(".stab.index"),
  section(".stab.indexstr"),
  section(".comment"),
  section(".gnu.build.attributes", [".gnu.build.attributes", ".gnu.build.attributes.*"]),
  section(".debug"),
  section(".line"),
  section(".debug_srcinfo"),
  section(".debug_sfnames"),
  section(".debug_aranges"),
  section(".debug_pubnames"),
  section(".debug_info", [".debug_info", ".gnu.linkonce.wi.*"]),
  section(".debug_abbrev"),
  section(".debug_line", [".debug_line", ".debug_line.*", ".debug_line_end"]),
  section(".debug_frame"),
  section(".debug_str"),
  section(".debug_loc"),
  section(".debug_macinfo"),
  section(".debug_weaknames"),
  section(".debug_funcnames"),
  section(".debug_typenames"),
  section(".debug_varnames"),
  section(".debug_pubtypes"),
  section(".debug_ranges"),
  section(".debug_addr"),
  section(".debug_line_str"),
  section(".debug_loclists"),
  section(".debug_macro"),
  section(".debug_names"),
  section(".debug_rnglists"),
  section(".debug_str_offsets"),
  section(".debug_sup"),
];

/**
 * /DISCARD/ in the script, and what GNU ld's back end drops: the identity of an input is not that of the output, attributes
 * of objects mean nothing on these machines, and warnings are said, not kept.
 */
export const discardedInputs: readonly string[] = [
  ".note.GNU-stack",
  ".note.gnu.build-id",
  ".gnu.attributes",
  ".gnu_debuglink",
  ".gnu.lto_*",
  ".gnu.warning",
  ".gnu.warning.*",
];

/**
 * After which row a section that the table does not name is placed (ld manual, "Orphan Sections"; ldelf_place_orphan in
 * binutils): after the last section of its own sort.
 */
export const orphanAnchors = {
  note: ".interp",
  readOnly: ".rodata",
  code: ".text",
  data: ".data",
  bss: ".bss",
  tls: ".tdata",
  relocations: ".rela.dyn",
  nonAlloc: ".comment",
} as const;
