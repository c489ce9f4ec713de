// GNU ld's default layouts as statements: `ld --verbose` of binutils 2.40 for elf_x86_64 and elf_i386 in all variants (its
// sources make them from one template with conditions too, ld/scripttempl/elf.sc). A test parses what GNU ld prints and holds
// it to this, statement by statement; print-script.ts makes the text of `--verbose` of it.

import type { Place } from "../../elf/problem.ts";
import {
  assign,
  binary,
  call,
  conditional,
  DOT,
  filePattern,
  input,
  number,
  pattern,
  type SectionExtras,
  section,
} from "./build.ts";
import type { BodyStatement, Expression, SectionPattern, Statement } from "./statements.ts";

/** What ld chooses its default script by. */
export interface ScriptVariant {
  readonly is64: boolean;
  /** Where a position-dependent program starts. */
  readonly textSegment: number;
  /** -r; with constructors (-Ur); -N; -n; none of these. The first that is given counts. */
  readonly kind: "relocatable" | "constructors" | "omagic" | "nmagic" | "paged";
  /** Only of paged ones: -N and -n forget -pie and -shared. */
  readonly pie: boolean;
  readonly shared: boolean;
  readonly separateCode: boolean;
  readonly combreloc: boolean;
  /** .got.plt is a part of .got (joinsGotPlt in tables/mode.ts). */
  readonly now: boolean;
}

/** Where the statements stand, for `why` and the map. */
const HERE: Place = { file: "default script" };

/** Is the statement of GNU ld's own? */
export function isOfDefaultScript(place: Place): boolean {
  return place === HERE;
}

type Input = string | SectionPattern;

/** `name : { *(patterns) *(patterns) … }`; without patterns the name itself. */
function plain(name: string, ...groups: readonly (readonly Input[])[]): Statement {
  return section(name, groups.length === 0 ? [take(name)] : groups.map((it) => take(...it)), HERE);
}

function take(...patterns: readonly Input[]): BodyStatement {
  return input("*", patterns, HERE);
}

function keep(...patterns: readonly Input[]): BodyStatement {
  return input("*", patterns, HERE, true);
}

function keepOf(file: string, name: string): BodyStatement {
  return input(file, [name], HERE, true);
}

function move(to: Expression): Statement & BodyStatement {
  return assign(".", to, HERE);
}

const provide = (name: string): Statement & BodyStatement => assign(name, DOT, HERE, "PROVIDE");
const provideHidden = (name: string): Statement & BodyStatement => assign(name, DOT, HERE, "PROVIDE_HIDDEN");

/** The statements if the condition holds. */
function when<T>(condition: boolean, ...statements: readonly T[]): readonly T[] {
  return condition ? statements : [];
}

const page = call("CONSTANT", "MAXPAGESIZE");

/** The same offset in the next page. */
const NEXT_PAGE = binary(call("ALIGN", page), "+", binary(DOT, "&", binary(page, "-", number(1))));

/** The statements of the default script. */
export function defaultStatements(it: ScriptVariant): readonly Statement[] {
  if (it.kind === "relocatable" || it.kind === "constructors") return relocatableStatements(it);
  const variant =
    it.kind === "paged" ? it : { ...it, pie: false, shared: false, separateCode: false, combreloc: false };
  return [
    ...headers(variant),
    ...code(variant),
    ...readOnly(variant),
    ...relro(variant),
    ...data(variant),
    ...debugging(),
    section(".gnu.attributes", [keep(".gnu.attributes")], HERE, AT_ZERO),
    section("/DISCARD/", [take(".note.GNU-stack"), take(".gnu_debuglink"), take(".gnu.lto_*")], HERE),
  ];
}

const AT_ZERO: SectionExtras = { address: number(0) };

function headers(it: ScriptVariant): readonly Statement[] {
  const start = call("SEGMENT_START", "text-segment", number(it.pie || it.shared ? 0 : it.textSegment));
  const rel = it.is64 ? ".rela" : ".rel";
  const marks = !it.pie && !it.shared;
  return [
    ...when(!it.shared, assign("__executable_start", start, HERE, "PROVIDE")),
    move(binary(start, "+", call("SIZEOF_HEADERS"))),
    ...when(!it.shared, plain(".interp")),
    ...[".note.gnu.build-id", ".hash", ".gnu.hash", ".dynsym", ".dynstr"].map((name) => plain(name)),
    ...[".gnu.version", ".gnu.version_d", ".gnu.version_r"].map((name) => plain(name)),
    ...(it.combreloc
      ? [combinedRelocations(it, rel)]
      : relocationRows(it, rel).map(([name, ...more]) => plain(name, [name, ...more]))),
    section(
      `${rel}.plt`,
      [
        take(`${rel}.plt`),
        ...when(marks, provideHidden(`__${rel.slice(1)}_iplt_start`)),
        take(`${rel}.iplt`),
        ...when(marks, provideHidden(`__${rel.slice(1)}_iplt_end`)),
      ],
      HERE,
    ),
    plain(".relr.dyn"),
  ];
}

/** Relocation sections by what they are for. In .rela.dyn there is none for .data.rel.ro: an oversight, which is kept. */
function relocationRows({ is64, combreloc }: ScriptVariant, rel: string): readonly (readonly string[])[] {
  const row = (name: string, once: string): readonly string[] => [
    `${rel}.${name}`,
    `${rel}.${name}.*`,
    `${rel}.gnu.linkonce.${once}.*`,
  ];
  return [
    [`${rel}.init`],
    row("text", "t"),
    [`${rel}.fini`],
    row("rodata", "r"),
    ...when(!is64 || !combreloc, row("data.rel.ro", "d.rel.ro")),
    row("data", "d"),
    row("tdata", "td"),
    row("tbss", "tb"),
    [`${rel}.ctors`],
    [`${rel}.dtors`],
    [`${rel}.got`],
    row("bss", "b"),
    ...when(is64, row("ldata", "l"), row("lbss", "lb"), row("lrodata", "lr")),
    [`${rel}.ifunc`],
  ];
}

function combinedRelocations(it: ScriptVariant, rel: string): Statement {
  return section(
    `${rel}.dyn`,
    relocationRows(it, rel).map((row) => take(...row)),
    HERE,
  );
}

function code(it: ScriptVariant): readonly Statement[] {
  // Each statement its own: what a statement came to is kept by statement.
  const nextPage = (): Statement & BodyStatement => move(call("ALIGN", page));
  return [
    ...when(it.separateCode, nextPage()),
    section(".init", [keep(pattern(".init", "none"))], HERE),
    plain(".plt", [".plt"], [".iplt"]),
    plain(".plt.got"),
    plain(".plt.sec"),
    plain(
      ".text",
      [".text.unlikely", ".text.*_unlikely", ".text.unlikely.*"],
      [".text.exit", ".text.exit.*"],
      [".text.startup", ".text.startup.*"],
      [".text.hot", ".text.hot.*"],
      [pattern(".text.sorted.*", "name")],
      [".text", ".stub", ".text.*", ".gnu.linkonce.t.*"],
      [".gnu.warning"],
    ),
    section(".fini", [keep(pattern(".fini", "none"))], HERE),
    ...["__etext", "_etext", "etext"].map(provide),
    ...when(it.separateCode, nextPage(), move(call("SEGMENT_START", "rodata-segment", NEXT_PAGE))),
  ];
}

function readOnly(it: ScriptVariant): readonly Statement[] {
  return [
    plain(".rodata", [".rodata", ".rodata.*", ".gnu.linkonce.r.*"]),
    plain(".rodata1"),
    plain(".eh_frame_hdr", [".eh_frame_hdr"], [".eh_frame_entry", ".eh_frame_entry.*"]),
    ...unwinding(true),
    move(it.kind === "omagic" ? DOT : call("DATA_SEGMENT_ALIGN", page, call("CONSTANT", "COMMONPAGESIZE"))),
    ...unwinding(false),
  ];
}

/** Tables for unwinding stand with code or with data, as what inputs bring is read-only or writable. */
function unwinding(readOnly: boolean): readonly Statement[] {
  const only = (name: string, ...body: BodyStatement[]): Statement =>
    section(name, body, HERE, { constraint: readOnly ? "read-only" : "writable" });
  const frames = only(".eh_frame", keep(".eh_frame"), take(".eh_frame.*"));
  const sframes = only(".sframe", take(".sframe"), take(".sframe.*"));
  const tables = only(".gcc_except_table", take(".gcc_except_table", ".gcc_except_table.*"));
  const ranges = only(".exception_ranges", take(".exception_ranges*"));
  return readOnly
    ? [frames, sframes, tables, only(".gnu_extab", take(".gnu_extab*")), ranges]
    : [frames, sframes, only(".gnu_extab", take(".gnu_extab")), tables, ranges];
}

const CRT_BEGIN_AND_END = ["*crtbegin.o", "*crtbegin?.o", "*crtend.o", "*crtend?.o"];
const CRT_END = ["*crtend.o", "*crtend?.o"];

function except(files: readonly string[], name: string): SectionPattern {
  return { ...pattern(name), excluded: files.map((it) => filePattern(it)) };
}

function relro(it: ScriptVariant): readonly Statement[] {
  const marks = !it.shared;
  const marked = (name: string, ...body: BodyStatement[]): Statement => {
    const [start, end] = [`__${name}_start`, `__${name}_end`].map(provideHidden);
    return section(`.${name}`, [...when(marks, start), ...body, ...when(marks, end)], HERE);
  };
  const array = (name: string, old: string): Statement =>
    marked(
      name,
      keep(pattern(`.${name}.*`, "init-priority"), pattern(`${old}.*`, "init-priority")),
      keep(`.${name}`, except(CRT_BEGIN_AND_END, old)),
    );
  return [
    section(
      ".tdata",
      [...when(marks, provideHidden("__tdata_start")), take(".tdata", ".tdata.*", ".gnu.linkonce.td.*")],
      HERE,
    ),
    plain(".tbss", [".tbss", ".tbss.*", ".gnu.linkonce.tb.*"], [".tcommon"]),
    marked("preinit_array", keep(".preinit_array")),
    array("init_array", ".ctors"),
    array("fini_array", ".dtors"),
    oldArray(".ctors"),
    oldArray(".dtors"),
    section(".jcr", [keep(".jcr")], HERE),
    plain(
      ".data.rel.ro",
      [".data.rel.ro.local*", ".gnu.linkonce.d.rel.ro.local.*"],
      [".data.rel.ro", ".data.rel.ro.*", ".gnu.linkonce.d.rel.ro.*"],
    ),
    plain(".dynamic"),
    ...globalOffsetTable(it),
  ];
}

/** crtbegin.o has the list's start, crtend.o its end. */
function oldArray(name: string): Statement {
  return section(
    name,
    [
      keepOf("*crtbegin.o", name),
      keepOf("*crtbegin?.o", name),
      keep(except(CRT_END, name)),
      keep(pattern(`${name}.*`, "name")),
      keep(name),
    ],
    HERE,
  );
}

/** With -z now the whole table is read-only in the end. Else all but what the dynamic linker writes into, behind three words. */
function globalOffsetTable(it: ScriptVariant): readonly Statement[] {
  if (it.now) {
    return [
      plain(".got", [".got.plt"], [".igot.plt"], [".got"], [".igot"]),
      move(call("DATA_SEGMENT_RELRO_END", number(0), DOT)),
    ];
  }
  const words = number(it.is64 ? 24 : 12);
  const offset = conditional(binary(call("SIZEOF", ".got.plt"), ">=", words), words, number(0));
  return [
    plain(".got", [".got"], [".igot"]),
    ...when(it.kind !== "omagic", move(call("DATA_SEGMENT_RELRO_END", offset, DOT))),
    plain(".got.plt", [".got.plt"], [".igot.plt"]),
  ];
}

function data(it: ScriptVariant): readonly Statement[] {
  const mark = (name: string): Statement => (it.shared ? provide(name) : assign(name, DOT, HERE));
  const word = number(it.is64 ? 8 : 4);
  const padToWord = (): Statement & BodyStatement =>
    move(call("ALIGN", conditional(binary(DOT, "!=", number(0)), word, number(1))));
  const large = (name: string, once: string, ...more: BodyStatement[]): Statement =>
    section(name, [take(name, `${name}.*`, `.gnu.linkonce.${once}.*`), ...more], HERE, { address: NEXT_PAGE });
  return [
    section(".data", [take(".data", ".data.*", ".gnu.linkonce.d.*"), CONSTRUCTORS], HERE),
    plain(".data1"),
    mark("_edata"),
    provide("edata"),
    move(DOT),
    mark("__bss_start"),
    section(".bss", [take(".dynbss"), take(".bss", ".bss.*", ".gnu.linkonce.b.*"), take("COMMON"), padToWord()], HERE),
    ...when(it.is64, plain(".lbss", [".dynlbss"], [".lbss", ".lbss.*", ".gnu.linkonce.lb.*"], ["LARGE_COMMON"])),
    move(call("ALIGN", word)),
    move(call("SEGMENT_START", "ldata-segment", DOT)),
    ...when(it.is64, large(".lrodata", "lr"), large(".ldata", "l", padToWord())),
    move(call("ALIGN", word)),
    mark("_end"),
    provide("end"),
    ...when(it.kind !== "omagic", move(call("DATA_SEGMENT_END", DOT))),
  ];
}

const CONSTRUCTORS: BodyStatement = { kind: "idle", text: "SORT(CONSTRUCTORS)" };

const STABS = [".stab", ".stabstr", ".stab.excl", ".stab.exclstr", ".stab.index", ".stab.indexstr", ".comment"];

/** DWARF 1 to 5 and its extensions; .debug_info and .debug_line follow .debug_pubnames and .debug_abbrev. */
const DEBUG_BEFORE = [".debug", ".line", ".debug_srcinfo", ".debug_sfnames", ".debug_aranges", ".debug_pubnames"];
const DEBUG_BEHIND = [
  ...[".debug_frame", ".debug_str", ".debug_loc", ".debug_macinfo"],
  ...[".debug_weaknames", ".debug_funcnames", ".debug_typenames", ".debug_varnames"],
  ...[".debug_pubtypes", ".debug_ranges"],
  ...[".debug_addr", ".debug_line_str", ".debug_loclists", ".debug_macro", ".debug_names", ".debug_rnglists"],
  ...[".debug_str_offsets", ".debug_sup"],
];

const atZero = (name: string, ...patterns: readonly Input[]): Statement =>
  section(name, [take(...(patterns.length === 0 ? [name] : patterns))], HERE, AT_ZERO);

function debugging(): readonly Statement[] {
  return [
    ...STABS.map((name) => atZero(name)),
    plain(".gnu.build.attributes", [".gnu.build.attributes", ".gnu.build.attributes.*"]),
    ...DEBUG_BEFORE.map((name) => atZero(name)),
    atZero(".debug_info", ".debug_info", ".gnu.linkonce.wi.*"),
    atZero(".debug_abbrev"),
    atZero(".debug_line", ".debug_line", ".debug_line.*", ".debug_line_end"),
    ...DEBUG_BEHIND.map((name) => atZero(name)),
  ];
}

/** -r: sections of equal names only, all at 0. */
function relocatableStatements(it: ScriptVariant): readonly Statement[] {
  const rel = it.is64 ? ".rela" : ".rel";
  const only = (readOnly: boolean, name: string, body: BodyStatement = take(name)): Statement =>
    section(name, [body], HERE, { ...AT_ZERO, constraint: readOnly ? "read-only" : "writable" });
  const relocations = [...relocationRows({ ...it, combreloc: false }, rel).map(([name]) => name), `${rel}.plt`];
  return [
    ...[".interp", ".note.gnu.build-id", ".hash", ".gnu.hash", ".dynsym", ".dynstr"].map((name) => atZero(name)),
    ...[".gnu.version", ".gnu.version_d", ".gnu.version_r", ...relocations].map((name) => atZero(name)),
    plain(".relr.dyn"),
    section(".init", [keep(pattern(".init", "none"))], HERE, AT_ZERO),
    ...[".plt", ".plt.got", ".plt.sec"].map((name) => atZero(name)),
    section(".text", [take(".text", ".stub"), take(".gnu.warning")], HERE, AT_ZERO),
    section(".fini", [keep(pattern(".fini", "none"))], HERE, AT_ZERO),
    ...[".rodata", ".rodata1", ".eh_frame_hdr"].map((name) => atZero(name)),
    only(true, ".eh_frame", keep(".eh_frame")),
    only(true, ".sframe"),
    only(true, ".gcc_except_table"),
    only(true, ".gnu_extab", take(".gnu_extab*")),
    only(true, ".exception_ranges"),
    only(false, ".eh_frame", keep(".eh_frame")),
    ...[".sframe", ".gnu_extab", ".gcc_except_table", ".exception_ranges"].map((name) => only(false, name)),
    ...[".tdata", ".tbss"].map((name) => atZero(name)),
    section(".jcr", [keep(".jcr")], HERE, AT_ZERO),
    ...[".dynamic", ".got", ".got.plt"].map((name) => atZero(name)),
    section(".data", [take(".data"), ...when(it.kind === "constructors", CONSTRUCTORS)], HERE, AT_ZERO),
    ...[".data1", ".bss", ...when(it.is64, ".lbss", ".lrodata", ".ldata"), ...STABS].map((name) => atZero(name)),
    plain(".gnu.build.attributes"),
    ...[...DEBUG_BEFORE, ".debug_info", ".debug_abbrev", ".debug_line", ...DEBUG_BEHIND].map((name) => atZero(name)),
    section(".gnu.attributes", [keep(".gnu.attributes")], HERE, AT_ZERO),
  ];
}
