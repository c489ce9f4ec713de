// The sections that GNU ld makes itself, as its scripts see them: input sections of the first object, behind its own, there
// from the start and dropped in the end where nothing came into them. Names, order and flags were read off
// `ld --orphan-handling=warn` and are those of bfd/elflink.c and bfd/elfxx-x86.c.

import type { Machine } from "../../arch/index.ts";
import type { LinkOptions } from "../options.ts";
import { PROPERTY_SECTION } from "../sections/properties.ts";
import type { OutputMode } from "../tables/mode.ts";
import {
  SEC_ALLOC,
  SEC_CODE,
  SEC_HAS_CONTENTS,
  SEC_LINKER_CREATED,
  SEC_LOAD,
  SEC_READONLY,
  typeOfName,
} from "./bfd-flags.ts";

export interface MadeKind {
  /** As patterns see it. */
  readonly name: string;
  /** Names of the chunks that Solder has for it. */
  readonly chunks: readonly string[];
  readonly type: number;
  readonly sec: number;
  /** Even of one that stays empty: it is passed on to the section that the script puts it into. */
  readonly alignment: number;
}

const LOADED = SEC_ALLOC | SEC_LOAD | SEC_HAS_CONTENTS | SEC_LINKER_CREATED;
const TABLE = LOADED | SEC_READONLY;
/** ld/ldelf.c, setup_build_id: without SEC_HAS_CONTENTS it is like no section that an orphan could follow. */
const NOTE = TABLE & ~SEC_HAS_CONTENTS;
const CODE = TABLE | SEC_CODE;
const SPACE = SEC_ALLOC | SEC_LINKER_CREATED;

const ALIGNMENTS: Readonly<Record<string, number>> = {
  ".plt": 16,
  // Aligned when the first entry comes into it.
  ".iplt": 1,
  ".plt.sec": 16,
  ".interp": 1,
  ".dynstr": 1,
  ".dynbss": 1,
  ".data.rel.ro": 1,
  ".gnu.version": 2,
  ".note.gnu.build-id": 4,
  ".note.package": 4,
  ".eh_frame_hdr": 4,
};

/** The chunk for unwind records of the PLT, where a script says where they stand. */
export const PLT_FRAMES = ".eh_frame of the PLT";

/** The chunk for dynamic relocations of what no pattern of the script has a place for, where one has a place for others. */
export const OTHER_RELOCATIONS = "dynamic relocations of all others";

/**
 * By the user's script the dynamic relocations of each section are an input called after it, which patterns may take (bfd/elflink.c,
 * _bfd_elf_make_dynamic_reloc_section): EFI applications have those of .data apart.
 * @param taken is there a pattern for it?
 */
export function relocationInputs(
  names: Iterable<string>,
  taken: (name: string) => boolean,
  machine: Machine,
  combines: boolean,
): readonly MadeKind[] {
  const prefix = machine.rela ? ".rela" : ".rel";
  const kind = (name: string, chunk: string): MadeKind => {
    return { name, chunks: [chunk], type: typeOfName(name), sec: TABLE, alignment: machine.wordBytes };
  };
  const all = [...names].filter((it) => it !== ".got").map((it) => `${prefix}${it}`);
  // Without -z combreloc each of the others is an orphan of its own.
  const list = all.filter((it) => !combines || taken(it)).map((it) => kind(it, it));
  const other = combines ? all.find((it) => !taken(it)) : undefined;
  if (other !== undefined) list.push(kind(other, OTHER_RELOCATIONS));
  return list;
}

/**
 * @param byScript the user's: then the PLT's unwind records are an input like any other
 * @param properties options alone ask for a note about properties
 */
export function madeInputs(
  mode: OutputMode,
  machine: Machine,
  options: LinkOptions,
  byScript: boolean,
  properties: boolean,
): readonly MadeKind[] {
  const rel = machine.rela ? ".rela" : ".rel";
  const list: MadeKind[] = [];
  const kind = (name: string, sec: number, ...chunks: readonly string[]): MadeKind => ({
    name,
    chunks: chunks.length === 0 ? [name] : chunks,
    type: typeOfName(name),
    sec,
    alignment: ALIGNMENTS[name] ?? machine.wordBytes,
  });
  if (properties) list.push(kind(PROPERTY_SECTION, TABLE));
  if (options.buildId.style !== "none") list.push(kind(".note.gnu.build-id", NOTE));
  if (options.packageMetadata !== undefined) list.push(kind(".note.package", NOTE));
  if (!mode.dynamic) {
    list.push(
      kind(`${rel}.got`, TABLE, `${rel}.dyn`),
      kind(".got", LOADED),
      kind(".got.plt", LOADED),
      kind(".iplt", CODE),
      kind(`${rel}.iplt`, TABLE),
      kind(".igot.plt", LOADED),
    );
  } else {
    if (mode.interpreted) list.push(kind(".interp", TABLE));
    list.push(
      kind(".gnu.version_d", TABLE),
      kind(".gnu.version", TABLE),
      kind(".gnu.version_r", TABLE),
      kind(".dynsym", TABLE),
      kind(".dynstr", TABLE),
      kind(".dynamic", options.z.rodynamic ? TABLE : LOADED),
      ...(options.hashStyle === "sysv" || options.hashStyle === "both" ? [kind(".hash", TABLE)] : []),
      ...(options.hashStyle === "gnu" || options.hashStyle === "both" ? [kind(".gnu.hash", TABLE)] : []),
      kind(".plt", CODE),
      kind(`${rel}.plt`, TABLE),
      kind(`${rel}.got`, TABLE, `${rel}.dyn`),
      kind(".got", LOADED),
      kind(".got.plt", LOADED),
      kind(".dynbss", SPACE),
      kind(".data.rel.ro", LOADED, ".dynrelro"),
      ...(mode.shared ? [] : [kind(`${rel}.bss`, TABLE), kind(`${rel}.data.rel.ro`, TABLE)]),
      kind(`${rel}.ifunc`, TABLE),
      // In position-independent outputs IFUNCs' slots are in .plt and .got.plt (bfd/elf-ifunc.c, _bfd_elf_create_ifunc_sections).
      ...(mode.pic ? [] : [kind(".iplt", CODE), kind(".igot.plt", LOADED)]),
    );
    if (options.z.packRelativeRelocs) list.push(kind(".relr.dyn", TABLE));
    if (options.z.ibtplt) list.push(kind(".plt.sec", CODE));
    list.push(kind(".plt.got", CODE));
    if (byScript && options.ldGeneratedUnwindInfo) list.push(kind(".eh_frame", TABLE, PLT_FRAMES));
  }
  if (options.ehFrameHdr) list.push(kind(".eh_frame_hdr", TABLE));
  return list;
}
