// .dynamic: the tags in GNU ld's order. Planned as a list before layout, so that the section has its size; each value is
// asked for when addresses are known.

import type { Machine } from "../../arch/index.ts";
import * as elf from "../../elf/constants.ts";
import type { LinkOptions } from "../options.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import { addText, type StringTable } from "../tables/string-table.ts";

export interface DynamicTag {
  readonly tag: number;
  readonly value: () => number;
}

/** What the tags speak of. */
export interface DynamicFacts {
  readonly needed: readonly string[];
  /** DT_AUDIT of the libraries, in order; as in GNU ld, of those too that --as-needed found no use for. */
  readonly auditOfLibraries: readonly string[];
  /** The section exists and will not be empty. */
  readonly hasContents: (name: string) => boolean;
  readonly init: (() => number) | undefined;
  readonly fini: (() => number) | undefined;
  readonly hasPlt: boolean;
  readonly gotPlt: () => number;
  /** What binds TLS descriptors lazily: the code in .plt and its word in .got. */
  readonly tlsDescBinder: { readonly plt: () => number; readonly got: () => number } | undefined;
  /** .rela.plt holds entries. */
  readonly hasJumpRelocations: boolean;
  /** Where they are, and how many bytes they take: a script may have put them among the others. */
  readonly jumpRelocations: { readonly output: OutputSection | undefined; readonly size: number };
  /** The sections that hold them, one behind the other unless a script says otherwise: each once. */
  readonly relocations: readonly OutputSection[];
  /** There will be RELATIVE relocations; how many is known once they are written. */
  readonly hasRelative: boolean;
  readonly relativeCount: () => number;
  readonly hasRelr: boolean;
  readonly textRelocations: boolean;
  readonly staticTls: boolean;
  readonly symbolic: boolean;
  readonly verdefCount: number;
  readonly verneedCount: number;
  readonly hasVersions: boolean;
}

type RelocationForm = "rel" | "rela" | "relr" | "android-rel" | "android-rela" | "android-relr";

/** By what tags each form of relocation table is found. */
const RELOCATION_TAGS: Readonly<
  Record<RelocationForm, { readonly start: number; readonly size: number; readonly entry: number | undefined }>
> = {
  rel: { start: elf.DT_REL, size: elf.DT_RELSZ, entry: elf.DT_RELENT },
  rela: { start: elf.DT_RELA, size: elf.DT_RELASZ, entry: elf.DT_RELAENT },
  relr: { start: elf.DT_RELR, size: elf.DT_RELRSZ, entry: elf.DT_RELRENT },
  "android-rel": { start: elf.DT_ANDROID_REL, size: elf.DT_ANDROID_RELSZ, entry: undefined },
  "android-rela": { start: elf.DT_ANDROID_RELA, size: elf.DT_ANDROID_RELASZ, entry: undefined },
  "android-relr": { start: elf.DT_ANDROID_RELR, size: elf.DT_ANDROID_RELRSZ, entry: elf.DT_ANDROID_RELRENT },
};

export function planDynamic(
  facts: DynamicFacts,
  outputs: OutputSections,
  strings: StringTable,
  machine: Machine,
  mode: OutputMode,
  options: LinkOptions,
): DynamicTag[] {
  const tags: DynamicTag[] = [];
  const add = (tag: number, value: number | (() => number)): void => {
    tags.push({ tag, value: typeof value === "number" ? () => value : value });
  };
  const text = (tag: number, value: string): void => add(tag, addText(strings, value));
  const section = (name: string): OutputSection | undefined => outputs.byName.get(name);
  const address = (tag: number, name: string): void => add(tag, () => section(name)?.address ?? 0);
  const sized = (tag: number, sizeTag: number, name: string): void => {
    if (!facts.hasContents(name)) return;
    address(tag, name);
    add(sizeTag, () => section(name)?.size ?? 0);
  };
  const { z } = options;
  const jumps = facts.jumpRelocations;

  for (const it of facts.needed) text(elf.DT_NEEDED, it);
  if (options.soname !== undefined) text(elf.DT_SONAME, options.soname);
  for (const it of options.auxiliary) text(elf.DT_AUXILIARY, it);
  for (const it of options.filter) text(elf.DT_FILTER, it);
  if (facts.symbolic) add(elf.DT_SYMBOLIC, 0);
  const rpath = options.rpath.length > 0 ? options.rpath : options.impliedRpath;
  if (rpath.length > 0) text(options.newDtags ? elf.DT_RUNPATH : elf.DT_RPATH, rpath.join(":"));
  const audit = [...new Set(options.audit)];
  // Who audits a library audits it also for those who need it (binutils, ld/ldelf.c: ldelf_before_allocation).
  const depaudit = [...new Set([...options.depaudit, ...facts.auditOfLibraries.flatMap((it) => it.split(":"))])];
  if (audit.length > 0) text(elf.DT_AUDIT, audit.join(":"));
  if (depaudit.length > 0) text(elf.DT_DEPAUDIT, depaudit.join(":"));
  if (facts.init !== undefined) add(elf.DT_INIT, facts.init);
  if (facts.fini !== undefined) add(elf.DT_FINI, facts.fini);
  if (!mode.shared) sized(elf.DT_PREINIT_ARRAY, elf.DT_PREINIT_ARRAYSZ, ".preinit_array");
  sized(elf.DT_INIT_ARRAY, elf.DT_INIT_ARRAYSZ, ".init_array");
  sized(elf.DT_FINI_ARRAY, elf.DT_FINI_ARRAYSZ, ".fini_array");
  // Without its names nothing leads to the symbols (bfd/elflink.c, bfd_elf_size_dynamic_sections).
  const strtab = outputs.planned?.get(".dynstr");
  if (strtab === undefined || strtab.output !== undefined) {
    if (section(".hash") !== undefined) address(elf.DT_HASH, ".hash");
    if (section(".gnu.hash") !== undefined) address(elf.DT_GNU_HASH, ".gnu.hash");
    address(elf.DT_STRTAB, ".dynstr");
    address(elf.DT_SYMTAB, ".dynsym");
    add(elf.DT_STRSZ, () => section(".dynstr")?.size ?? 0);
    add(elf.DT_SYMENT, machine.elfClass === 64 ? 24 : 16);
  }
  if (!mode.shared && !z.rodynamic) add(elf.DT_DEBUG, 0);
  if (facts.hasPlt) add(elf.DT_PLTGOT, facts.gotPlt);
  if (facts.hasJumpRelocations) {
    add(elf.DT_PLTRELSZ, () => jumps.output?.size ?? 0);
    add(elf.DT_PLTREL, machine.rela ? elf.DT_RELA : elf.DT_REL);
    add(elf.DT_JMPREL, () => jumps.output?.address ?? 0);
  }
  if (facts.tlsDescBinder !== undefined) {
    add(elf.DT_TLSDESC_PLT, facts.tlsDescBinder.plt);
    add(elf.DT_TLSDESC_GOT, facts.tlsDescBinder.got);
  }
  const { relocations } = facts;
  if (relocations.length > 0) {
    const tags = RELOCATION_TAGS[`${options.androidRelocations ? "android-" : ""}${machine.rela ? "rela" : "rel"}`];
    const total = (): number =>
      relocations.reduce((sum, it) => sum + it.size - (it === jumps.output ? jumps.size : 0), 0);
    const start = (): number =>
      relocations.reduce((least, it) => Math.min(least, it.address), Number.POSITIVE_INFINITY);
    add(tags.start, () => (total() === 0 ? 0 : start()));
    add(tags.size, total);
    if (tags.entry !== undefined) add(tags.entry, (machine.rela ? 3 : 2) * machine.wordBytes);
  }
  if (facts.hasRelr) {
    const tags = RELOCATION_TAGS[options.androidRelrTags ? "android-relr" : "relr"];
    address(tags.start, ".relr.dyn");
    add(tags.size, () => section(".relr.dyn")?.size ?? 0);
    if (tags.entry !== undefined) add(tags.entry, machine.wordBytes);
  }
  if (facts.textRelocations) add(elf.DT_TEXTREL, 0);
  const flags =
    (z.origin ? elf.DF_ORIGIN : 0) |
    (facts.symbolic ? elf.DF_SYMBOLIC : 0) |
    (facts.textRelocations ? elf.DF_TEXTREL : 0) |
    (z.now ? elf.DF_BIND_NOW : 0) |
    (facts.staticTls ? elf.DF_STATIC_TLS : 0);
  // Old tags have entries of their own for all but static TLS (bfd/elflink.c, bfd_elf_size_dynamic_sections).
  if (flags !== 0 && (options.newDtags || facts.staticTls)) add(elf.DT_FLAGS, flags);
  else if (z.now) add(elf.DT_BIND_NOW, 0);
  if (z.unique) add(elf.DT_GNU_FLAGS_1, elf.DF_GNU_1_UNIQUE);
  // The entry stands for flags, too, that mean nothing in a program (bfd/elflink.c, bfd_elf_size_dynamic_sections).
  const flags1 = flags1Of(mode, options);
  if (flags1 !== 0) add(elf.DT_FLAGS_1, mode.shared ? flags1 : flags1 & ~LIBRARY_FLAGS_1);
  if (facts.verdefCount > 0) {
    address(elf.DT_VERDEF, ".gnu.version_d");
    add(elf.DT_VERDEFNUM, facts.verdefCount);
  }
  if (facts.verneedCount > 0) {
    address(elf.DT_VERNEED, ".gnu.version_r");
    add(elf.DT_VERNEEDNUM, facts.verneedCount);
  }
  if (facts.hasVersions) address(elf.DT_VERSYM, ".gnu.version");
  // Of packed ones nobody counts the first.
  if (facts.hasRelative && z.combreloc && !options.androidRelocations)
    add(machine.rela ? elf.DT_RELACOUNT : elf.DT_RELCOUNT, facts.relativeCount);
  add(elf.DT_NULL, 0);
  // Where a script lays out the link, the count above has taken one of the spare ones.
  const taken = outputs.byScript && tags.some((it) => COUNTS.has(it.tag)) ? 1 : 0;
  for (let i = taken; i < options.spareDynamicTags; i++) add(elf.DT_NULL, 0);
  return tags;
}

const COUNTS: ReadonlySet<number> = new Set([elf.DT_RELACOUNT, elf.DT_RELCOUNT]);

const LIBRARY_FLAGS_1 = elf.DF_1_NODELETE | elf.DF_1_INITFIRST | elf.DF_1_NOOPEN;

function flags1Of(mode: OutputMode, options: LinkOptions): number {
  const { z } = options;
  const table: readonly (readonly [boolean, number])[] = [
    [z.now, elf.DF_1_NOW],
    [z.global, elf.DF_1_GLOBAL],
    [options.group, elf.DF_1_GROUP],
    [z.nodelete, elf.DF_1_NODELETE],
    [z.loadfltr, elf.DF_1_LOADFLTR],
    [z.initfirst, elf.DF_1_INITFIRST],
    [z.nodlopen, elf.DF_1_NOOPEN],
    [z.origin, elf.DF_1_ORIGIN],
    [z.interpose, elf.DF_1_INTERPOSE],
    [z.nodefaultlib, elf.DF_1_NODEFLIB],
    [z.nodump, elf.DF_1_NODUMP],
    [z.globalaudit, elf.DF_1_GLOBAUDIT],
    [mode.kind === "pie", elf.DF_1_PIE],
  ];
  let flags = 0;
  for (const [set, bit] of table) if (set) flags |= bit;
  return flags;
}

export function writeDynamic(tags: readonly DynamicTag[], machine: Machine, view: DataView, at: number): void {
  const word = machine.wordBytes;
  tags.forEach(({ tag, value }, i) => {
    const to = at + i * 2 * word;
    const number = value();
    view.setUint32(to, tag, true);
    view.setUint32(to + word, number >>> 0, true);
    if (word === 8) view.setUint32(to + 12, Math.floor(number / 0x100000000), true);
  });
}
