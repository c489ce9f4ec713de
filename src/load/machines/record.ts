// What the dynamic linkers of a machine do, as one record: facts that glibc's sysdeps/MACHINE and musl's arch/MACHINE have, so that
// nothing else of the loader asks which machine it is. One file a machine fills it in (x86_64.ts); index.ts lists them.

import type { MachineFacts } from "../../arch/machine.ts";
import type { ElfSource } from "../../elf/source.ts";

/** The machines that Solder loads programs of: a word each, as users say it. */
export type LoaderMachine =
  | "x86-64" //
  | "i386"
  | "aarch64"
  | "riscv64"
  | "ppc64le"
  | "loongarch64"
  | "arm"
  | "armel"
  | "s390x"
  | "mips64el";

/** Default directories and `$LIB` are chosen when a C library is built: by whom. */
export type Layout =
  /** Debian and Ubuntu: multiarch. */
  | "debian"
  /** The 32-bit library of libc6-i386 beside Debian's 64-bit one; elsewhere as "debian". */
  | "debian-biarch"
  /** glibc's own default (slibdir of sysdeps/unix/sysv/linux/MACHINE): Fedora, RHEL, SUSE, Amazon Linux. */
  | "lib64"
  /** Arch Linux: 64-bit libraries in /usr/lib, 32-bit ones in /usr/lib32. */
  | "lib"
  /** musl, ldso/dynlink.c; /etc/ld-musl-ARCH.path replaces them. It has no `$LIB`. */
  | "musl";

export const LAYOUT_NAMES: readonly Layout[] = ["debian", "debian-biarch", "lib64", "lib", "musl"];

/** Relocation types, by what the loaders do for them. See kinds.ts for the columns. */
export interface RelocationRules {
  /** DO_* by type, of glibc and of musl. */
  readonly glibc: Uint8Array;
  readonly musl: Uint8Array;
  /** 1 for types that name no symbol (NONE, RELATIVE, IRELATIVE): no row of the bindings is theirs. */
  readonly plain: Uint8Array;
  /** 1 for types that lazy binding knows in DT_JMPREL (`elf_machine_lazy_rel`). */
  readonly lazy: Uint8Array;
  /** CLASS_* by type (`elf_machine_type_class`), and of older loaders: see the change `protectedDataCopied`. */
  readonly classes: Uint8Array;
  readonly oldClasses: Uint8Array;
  /** What DO_INSTRUCTION and DO_INSTRUCTION_TP do, by type. */
  readonly instructions?: ReadonlyMap<number, InstructionRule>;
}

/** A field of an instruction that the loader completes (a text relocation). */
export interface InstructionRule {
  /** As ld.so names the type where a value does not fit. */
  readonly name: string;
  /** How many are changed, at most. */
  readonly bytes: 2 | 4;
  /**
   * Puts a value of two halves into the instruction at offset `at`, whose address is `place`. Where addends are in fields (REL) it adds that.
   * @returns false if it does not fit, and nothing is changed
   */
  readonly write: (view: DataView, at: number, low: number, high: number, place: number) => boolean;
}

/** A word that the loader sets in an object's GOT, counted from DT_PLTGOT (`elf_machine_runtime_setup`). */
export interface GotWord {
  readonly index: number;
  readonly meaning: "link-map" | "resolver";
}

export interface GotRules {
  readonly words: readonly GotWord[];
  /** They are set wherever there is a DT_JMPREL; otherwise only where it is bound lazily. */
  readonly always: boolean;
  /** Also in objects without a DT_JMPREL (MIPS, whose GOT has the slots). */
  readonly withoutJumpSlots?: true;
}

/** Reads the process's memory: as many bytes as the buffer has; false if some are not mapped. */
export type ReadMemory = (address: number, target: Uint8Array) => boolean;

/** The way from a slot that is not bound yet to the loader's resolver. */
export interface PltStub {
  /** Number of the relocation among the entries of DT_JMPREL that the resolver is told; of the symbol, where that is told. */
  readonly index: number;
  /** Address of the code that goes to the resolver: the PLT's first entry, or a stub that does so itself. */
  readonly plt0: number;
  /** Address of the entry that the slot leads to; undefined where that is PLT0, or the instruction below. */
  readonly entry?: number;
  /** Address of the instruction that says which slot it is, and the number it says; undefined where registers say it. */
  readonly push: number | undefined;
  readonly pushed: number | undefined;
}

/** What an unbound slot tells, to decode its PLT. */
export interface UnboundSlot {
  /** Address of the slot, and what it holds. */
  readonly site: number;
  readonly value: number;
  /** Address of DT_PLTGOT's table in the process; undefined if there is none. */
  readonly got: number | undefined;
}

/** PLT entries that are not where slots in the file say: ppc64's are found by a tag of the dynamic section. */
export interface UnboundEntries {
  /** The tag whose value is where they are; ld.so adds the base to it in memory. */
  readonly tag: number;
  /** From there to the first entry, and from one to the next, in bytes. */
  readonly first: number;
  readonly step: number;
}

export interface PltRules {
  /**
   * How the resolver learns which slot it is: a number or an offset that code pushes, the slot's or the entry's address in a register, or
   * there the symbol's number, by a stub without a PLT.
   */
  readonly tells: "index" | "offset" | "slot" | "entry" | "symbol";
  /** Otherwise an unbound slot gets what the file has there, and the base. */
  readonly entries?: UnboundEntries;
  /** Undefined if the code there is none that a linker writes. */
  stubAt(read: ReadMemory, slot: UnboundSlot): PltStub | undefined;
}

/** Where things are in a process of Linux 6.x without ASLR. */
export interface AddressSpace {
  /** A program that may lie anywhere (ELF_ET_DYN_BASE), and the end of what is mapped below the stack. */
  readonly program: number;
  readonly top: number;
  /** ASLR moves either by so many bits of pages (mmap_rnd_bits). */
  readonly entropy: number;
  /** Below the loader: the kernel's vDSO with its data, then the first pages that ld.so allocates for itself. */
  readonly kernel: number;
  readonly loader: number;
  /** Behind the last address that a program can have (TASK_SIZE). */
  readonly end: number;
}

/** The functions of ld.so that TLS descriptors point to: they have no names, but are a few fixed instructions. */
export interface DescriptorRules {
  /** The word order of a descriptor. */
  readonly functionFirst: boolean;
  /** `_dl_tlsdesc_return`: the argument is the offset. */
  readonly static: readonly number[];
  /** `_dl_tlsdesc_undefweak`: minus the thread pointer plus the addend. */
  readonly undefinedWeak: readonly number[];
  /** What may stand before either (a landing pad), and what functions are aligned to. */
  readonly prefixes: readonly (readonly number[])[];
  readonly alignment: number;
  /** musl's `__tlsdesc_static` with the start of what follows it, where others have the same code; and where it may begin. */
  readonly musl?: { readonly code: readonly number[]; readonly alignment: number };
  /** Only descriptors of no symbol have an addend (elf_machine_rel); for others the linker leaves the symbol's number there. */
  readonly addendWithoutSymbol?: true;
  /** The same in another instruction set, whose functions have odd addresses (Thumb). */
  readonly odd?: Pick<DescriptorRules, "static" | "undefinedWeak" | "musl" | "alignment">;
}

/** Facts of the CPU that the search asks for. */
export interface CpuFacts {
  /** `LoadOptions.hwcaps`, best first, and `LoadOptions.platform`. */
  readonly hwcaps: readonly string[];
  readonly platform: string | undefined;
}

/** A bit of dl_hwcap that has a directory. */
export interface LegacyCapability {
  readonly bit: number;
  readonly name: string;
}

export interface SearchRules {
  /** Default directories in order, each with a slash at its end. */
  readonly directories: Readonly<Record<Layout, readonly string[]>>;
  /** Flags of entries in ld.so.cache that count, the machine's own first (ldconfig: "libc6,x86-64"). */
  readonly cacheFlags: readonly number[];
  /** `--cpu` takes these, lowest first. All but the first are directories below glibc-hwcaps. */
  readonly levels: readonly string[];
  /** Directories of the CPU's capabilities up to glibc 2.36, lowest bit first (dl-procinfo.c). */
  legacy(cpu: CpuFacts): readonly LegacyCapability[];
  /** Names of the platforms that old caches give bits to, from bit 48 of hwcap on. */
  readonly legacyPlatforms: readonly string[];
  /** C's char: caches are sorted by it. */
  readonly charIsSigned: boolean;
  /** NAME of ld-musl-NAME.so.1, the usual one first: hard and soft float differ. */
  readonly muslNames: readonly string[];
  /** What `$PLATFORM` stands for: what the CPU says, or always the same. Undefined: elements with the token are dropped. */
  platform(cpu: string | undefined): string | undefined;
}

export interface SegmentsRefusal {
  /** What the file is instead. */
  readonly what: string;
  /** What LD_DEBUG=libs says. */
  readonly told: string;
}

/** VALID_ELF_OSABI and VALID_ELF_ABIVERSION (sysdeps/unix/sysv/linux/ldsodefs.h and the machines' own; libc-abis). */
export interface IdentityRules {
  readonly osAbis: readonly number[];
  /** The newest EI_ABIVERSION of files of GNU's OS ABI, and of others. */
  readonly newestOfGnu: number;
  readonly newest: number;
}

export interface LoaderRecord {
  readonly name: LoaderMachine;
  readonly facts: MachineFacts;
  /** Of two ABIs that one machine has: which files are of this one, by e_flags. Undefined: all are. */
  isOwn?(flags: number): boolean;
  /**
   * Why open_verify passes over a file of the machine for its e_flags (another float ABI); undefined if it does not.
   * @param interpreter the loader's path, whose name tells of some machines which ABI it is made for
   */
  refusesFlags?(flags: number, interpreter: string): string | undefined;
  /** The same for its segments (elf_machine_reject_phdr_p). @param start of `count` program headers */
  refusesSegments?(source: ElfSource, start: number, count: number): SegmentsRefusal | undefined;
  /** What open_verify takes of e_ident, where that is not the usual. */
  readonly identity?: IdentityRules;
  /** Where programs expect the dynamic linkers (psABIs; musl's manual), the usual one first. */
  readonly interpreters: Readonly<Record<"glibc" | "musl", readonly string[]>>;
  readonly relocations: RelocationRules;
  readonly got: GotRules;
  /**
   * ld.so tells of an indirect function whose object is not relocated yet, and ends if it is the program's (elf_machine_rela of x86,
   * sysdeps/x86_64/dl-machine.h). On all other machines it just calls the resolver.
   */
  readonly checksResolvers?: true;
  /** The warning of a copy that is too small begins with two spaces (elf_machine_rela of RISC-V and MIPS). */
  readonly indentsCopyWarning?: true;
  /** A symbol that ld.so looks up for the program before it relocates it, without need (elf_machine_runtime_setup). */
  readonly programSymbol?: string;
  /** ld.so does not write addresses to the dynamic section (DL_RO_DYN_SECTION). */
  readonly leavesDynamic?: true;
  /** A word that is relocated by a symbol takes what the symbol's word of the GOT has, and looks nothing up (MIPS). */
  readonly wordsFromGot?: true;
  readonly plt: PltRules;
  /** Undefined where the machine has no TLS descriptors. */
  readonly descriptors: DescriptorRules | undefined;
  readonly search: SearchRules;
  readonly space: AddressSpace;
  /** The page sizes that kernels of this machine have; the first is taken where nobody says. */
  readonly pageSizes: readonly number[];
  /** Alignment of struct pthread (TLS_TCB_ALIGN). */
  readonly tcbAlignment: number;
  /** `localEntryOffset` of a symbol's st_other, where functions have two entries. */
  localEntry?(other: number): number;
  /** Without PT_GNU_STACK an executable stack is meant (DEFAULT_STACK_PERMS). */
  readonly stackIsExecutable: boolean;
  /** Release of the first symbol versions: no file can do without these, so they are no demand. */
  readonly firstGlibc: readonly number[];
}
