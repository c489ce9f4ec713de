// What GNU ld leaves behind of things that come to nothing, and Solder does not make (README.md, "Where it differs from GNU
// ld"): taken out of both portraits where it can be nothing else, so that all beside it is compared.

import type { Aspects } from "../../support/observe.ts";
import { run } from "../../support/run.ts";

const PLT_SECTION = /^\.(?:rela?\.plt|plt|plt\.sec|plt\.got|got\.plt) /;
const PLT_TAG = /^(?:PLTGOT|PLTRELSZ|PLTREL|JMPREL)\b/;

/** Both without the leftovers of theirs. @param path GNU ld's file @param here ours @param tentative see foresee.ts */
export function withoutLeftovers(
  ours: Aspects,
  theirs: Aspects,
  path: string,
  here: string,
  args: readonly string[],
  tentative: ReadonlySet<string>,
): [Aspects, Aspects] {
  let pair: [Aspects, Aspects] = [withoutLostStarts(ours, theirs, args), theirs];
  if (hasIdlePlt(ours, theirs)) {
    pair = pair.map((it) => withoutPlt(it, !has(ours, ".got"))) as [Aspects, Aspects];
    // Ours is empty where all functions of the inputs are gone: what theirs describes is the PLT.
    if (has(ours, ".eh_frame") && !isMapped(ours, ".eh_frame"))
      pair = pair.map((it) => withoutSection(it, ".eh_frame")) as [Aspects, Aspects];
  }
  if (has(theirs, ".plt.got") && !has(ours, ".plt.got") && isZero(path, ".plt.got"))
    pair = pair.map((it) => withoutSection(it, ".plt.got")) as [Aspects, Aspects];
  const behind = commonsBehind(ours, theirs, tentative);
  if (behind.length > 0) pair = withoutLoads(pair, behind);
  pair = withoutNumbersBehind(pair);
  const functions = sharedIfuncs(ours, theirs);
  if (functions.size > 0) pair = pair.map((it) => withoutIfuncs(it, functions)) as [Aspects, Aspects];
  const double = isPie(theirs) ? [] : functionsOfTwoAddresses(theirs, path);
  if (double.length > 0) pair = withoutEntriesOf(pair, double);
  const resolvers = weakResolvers(ours, theirs);
  if (resolvers.size > 0) pair = pair.map((it) => withoutResolvers(it, resolvers)) as [Aspects, Aspects];
  pair = [pair[0], withoutEmptyCalls(pair, path)];
  const entries = pointersToEntries(ours, theirs, path);
  if (entries.length > 0) pair = [{ ...pair[0], relocations: without(pair[0].relocations, entries) }, pair[1]];
  if (has(theirs, ".eh_frame") && !has(ours, ".eh_frame") && isEmpty(path, ".eh_frame"))
    pair = pair.map((it) => withoutSection(it, ".eh_frame")) as [Aspects, Aspects];
  if (has(ours, ".got") && !has(theirs, ".got") && holdsEntries(here))
    pair = [withoutSection(pair[0], ".got"), pair[1]];
  return [pair[0], withoutEmptyTables(pair[1], pair[0])];
}

/**
 * Names that are in GNU ld's .dynsym twice with one version, as foo@V and foo@@V or twice as foo@@V, of which the loader takes the one that its
 * table happens to have first. GNU ld leaves a plain foo out whose version script says V where foo@V is defined, but not if a load
 * from the GOT has looked up foo's version before (bfd/elflink.c, _bfd_elf_link_hide_sym_by_version, called while relocations
 * are checked); and where the script says so by a pattern.
 */
export function twins({ "dynamic symbols": lines = [] }: Aspects): string[] {
  const names = new Set(lines.map((line) => line.replace(/ .*/, "")));
  const isTwice = (name: string): boolean => lines.filter((line) => line.startsWith(`${name} `)).length > 1;
  return [...names].filter((name) => name.includes("@@") && (names.has(name.replace("@@", "@")) || isTwice(name)));
}

/**
 * Tentative definitions of a program that stand behind a library's definition without a version which is weak or in .bss: they are the
 * program's, but GNU ld has its GOT filled by the dynamic linker as if they were the library's (bfd/elflink.c: def_dynamic stays
 * set). They are known by a relocation of the GOT or a pointer of a program for what it defines itself.
 */
function commonsBehind(ours: Aspects, theirs: Aspects, tentative: ReadonlySet<string>): string[] {
  const own = new Set(ours["dynamic symbols"] ?? []);
  const defined = (theirs["dynamic symbols"] ?? []).filter(
    (it) => / OBJECT GLOBAL .* in \.bss$/.test(it) && own.has(it) && tentative.has(it.replace(/[@ ].*/, "")),
  );
  const loads = (aspects: Aspects, name: string): boolean =>
    (aspects.relocations ?? []).some((it) => new RegExp(`_(?:GLOB_DAT|X86_64_64|386_32) ${name} `).test(it));
  return defined.map((it) => it.replace(/ .*/, "")).filter((it) => loads(theirs, it) && !loads(ours, it));
}

function without(lines: readonly string[] = [], some: readonly string[]): string[] {
  return lines.filter((line) => !some.includes(line));
}

/**
 * Our relocations of pointers to a library's function which GNU ld sets, in a program of fixed address, to a PLT entry that is nobody
 * else's address: code names the function as well, so that the relocations are dropped (bfd/elf64-x86-64.c: non_got_ref), but none
 * of this says that the address is compared (pointer_equality_needed), and the symbol has no value. Proved by the word and the symbol.
 */
function pointersToEntries(ours: Aspects, theirs: Aspects, path: string): string[] {
  const known = new Set(theirs.relocations ?? []);
  const found: string[] = [];
  for (const line of ours.relocations ?? []) {
    const [, name, section] =
      /^\.rela?\.[\w.]+ R_(?:386_32|X86_64_64) (f\d)(?:@+\w+)?(?: \+ 0)? in (\.[\w.]+)$/.exec(line) ?? [];
    if (name !== undefined && !known.has(line) && pointsToEntry(path, name, section)) found.push(line);
  }
  return found;
}

/** Functions of libraries that a program's pointers, loads from the GOT apart, do not have at the address that others have. */
export function functionsOfTwoAddresses({ relocations = [] }: Aspects, path: string): string[] {
  const loaded = relocations
    .map((it) => /_GLOB_DAT (f\d)(?:@+\w+)?(?: \+ 0)? in /.exec(it)?.[1])
    .filter((it) => it !== undefined);
  return loaded.filter((name) => [".data", ".data.rel.ro"].some((it) => pointsToEntry(path, name, it)));
}

/** Without the lazily bound entry that is the function's address here, and without GNU ld's, which is nobody's. */
function withoutEntriesOf([ours, theirs]: readonly [Aspects, Aspects], names: readonly string[]): [Aspects, Aspects] {
  const isSlot = (line: string): boolean => names.includes(/_JUMP_SLOT (f\d)(?:@| |$)/.exec(line)?.[1] ?? "");
  const isGot = (line: string): boolean => line.startsWith(".plt.got ");
  const slots = { ...ours, relocations: (ours.relocations ?? []).filter((line) => !isSlot(line)) };
  if (has(ours, ".plt.got") || slots.relocations.length === (ours.relocations ?? []).length) return [slots, theirs];
  return [
    slots,
    {
      ...theirs,
      sections: (theirs.sections ?? []).filter((line) => !isGot(line)),
      segments: (theirs.segments ?? []).map((line) => line.replace(/ \.plt\.got(?= |$)/, "")),
      symbols: (theirs.symbols ?? []).filter((line) => !isGot(line)),
    },
  ];
}

function pointsToEntry(path: string, name: string, section: string): boolean {
  const { stdout } = run("readelf", ["--dyn-syms", "-W", path]);
  if (!new RegExp(`^ +\\d+: 0+ +0 FUNC .* UND ${name}(?:@| |$)`, "m").test(stdout)) return false;
  const code = run("objdump", ["-d", "-j", ".plt", "-j", ".plt.sec", "-j", ".plt.got", path]).stdout;
  const entry = new RegExp(`^0*([0-9a-f]+) <${name}(?:@\\w+)?@plt>:`, "m").exec(code)?.[1];
  if (entry === undefined) return false;
  const word = Buffer.alloc(4);
  word.writeUInt32LE(Number.parseInt(entry, 16));
  const dump = run("readelf", ["-x", section, path]).stdout;
  return [...dump.matchAll(/^ +0x[0-9a-f]+ ((?:[0-9a-f]+ ){1,4})/gm)].some(([, words]) =>
    words.split(" ").includes(word.toString("hex")),
  );
}

/**
 * Without DT_INIT and DT_FINI of a function that only foo@@V defines, where GNU ld has none: it looks whether objects refer to or
 * define the plain name's own entry (bfd/elflink.c, bfd_elf_size_dynamic_sections), and so forgets them unless a reference to foo
 * comes before foo@@V.
 */
function withoutLostStarts(ours: Aspects, theirs: Aspects, args: readonly string[]): Aspects {
  const isLost = (line: string): boolean => {
    const [, tag] = /^(INIT|FINI)\b/.exec(line) ?? [];
    if (tag === undefined || (theirs.dynamic ?? []).some((it) => it.startsWith(`${tag} `) || it === tag)) return false;
    const name = args[args.indexOf(`-${tag.toLowerCase()}`) + 1];
    return (ours["dynamic symbols"] ?? []).some((it) => it.startsWith(`${name}@@`) && !it.endsWith(" in UND"));
  };
  return { ...ours, dynamic: (ours.dynamic ?? []).filter((line) => !isLost(line)) };
}

/** Pointers to them are found by name there too, and relative to the program here. */
function withoutLoads([ours, theirs]: readonly [Aspects, Aspects], names: readonly string[]): [Aspects, Aspects] {
  const isLoad = (line: string): boolean => names.some((it) => line.includes(`_GLOB_DAT ${it} `));
  const left = (theirs.relocations ?? []).filter((line) => !isLoad(line));
  const kept = (ours.relocations ?? []).filter((line) => !isLoad(line));
  for (const line of [...left]) {
    const [, name = "", section = ""] = /_(?:X86_64_64|386_32) (\S+)(?: \+ 0)? in (\S+)$/.exec(line) ?? [];
    const at = kept.findIndex((it) => it.endsWith(`_RELATIVE in ${section}`));
    if (!names.includes(name) || (at < 0 && isPie(ours))) continue;
    left.splice(left.indexOf(line), 1);
    if (at >= 0) kept.splice(at, 1);
  }
  return [
    { ...ours, relocations: kept },
    { ...theirs, relocations: left },
  ];
}

/**
 * Is there a foo@V or foo@@V beside foo, or a foo@V beside foo@@V2? Of these the loader takes for a reference without a version the one that its table happens to
 * have first, if V is the first version (elf/dl-lookup.c, check_match).
 */
export function hasAlternatives({ "dynamic symbols": lines = [] }: Aspects): boolean {
  const names = lines.map((line) => line.replace(/ .*/, ""));
  const plain = names.map((name) => name.replace(/@.*/, ""));
  return names.some((name, i) => /@/.test(name) && plain.indexOf(plain[i]) !== plain.lastIndexOf(plain[i]));
}

function has({ sections = [] }: Aspects, name: string): boolean {
  return sections.some((line) => line.startsWith(`${name} `));
}

/** Is it in a segment? Empty sections are in none. */
function isMapped({ segments = [] }: Aspects, name: string): boolean {
  return segments.some((line) => line.split(" ").includes(name));
}

/**
 * A call of __tls_get_addr that is rewritten has had its PLT entry allotted (elf_x86_64_check_relocs comes first); and so has
 * that of a weak function which a static PIE settles as 0. Where no other call needs the PLT, there is one with such entries
 * alone; those of functions that nobody defines have R_*_NONE or no relocation.
 */
function hasIdlePlt(ours: Aspects, theirs: Aspects): boolean {
  const entries = (theirs.relocations ?? []).filter((line) => /^\.rela?\.plt /.test(line));
  const hasEntries = (it: Aspects): boolean => has(it, ".rela.plt") || has(it, ".rel.plt");
  const isIdle = hasEntries(theirs)
    ? !hasEntries(ours)
    : isStaticPie(theirs) && has(theirs, ".plt") && !has(ours, ".plt");
  return isIdle && entries.every((line) => / _{2,3}tls_get_addr\b/.test(line));
}

function isStaticPie(aspects: Aspects): boolean {
  return isPie(aspects) && !(aspects.segments ?? []).some((line) => line.startsWith("interpreter"));
}

function isPie({ dynamic = [] }: Aspects): boolean {
  return dynamic.some((line) => /^FLAGS_1 .*PIE/.test(line));
}

/** @param got without .got too: under -z now the PLT's words are in it */
function withoutPlt(aspects: Aspects, got: boolean): Aspects {
  const isGone = (line: string): boolean => PLT_SECTION.test(line) || (got && line.startsWith(".got "));
  const names = got
    ? / \.(?:rela?\.plt|plt|plt\.sec|got\.plt|got)(?= |$)/g
    : / \.(?:rela?\.plt|plt|plt\.sec|got\.plt)(?= |$)/g;
  return {
    ...aspects,
    sections: (aspects.sections ?? []).filter((line) => !isGone(line)),
    segments: (aspects.segments ?? []).map((line) => line.replaceAll(names, "")),
    dynamic: (aspects.dynamic ?? []).filter((line) => !PLT_TAG.test(line)),
    symbols: (aspects.symbols ?? []).filter(
      (line) => !line.startsWith("_GLOBAL_OFFSET_TABLE_ ") && !(isGone(line) && line.includes(" SECTION LOCAL ")),
    ),
  };
}

function isEmpty(path: string, name: string): boolean {
  const { stdout } = run("readelf", ["-SW", path]);
  const line = stdout.split("\n").find((it) => it.includes(`] ${name} `)) ?? "";
  return /\s[0-9a-f]{8,}\s+[0-9a-f]{6,}\s+0{6,}\s/.test(line);
}

/** Room for code that has not been written: of calls that are gone. */
function isZero(path: string, name: string): boolean {
  const { stdout } = run("readelf", ["-x", name, path]);
  const words = stdout.match(/^ +0x[0-9a-f]+ ((?:[0-9a-f]+ ){1,4})/gm) ?? [];
  return words.length > 0 && words.every((line) => /^ +0x[0-9a-f]+ [0 ]+$/.test(line));
}

/** GNU ld makes .eh_frame for its PLT, empties it, because the inputs have none, and keeps it; entries of .plt.got alike. */
function withoutSection(aspects: Aspects, name: string): Aspects {
  return {
    ...aspects,
    sections: (aspects.sections ?? []).filter((line) => !line.startsWith(`${name} `)),
    segments: (aspects.segments ?? []).map((line) =>
      line
        .split(" ")
        .filter((it) => it !== name)
        .join(" "),
    ),
    symbols: (aspects.symbols ?? []).filter((line) => !line.startsWith(`${name} SECTION `)),
  };
}

/**
 * A program's IFUNCs that libraries see as the function at the PLT entry, while GNU ld's export is the IFUNC itself, which the
 * loader refuses, or the entry too, but the program's own pointers are to the function that is chosen.
 */
function sharedIfuncs(ours: Aspects, theirs: Aspects): ReadonlySet<string> {
  const symbols = "dynamic symbols";
  const entries = (ours[symbols] ?? []).filter((line) => / FUNC \w+ \w+ size 0 in \.plt(?:\.sec)?$/.test(line));
  const names = entries.map((line) => line.replace(/ FUNC .*/, ""));
  const isIfunc = (name: string): boolean => (theirs[symbols] ?? []).some((line) => line.startsWith(`${name} IFUNC `));
  const isEntry = (name: string): boolean =>
    (theirs[symbols] ?? []).some((line) => line.startsWith(`${name} FUNC `) && / in \.plt(?:\.sec)?$/.test(line));
  return new Set(names.filter((name) => isIfunc(name) || (isEntry(name) && has(ours, ".got") && !has(theirs, ".got"))));
}

/** Which tables there are for their sake differs then. */
function withoutIfuncs(aspects: Aspects, functions: ReadonlySet<string>): Aspects {
  // .symtab has the name without a version that --default-symver gives.
  const plain = new Set([...functions].map((it) => it.replace(/@@.*/, "")));
  const isOther = (line: string): boolean => {
    const name = line.replace(/ I?FUNC .*/, "");
    return !functions.has(name) && !plain.has(name);
  };
  const names = / \.(?:rela?\.(?:plt|dyn|got|data\S*)|plt|plt\.sec|got|got\.plt)(?= |$)/g;
  const isTable = (line: string): boolean => ` ${line.replace(/ .*/, "")}`.replaceAll(names, "") === "";
  const isOfTable = (line: string): boolean => line.includes(" SECTION LOCAL ") && isTable(line);
  const { sections = [], segments = [], dynamic = [], relocations = [], symbols = [], header = [] } = aspects;
  return {
    ...aspects,
    header: header.filter((line) => !line.startsWith("OS/ABI")),
    // SHF_GNU_RETAIN has a letter of its own only where OS/ABI says GNU.
    sections: sections.filter((line) => !isTable(line)).map((line) => line.replace(/( flags \w*)[Ro]/, "$1o")),
    segments: segments.map((line) => line.replaceAll(names, "")),
    dynamic: dynamic.filter((line) => !PLT_TAG.test(line) && !/^RELA?(?:SZ|ENT|COUNT)?\b/.test(line)),
    relocations: relocations.filter((line) => !/R_\w+_IRELATIV/.test(line)),
    "dynamic symbols": (aspects["dynamic symbols"] ?? []).filter(isOther),
    symbols: symbols.filter((line) => isOther(line) && !line.startsWith("_GLOBAL_OFFSET_TABLE_ ") && !isOfTable(line)),
  };
}

/** Only a resolver of the assembler's is so large. */
const RESOLVER = / WEAK DEFAULT size 1[49] in \.text/;

/**
 * Weak IFUNCs that GNU ld has as functions: it takes no type from a weak definition where a library or a reference has given one
 * (bfd/elflink.c, elf_link_add_object_symbols: `definition && !new_weak`), and so calls the resolver as if it were the function.
 */
function weakResolvers(ours: Aspects, theirs: Aspects): ReadonlySet<string> {
  const lines = (aspects: Aspects): string[] => [...(aspects["dynamic symbols"] ?? []), ...(aspects.symbols ?? [])];
  const known = lines(ours);
  const isIfunc = (name: string): boolean =>
    known.some(
      (it) => it.startsWith(`${name} IFUNC WEAK `) || it.startsWith(`${name} FUNC WEAK DEFAULT size 0 in .plt`),
    );
  const taken = lines(theirs).filter((it) => RESOLVER.test(it) && / FUNC WEAK /.test(it));
  return new Set(taken.map((it) => it.replace(/ .*/, "")).filter(isIfunc));
}

function withoutResolvers(aspects: Aspects, names: ReadonlySet<string>): Aspects {
  const without = withoutIfuncs(aspects, names);
  const plain = new Set([...names].map((it) => it.replace(/@.*/, "")));
  const isOther = (line: string): boolean => {
    const [, name = ""] = / R_\w+ (\w+)(?:@+\w+)?(?: \+ 0)? in /.exec(line) ?? [];
    return !plain.has(name);
  };
  return { ...without, relocations: (without.relocations ?? []).filter(isOther) };
}

/** DT_INIT and DT_FINI of 0, of functions that are not defined here: the loader would call the file's first byte. */
function withoutEmptyCalls([ours, theirs]: readonly [Aspects, Aspects], path: string): Aspects {
  const isHere = (tag: string): boolean => (ours.dynamic ?? []).includes(tag);
  const tags = ["INIT", "FINI"].filter((tag) => (theirs.dynamic ?? []).includes(tag) && !isHere(tag));
  if (tags.length === 0) return theirs;
  const { stdout } = run("readelf", ["-dW", path]);
  const empty = tags.filter((tag) => new RegExp(`\\(${tag}\\) +0x0$`, "m").test(stdout));
  return { ...theirs, dynamic: without(theirs.dynamic, empty) };
}

/**
 * Absolute symbols of a program behind a library's of that name: they are numbers here, and GNU ld has all that uses them filled by the
 * dynamic linker by name, with the same number (bfd/elflink.c: def_dynamic stays set).
 */
function withoutNumbersBehind([ours, theirs]: readonly [Aspects, Aspects]): [Aspects, Aspects] {
  const own = new Set(
    (ours["dynamic symbols"] ?? []).filter((it) => /^n\d NOTYPE \w+ DEFAULT size 0 in ABS$/.test(it)),
  );
  const names = (theirs["dynamic symbols"] ?? []).filter((it) => own.has(it)).map((it) => it.slice(0, 2));
  const isOfNumber = (line: string): boolean =>
    names.includes(/ R_(?:X86_64_64|386_32|\w+_GLOB_DAT) (n\d)(?: \+ 0)? in /.exec(line)?.[1] ?? "") &&
    !(ours.relocations ?? []).includes(line);
  return [ours, { ...theirs, relocations: (theirs.relocations ?? []).filter((line) => !isOfNumber(line)) }];
}

/**
 * Without sections of dynamic relocations that have none left but R_*_NONE (of weak symbols that BFD has allotted a slot for), and
 * that the other file does not have.
 */
function withoutEmptyTables(aspects: Aspects, other: Aspects): Aspects {
  const { sections = [], segments = [], dynamic = [], symbols = [], relocations = [] } = aspects;
  const tables = sections.map((it) => it.replace(/ .*/, "")).filter((it) => /^\.rela?\.(?!plt)/.test(it));
  const empty = tables.filter((it) => !has(other, it) && !relocations.some((line) => line.startsWith(`${it} `)));
  const isOfEmpty = (line: string): boolean => empty.includes(line.replace(/ .*/, ""));
  const isLast = empty.length > 0 && empty.length === tables.length;
  return {
    ...aspects,
    sections: sections.filter((line) => !isOfEmpty(line)),
    segments: segments.map((line) =>
      line
        .split(" ")
        .filter((it) => !empty.includes(it))
        .join(" "),
    ),
    dynamic: isLast ? dynamic.filter((line) => !/^RELA?(?:SZ|ENT|COUNT)?\b/.test(line)) : dynamic,
    symbols: symbols.filter((line) => !(isOfEmpty(line) && line.includes(" SECTION LOCAL "))),
  };
}

/**
 * Has the GOT nothing but addresses of PLT entries? An IFUNC of a program of which code takes the address relative to itself is at its
 * entry for all who load it; GNU ld has these load the function from .got.plt (bfd/elf-ifunc.c: pointer_equality_needed), so
 * that the two differ.
 */
function holdsEntries(path: string): boolean {
  const { stdout } = run("readelf", ["-SW", "-x", ".got", path]);
  const plt = [...stdout.matchAll(/\] \.i?plt(?:\.sec|\.got)? +PROGBITS +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) /g)].map(
    ([, start = "", size = ""]) => {
      const from = Number.parseInt(start, 16);
      return { from, to: from + Number.parseInt(size, 16) };
    },
  );
  const words = [...stdout.matchAll(/^ +0x[0-9a-f]+ ((?:[0-9a-f]{8} ){1,4})/gm)].flatMap(([, it = ""]) =>
    it.trim().split(" "),
  );
  const values = words.map((it) => Buffer.from(it, "hex").readUInt32LE(0)).filter((it) => it !== 0);
  return values.length > 0 && values.every((it) => plt.some(({ from, to }) => it >= from && it < to));
}
