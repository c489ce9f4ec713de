// In what Solder differs from GNU ld on purpose, each with the reason; see README.md, "Where it differs from GNU ld".

import { isHeading, withoutHeadings } from "./headings.ts";
import type { LinkPlan } from "./parts.ts";

interface Meant {
  /** The heading under which it stands. */
  readonly under?: string;
  /** What the difference looks like in the judge's account. */
  readonly pattern: RegExp;
  /** @param tentative see foresee.ts, tentativeInLibraries */
  readonly when?: (plan: LinkPlan, said: string, tentative: ReadonlySet<string>) => boolean;
  /** What some other line must look like. */
  readonly beside?: RegExp;
  readonly reason: string;
}

const ENTERED_AGAIN = /only GNU ld: +\w+(?:@+\w+)? \w+ LOCAL DEFAULT size \d+ in \.\w+/;

const LINES: readonly Meant[] = [
  {
    pattern:
      /: +__(?:preinit|init|fini)_array_(?:start|end) NOTYPE LOCAL DEFAULT size 0 in (?!\.(?:pre)?(?:init|fini)_array)/,
    reason: "the bounds of an array that is empty: equal to each other, wherever that is",
  },
  {
    pattern: /: +__preinit_array_(?:start|end) NOTYPE LOCAL DEFAULT size 0 in/,
    when: ({ glue }) => !glue.extras.includes("preinit"),
    reason: "the same",
  },
  {
    pattern: /: +__rela?_iplt_(?:start|end) NOTYPE LOCAL DEFAULT size 0 in (?:ABS|the space after a section|\.\w+)/,
    reason: "the bounds of an empty table of relocations, or the place where it ends",
  },
  {
    pattern:
      /: +f\d(?:@+\w+)? (?:IFUNC GLOBAL DEFAULT size \d+ in \.text|FUNC GLOBAL DEFAULT size 0 in \.plt(?:\.sec)?)$/,
    when: ({ output }) => output === "no-pie",
    reason:
      "an IFUNC that a library refers to is exported as the function at its PLT entry: the loader refuses it otherwise",
  },
  {
    pattern: /only GNU ld: +_{2,3}tls_get_addr (?:NOTYPE|FUNC) GLOBAL DEFAULT size 0 in UND$/,
    reason: "TLS relaxed away leaves nothing behind",
  },
  {
    pattern: /only GNU ld: +__(?:start|stop)_\w+ NOTYPE LOCAL DEFAULT size 0 in /,
    when: ({ output }) => output === "shared",
    reason:
      "GNU ld enters a hidden boundary into .dynsym again with every third, fifth, … object, though it is local by then",
  },
  {
    under: "dynamic symbols",
    pattern: ENTERED_AGAIN,
    when: ({ files }) => files.has("script"),
    reason:
      "what a version script makes local GNU ld enters again if a library has a version of it and another refers to it; no loader finds it",
  },
  {
    under: "dynamic symbols",
    pattern: /only GNU ld: +\w+(?:@+\w+)? \w+ LOCAL DEFAULT size \d+ in (?:ABS|\.\w+)$/,
    when: ({ args }, line) => line.includes(` ${assignedName(args)}@`) || line.includes(` ${assignedName(args)} `),
    reason: "what --defsym sets and GNU ld holds to be local stands in .dynsym for nothing: no loader finds it",
  },
  {
    under: "relocations",
    pattern:
      /only (?:GNU ld: +\.rela?\.dyn R_(?:386_32|X86_64_64) \w+(?:@+\w+)?(?: \+ 0)?|here: +\.rela?\.dyn R_\w+_RELATIVE) in /,
    when: ({ files }) => files.has("script"),
    beside: ENTERED_AGAIN,
    reason: "and then its relocations name it",
  },
  {
    pattern: /only here: +n\d(?:@+[\w.]*)? NOTYPE (?:GLOBAL|WEAK) DEFAULT size 0 in ABS$/,
    reason:
      "an absolute symbol of a library that is read first GNU ld takes for one of an object: a weak one is left out",
  },
  {
    pattern:
      /(?:only GNU ld: +n\d(?:@+[\w.]*)? NOTYPE \w+ DEFAULT size 0 in ABS|only here: +n\d(?:@+[\w.]*)? NOTYPE \w+ DEFAULT size 0 in UND)$/,
    reason: "GNU ld enters the value of a library's absolute symbol into the program, as if it could not change",
  },
  {
    pattern: /warning only GNU ld: untyped-symbol n\d$/,
    reason: "and warns of the library's where a weak one of an object stands for it here",
  },
  {
    pattern:
      /only (?:GNU ld: +symbol \w+@@\w+ \w+ LOCAL DEFAULT|here: +symbol \w+@@\w+ \w+ (?:GLOBAL|WEAK) (?:HIDDEN|INTERNAL)) /,
    when: ({ output }) => output === "relocatable",
    reason: "GNU ld makes a hidden foo@@V local under -r: other objects could not refer to it any more",
  },
  {
    pattern: /only GNU ld: +symbol \w+(?:@+\w+)? (?:NOTYPE|TLS) LOCAL DEFAULT size 0 value 0+ in UND$/,
    when: ({ output, args }) => output === "relocatable" && args.includes("--gc-sections"),
    reason: "GNU ld keeps what only removed sections refer to as a local symbol, which nothing can define",
  },
  {
    pattern: /only GNU ld: +symbol {2}FILE LOCAL DEFAULT size 0 value 0+ in ABS$/,
    beside: /only GNU ld: +symbol \w+(?:@+\w+)? \w+ LOCAL DEFAULT /,
    when: ({ output }) => output === "relocatable",
    reason: "what stands in front of symbols that were made local",
  },
  {
    pattern:
      /: +\d+ \.note\.gnu\.build-id NOTE at 0+ size 0000(?:24|20) [0-9a-f]{8} entry 00 flags A link 0 info 0 align 4$/,
    when: ({ output }) => output === "relocatable",
    reason: "an identity is made of all bytes of a file, and those of string tables are not GNU ld's",
  },
  {
    pattern: /warning only GNU ld: ifunc-text-relocation$/,
    when: ({ output }) => output === "shared",
    reason: "GNU ld counts a text relocation for code that needs the PLT entry of an IFUNC, and then writes R_*_NONE",
  },
  {
    pattern: /only GNU ld: +\.rela?\.plt R_\w+_JUMP_SLOT? _{2,3}tls_get_addr/,
    reason: "TLS relaxed away leaves nothing behind",
  },
  {
    under: "dynamic symbols",
    pattern: /only GNU ld: +[\w.]+ NOTYPE (?:GLOBAL|LOCAL) DEFAULT size [1-9]\d* in UND$/,
    reason: "a row that GNU ld has counted and not written: it holds what was in memory before",
  },
  {
    under: "dynamic symbols",
    pattern: /only GNU ld: +NOTYPE LOCAL DEFAULT size 0 in UND$/,
    reason: "such a row, where nothing was in memory",
  },
  {
    under: "warnings",
    pattern: /only GNU ld: readelf: Warning: local symbol \d+ found at index >= \.dynsym's sh_info value of 1$/,
    reason: "what readelf says of it",
  },
  {
    under: "dynamic",
    pattern: /only GNU ld: +RELA?COUNT$/,
    when: ({ args }) => args.some((it) => /^-[nN]$/.test(it)),
    reason: "a count for the loader's speed, where relocations are in several sections",
  },
  {
    under: "symbols",
    pattern: /: +\w+@V\d \w+ (?:GLOBAL|WEAK|LOCAL) (?:DEFAULT|PROTECTED|HIDDEN|INTERNAL) size \d+ in \.\w+/,
    when: ({ output }) => output === "no-pie" || output === "pie",
    reason:
      "a foo@V that no library sees is local; GNU ld leaves it global if a library that is read later asks for foo",
  },
  {
    pattern: /warning only GNU ld: duplicate-symbol [fd]\d$/,
    when: ({ args }) => args.some((it) => /^--defsym=\w+=[a-z]/.test(it)),
    reason: "GNU ld says so of a definition that --defsym sets to a common symbol's place",
  },
  {
    under: "symbols",
    pattern: /only GNU ld: +\w+@@V\d \w+ (?:GLOBAL|WEAK) (?:DEFAULT|PROTECTED|HIDDEN|INTERNAL) size \d+ in \.\w+/,
    when: ({ args }) => args.includes("--allow-multiple-definition") || args.includes("-zmuldefs"),
    reason: "of a second foo@@V that is allowed and not used, GNU ld keeps the long name in .symtab",
  },
  {
    pattern:
      /only here: +(?:d\d OBJECT GLOBAL (?:DEFAULT|PROTECTED) size \d+ in \.bss|t\d TLS GLOBAL (?:DEFAULT|PROTECTED) size \d+ in \.tbss)$/,
    when: ({ output, args }, line, tentative) =>
      (output === "no-pie" || output === "pie") &&
      args.includes("--gc-sections") &&
      tentative.has(line.replace(/.*: +(\w+) .*/, "$1")),
    reason:
      "a tentative definition behind a library's stays, as any definition that a library may see; GNU ld removes it",
  },
  {
    under: "symbols",
    pattern: /only (?:GNU ld: +\w+ (?:NOTYPE|TLS) LOCAL|here: +\w+ (?:NOTYPE|TLS) WEAK) DEFAULT size 0 in UND$/,
    when: ({ output, args }) => output === "static-pie" && args.includes("--emit-relocs"),
    reason:
      "a weak reference that stays for the sake of its relocation is weak; GNU ld makes it local where it needed no slot",
  },
  {
    pattern:
      /: +interpreter (?:\/lib\/ld64\.so\.1|\/usr\/lib\/libc\.so\.1|\/lib64\/ld-linux-x86-64\.so\.2|\/lib\/ld-linux\.so\.2)$/,
    when: ({ args }) => !args.includes("--dynamic-linker"),
    reason: "the default interpreter is one that exists",
  },
];

const NUMBER_OF_LIBRARY = /only here: +n\d@[\w.]+ NOTYPE \w+ DEFAULT size 0 in UND$/;

/** GNU ld takes a library's absolute symbol for one of an object, which no version is asked for. */
const OF_LIBRARY_NUMBERS: readonly Meant[] = [
  /(?:only GNU ld: +\.rela?\.\w+ R_\w+ n\d|only here: +\.rela?\.\w+ R_\w+ n\d@[\w.]+)(?: \+ 0)? in \.[\w.]+$/,
  /only here: +need \S+ \S+ none$/,
].map((pattern) => ({
  pattern,
  beside: NUMBER_OF_LIBRARY,
  reason: "an absolute symbol of a library is looked up when the program runs, with its version",
}));

const SIZE_AT_RUN_TIME = /only GNU ld: +\.rela\.dyn R_X86_64_SIZE(?:32|64) \w+(?:@+\w+)? \+ 0 in \.\w+/;

/** ld.so crashes on the size of what nobody defines (sysdeps/x86_64/dl-machine.h: sym is null), and writes to code for it. */
const OF_SIZES: readonly Meant[] = [
  SIZE_AT_RUN_TIME,
  /warning only GNU ld: (?:ifunc-)?text-relocation$/,
  /: +TEXTREL 0x0$/,
  /: +FLAGS (?:[A-Z_]+ )*TEXTREL/,
].map((pattern) => ({
  pattern,
  beside: SIZE_AT_RUN_TIME,
  when: ({ output }) => output === "pie",
  reason: "the size of what a program defines, or of what is 0, is known when it is linked",
}));

const TEXT_RELOCATIONS = /only GNU ld: +TEXTREL 0x0$/;

/** Relocations are compared themselves: where the lists are the same, what it is about became R_*_NONE. */
const OF_NO_TEXT_RELOCATIONS: readonly Meant[] = [
  TEXT_RELOCATIONS,
  /warning only GNU ld: (?:ifunc-)?text-relocation$/,
  /only (?:GNU ld|here): +FLAGS (?:[A-Z_]+ ?)*$/,
].map((pattern) => ({
  pattern,
  beside: TEXT_RELOCATIONS,
  reason: "a slot that GNU ld has allotted in read-only parts for a weak symbol, and leaves unused",
}));

const NUMBER_AS_IFUNC = /only GNU ld: +f\d(?:@+\w+)? IFUNC \w+ DEFAULT size \d+ in ABS$/;

/** GNU ld calls the number that --defsym gives as a resolver where the name was an IFUNC's before its foo@@V came. */
const OF_NUMBERS: readonly Meant[] = [
  NUMBER_AS_IFUNC,
  /only here: +f\d(?:@+\w+)? NOTYPE \w+ DEFAULT size 0 in ABS$/,
  /only GNU ld: +\.rela?\.plt R_\w+_IRELATIVE in /,
].map((pattern) => ({
  pattern,
  beside: NUMBER_AS_IFUNC,
  when: ({ args }) => args.some((it) => /^--defsym=f\d=0x/.test(it)),
  reason: "a number is no function",
}));

const TLS_COMMON_IN_BSS = /only GNU ld: +t\d(?:@@\w+)? TLS \w+ DEFAULT size \d+ in \.bss$/;

/** GNU ld loses what a thread-local common symbol is where a library's in .tbss is larger: its offset is then one in .bss. */
const OF_TLS_COMMON: readonly Meant[] = [
  TLS_COMMON_IN_BSS,
  /only here: +t\d(?:@@\w+)? TLS \w+ DEFAULT size \d+ in \.tbss$/,
  /: +\.t?bss NOBITS entry 00 flags WAT? align \d+$/,
  /: +TLS R +align 0x\w+$/,
  // The alignment of what is in front of it.
  /: +\.tdata PROGBITS entry 00 flags WAT align \d+$/,
  /: +\d\d +\.tdata(?: \.tbss)?$/,
].map((pattern) => ({ pattern, beside: TLS_COMMON_IN_BSS, reason: "a thread-local variable is in .tbss" }));

const LOST_COMMON = /only GNU ld: +\w+ \w+ \w+ \w+ size 0 in ABS$/;

/**
 * --defsym=a=b under --gc-sections, b a common symbol: GNU ld does not know yet that b will be somewhere (bfd/ldexp.c, fold_name has
 * nothing to say of bfd_link_hash_common before it is in a section), removes it, and a is 0 whatever refers to it.
 */
const OF_LOST_COMMONS: readonly Meant[] = [
  LOST_COMMON,
  /only here: +\w+ \w+ \w+ \w+ size \d+ in \.bss$/,
  /only GNU ld: +\.rela?\.\w+ R_\w+_GLOB_DAT \w+(?: \+ 0)? in \.got$/,
].map((pattern) => ({
  pattern,
  beside: LOST_COMMON,
  when: ({ args }, line) => {
    const [, name, from] = args.map((it) => /^--defsym=(\w+)=([a-z]\w*)$/.exec(it)).find((it) => it !== null) ?? [];
    return args.includes("--gc-sections") && new RegExp(` (?:${name}|${from}) `).test(line);
  },
  reason: "what a defined symbol is worth stays",
}));

/** Without --gc-sections, or a name that another is set to, nothing is lost. */
export function losesCommon({ args }: LinkPlan): boolean {
  return args.includes("--gc-sections") && args.some((it) => /^--defsym=\w+=d\d$/.test(it));
}

const ALL: readonly Meant[] = [
  ...OF_LOST_COMMONS,
  ...LINES,
  ...OF_TLS_COMMON,
  ...OF_NUMBERS,
  ...OF_SIZES,
  ...OF_NO_TEXT_RELOCATIONS,
  ...OF_LIBRARY_NUMBERS,
];

type Matter = "refused here" | "refused by GNU ld";

/** The name that --defsym sets, or "". */
function assignedName(args: readonly string[]): string {
  return args.map((it) => /^--defsym=(\w+)=/.exec(it)?.[1]).find((it) => it !== undefined) ?? "";
}

const REFUSALS: readonly (Meant & { readonly matter: Matter })[] = [
  {
    matter: "refused by GNU ld",
    pattern: /unresolvable R_386_GOTOFF relocation against symbol `[fd]\d(?:@+\w+)?'/,
    when: ({ output }) => output === "no-pie",
    reason: "what a library has is as far from the GOT as its PLT entry or its copy is, as for an absolute address",
  },
  {
    matter: "refused here",
    pattern: /^\S+: error: [^\n]*\[emit-relocs-stripped\]\n(?![\s\S]*: error: )/,
    when: ({ args }) => args.includes("--emit-relocs") && args.some((it) => it === "-s" || it === "--strip-all"),
    reason: "relocations need the symbols that are not to be there",
  },
  {
    matter: "refused by GNU ld",
    pattern: /PHDR segment not covered by LOAD segment/,
    reason: "GNU ld cannot link with -N what has a program header for its loader; here it is laid out",
  },
  {
    matter: "refused by GNU ld",
    pattern: /: TLS definition in (\S+ section \S+) mismatches non-TLS definition in \1$/m,
    reason:
      "where foo@V was before, GNU ld takes the alias foo@V of a thread-local foo@@V for one that is not thread-local",
  },
  {
    matter: "refused by GNU ld",
    pattern:
      /size of symbol `(\w+)' changed from \d+ in (\S+\.o\)?) to [\s\S]*\2: undefined reference to symbol '\1'[\s\S]*DSO missing/,
    reason:
      "a tentative definition that a library which only another library needs defines too: GNU ld takes it for a reference to that",
  },
  {
    matter: "refused by GNU ld",
    pattern: /undefined reference to symbol '\w+?(?:@@[\w.]+)?'\n[^\n]*DSO missing/,
    when: (_plan, said, tentative) =>
      [...said.matchAll(/undefined reference to symbol '(\w+?)(?:@@[\w.]+)?'/g)].every(([, name = ""]) =>
        tentative.has(name),
      ),
    reason: "the same",
  },
  {
    matter: "refused by GNU ld",
    pattern: /\(\*IND\*\+0x0\): multiple definition of `\w+'/,
    reason: "of a library with two default versions of a name GNU ld takes the second for another definition",
  },
  {
    matter: "refused by GNU ld",
    pattern: /lib\w+\.so:\(\S+\+0x\w+\): multiple definition of `\w+@@\w+'/,
    reason: "a library's foo@@V after another's weak one in whose place there is a common symbol",
  },
  {
    matter: "refused by GNU ld",
    pattern: /^(?![\s\S]*undefined reference)[\s\S]*\(\*ABS\*\+0x\w+\): multiple definition of `n\d'/,
    reason: "an absolute symbol of a library that is read first GNU ld takes for one of an object",
  },
  {
    matter: "refused by GNU ld",
    pattern: /multiple definition of `\w+@@\w+'/,
    when: ({ args }, said) => new RegExp(`multiple definition of \`${assignedName(args)}@@`).test(said),
    reason: "--defsym sets what an object has a default version of: GNU ld refuses it behind a library's version",
  },
];

/** Without the lines of meant differences, and without the headings that are left without lines. */
export function withoutMeant(
  plan: LinkPlan,
  lines: readonly string[],
  tentative: ReadonlySet<string> = new Set(),
): string[] {
  let heading = "";
  const left = lines.filter((line) => {
    if (isHeading(line)) heading = line.slice(0, -1);
    return !ALL.some(
      ({ under, pattern, when, beside }) =>
        pattern.test(line) &&
        (under === undefined || under === heading) &&
        when?.(plan, line, tentative) !== false &&
        (beside === undefined || lines.some((it) => beside.test(it))),
    );
  });
  return withoutHeadings(left);
}

export function isMeant(
  plan: LinkPlan,
  matter: Matter,
  said: string,
  tentative: ReadonlySet<string> = new Set(),
): boolean {
  return REFUSALS.some(
    (it) => it.matter === matter && it.pattern.test(said) && it.when?.(plan, said, tentative) !== false,
  );
}
