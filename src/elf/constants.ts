// The numbers of the ELF format under their own names, so that the rest of the code reads like the specifications.
// Sources: gABI (System V ABI, chapters 4 and 5), the x86-64 and i386 psABIs, "Linux Extensions to gABI", glibc's elf.h,
// binutils' include/elf/common.h, LLVM's "Extensions" page. Flags are unsigned: test them with `(flags & X) !== 0`.

// Identification: offsets in e_ident and their values.
export const EI_NIDENT = 16;
export const EI_CLASS = 4;
export const EI_DATA = 5;
export const EI_VERSION = 6;
export const EI_OSABI = 7;
export const EI_ABIVERSION = 8;

export const ELFCLASSNONE = 0;
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;

export const ELFDATANONE = 0;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;

export const EV_CURRENT = 1;

export const ELFOSABI_NONE = 0;
export const ELFOSABI_SYSV = 0;
export const ELFOSABI_HPUX = 1;
export const ELFOSABI_NETBSD = 2;
export const ELFOSABI_GNU = 3;
export const ELFOSABI_LINUX = 3;
export const ELFOSABI_SOLARIS = 6;
export const ELFOSABI_AIX = 7;
export const ELFOSABI_IRIX = 8;
export const ELFOSABI_FREEBSD = 9;
export const ELFOSABI_TRU64 = 10;
export const ELFOSABI_MODESTO = 11;
export const ELFOSABI_OPENBSD = 12;
export const ELFOSABI_OPENVMS = 13;
export const ELFOSABI_NSK = 14;
export const ELFOSABI_AROS = 15;
export const ELFOSABI_FENIXOS = 16;
export const ELFOSABI_CLOUDABI = 17;
export const ELFOSABI_ARM_AEABI = 64;
export const ELFOSABI_ARM = 97;
export const ELFOSABI_STANDALONE = 255;

// e_type
export const ET_NONE = 0;
export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const ET_CORE = 4;
export const ET_LOOS = 0xfe00;
export const ET_HIOS = 0xfeff;
export const ET_LOPROC = 0xff00;
export const ET_HIPROC = 0xffff;

// e_machine: those that are met in practice.
export const EM_NONE = 0;
export const EM_SPARC = 2;
export const EM_386 = 3;
export const EM_68K = 4;
export const EM_IAMCU = 6;
export const EM_MIPS = 8;
export const EM_PARISC = 15;
export const EM_SPARC32PLUS = 18;
export const EM_PPC = 20;
export const EM_PPC64 = 21;
export const EM_S390 = 22;
export const EM_ARM = 40;
export const EM_SH = 42;
export const EM_SPARCV9 = 43;
export const EM_IA_64 = 50;
export const EM_X86_64 = 62;
export const EM_AVR = 83;
export const EM_XTENSA = 94;
export const EM_MSP430 = 105;
export const EM_HEXAGON = 164;
export const EM_AARCH64 = 183;
export const EM_CUDA = 190;
export const EM_AMDGPU = 224;
export const EM_RISCV = 243;
export const EM_BPF = 247;
export const EM_CSKY = 252;
export const EM_LOONGARCH = 258;
export const EM_ALPHA = 0x9026;

/** e_phnum when the number of program headers is in sh_info of section header 0. */
export const PN_XNUM = 0xffff;

// Section indices
export const SHN_UNDEF = 0;
export const SHN_LORESERVE = 0xff00;
export const SHN_LOPROC = 0xff00;
/** x86-64 psABI: a common symbol of the large code model. */
export const SHN_X86_64_LCOMMON = 0xff02;
export const SHN_HIPROC = 0xff1f;
export const SHN_LOOS = 0xff20;
export const SHN_HIOS = 0xff3f;
export const SHN_ABS = 0xfff1;
export const SHN_COMMON = 0xfff2;
/** The index does not fit: it is in the SHT_SYMTAB_SHNDX section (symbols) or in section header 0 (e_shstrndx). */
export const SHN_XINDEX = 0xffff;
export const SHN_HIRESERVE = 0xffff;

// sh_type
export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_HASH = 5;
export const SHT_DYNAMIC = 6;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_REL = 9;
export const SHT_SHLIB = 10;
export const SHT_DYNSYM = 11;
export const SHT_INIT_ARRAY = 14;
export const SHT_FINI_ARRAY = 15;
export const SHT_PREINIT_ARRAY = 16;
export const SHT_GROUP = 17;
export const SHT_SYMTAB_SHNDX = 18;
export const SHT_RELR = 19;
/** Compact relocations (CREL); LLVM's number until the gABI assigns one. */
export const SHT_CREL = 0x40000014;
export const SHT_LOOS = 0x60000000;
export const SHT_ANDROID_REL = 0x60000001;
export const SHT_ANDROID_RELA = 0x60000002;
export const SHT_LLVM_ODRTAB = 0x6fff4c00;
export const SHT_LLVM_LINKER_OPTIONS = 0x6fff4c01;
export const SHT_LLVM_ADDRSIG = 0x6fff4c03;
export const SHT_LLVM_DEPENDENT_LIBRARIES = 0x6fff4c04;
export const SHT_LLVM_SYMPART = 0x6fff4c05;
export const SHT_LLVM_PART_EHDR = 0x6fff4c06;
export const SHT_LLVM_PART_PHDR = 0x6fff4c07;
export const SHT_LLVM_BB_ADDR_MAP_V0 = 0x6fff4c08;
export const SHT_LLVM_CALL_GRAPH_PROFILE = 0x6fff4c09;
export const SHT_LLVM_BB_ADDR_MAP = 0x6fff4c0a;
export const SHT_LLVM_OFFLOADING = 0x6fff4c0b;
export const SHT_LLVM_LTO = 0x6fff4c0c;
export const SHT_ANDROID_RELR = 0x6fffff00;
export const SHT_GNU_SFRAME = 0x6ffffff4;
export const SHT_GNU_ATTRIBUTES = 0x6ffffff5;
export const SHT_GNU_HASH = 0x6ffffff6;
export const SHT_GNU_LIBLIST = 0x6ffffff7;
export const SHT_CHECKSUM = 0x6ffffff8;
export const SHT_GNU_verdef = 0x6ffffffd;
export const SHT_GNU_verneed = 0x6ffffffe;
export const SHT_GNU_versym = 0x6fffffff;
export const SHT_HIOS = 0x6fffffff;
export const SHT_LOPROC = 0x70000000;
export const SHT_X86_64_UNWIND = 0x70000001;
export const SHT_HIPROC = 0x7fffffff;
export const SHT_LOUSER = 0x80000000;
export const SHT_HIUSER = 0xffffffff;

// sh_flags
export const SHF_WRITE = 0x1;
export const SHF_ALLOC = 0x2;
export const SHF_EXECINSTR = 0x4;
export const SHF_MERGE = 0x10;
export const SHF_STRINGS = 0x20;
export const SHF_INFO_LINK = 0x40;
export const SHF_LINK_ORDER = 0x80;
export const SHF_OS_NONCONFORMING = 0x100;
export const SHF_GROUP = 0x200;
export const SHF_TLS = 0x400;
export const SHF_COMPRESSED = 0x800;
export const SHF_MASKOS = 0x0ff00000;
export const SHF_GNU_RETAIN = 0x200000;
export const SHF_GNU_MBIND = 0x1000000;
export const SHF_MASKPROC = 0xf0000000;
export const SHF_X86_64_LARGE = 0x10000000;
export const SHF_ORDERED = 0x40000000;
export const SHF_EXCLUDE = 0x80000000;

/** First word of an SHT_GROUP section: a COMDAT group, of which the linker keeps one copy. */
export const GRP_COMDAT = 0x1;
export const GRP_MASKOS = 0x0ff00000;
export const GRP_MASKPROC = 0xf0000000;

// Symbol binding (st_info >> 4)
export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;
export const STB_LOOS = 10;
export const STB_GNU_UNIQUE = 10;
export const STB_HIOS = 12;
export const STB_LOPROC = 13;
export const STB_HIPROC = 15;

// Symbol type (st_info & 15)
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STT_FILE = 4;
export const STT_COMMON = 5;
export const STT_TLS = 6;
export const STT_LOOS = 10;
export const STT_GNU_IFUNC = 10;
export const STT_HIOS = 12;
export const STT_LOPROC = 13;
export const STT_HIPROC = 15;

// Symbol visibility (st_other & 3)
export const STV_DEFAULT = 0;
export const STV_INTERNAL = 1;
export const STV_HIDDEN = 2;
export const STV_PROTECTED = 3;

// p_type
export const PT_NULL = 0;
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_SHLIB = 5;
export const PT_PHDR = 6;
export const PT_TLS = 7;
export const PT_LOOS = 0x60000000;
export const PT_GNU_EH_FRAME = 0x6474e550;
export const PT_GNU_STACK = 0x6474e551;
export const PT_GNU_RELRO = 0x6474e552;
export const PT_GNU_PROPERTY = 0x6474e553;
export const PT_GNU_SFRAME = 0x6474e554;
export const PT_GNU_MBIND_LO = 0x6474e555;
export const PT_GNU_MBIND_HI = 0x6474f554;
export const PT_OPENBSD_MUTABLE = 0x65a3dbe5;
export const PT_OPENBSD_RANDOMIZE = 0x65a3dbe6;
export const PT_OPENBSD_WXNEEDED = 0x65a3dbe7;
export const PT_OPENBSD_NOBTCFI = 0x65a3dbe8;
export const PT_OPENBSD_SYSCALLS = 0x65a3dbe9;
export const PT_OPENBSD_BOOTDATA = 0x65a41be6;
export const PT_HIOS = 0x6fffffff;
export const PT_LOPROC = 0x70000000;
export const PT_HIPROC = 0x7fffffff;

// p_flags
export const PF_X = 0x1;
export const PF_W = 0x2;
export const PF_R = 0x4;
export const PF_MASKOS = 0x0ff00000;
export const PF_MASKPROC = 0xf0000000;

// d_tag
export const DT_NULL = 0;
export const DT_NEEDED = 1;
export const DT_PLTRELSZ = 2;
export const DT_PLTGOT = 3;
export const DT_HASH = 4;
export const DT_STRTAB = 5;
export const DT_SYMTAB = 6;
export const DT_RELA = 7;
export const DT_RELASZ = 8;
export const DT_RELAENT = 9;
export const DT_STRSZ = 10;
export const DT_SYMENT = 11;
export const DT_INIT = 12;
export const DT_FINI = 13;
export const DT_SONAME = 14;
export const DT_RPATH = 15;
export const DT_SYMBOLIC = 16;
export const DT_REL = 17;
export const DT_RELSZ = 18;
export const DT_RELENT = 19;
export const DT_PLTREL = 20;
export const DT_DEBUG = 21;
export const DT_TEXTREL = 22;
export const DT_JMPREL = 23;
export const DT_BIND_NOW = 24;
export const DT_INIT_ARRAY = 25;
export const DT_FINI_ARRAY = 26;
export const DT_INIT_ARRAYSZ = 27;
export const DT_FINI_ARRAYSZ = 28;
export const DT_RUNPATH = 29;
export const DT_FLAGS = 30;
export const DT_PREINIT_ARRAY = 32;
export const DT_PREINIT_ARRAYSZ = 33;
export const DT_SYMTAB_SHNDX = 34;
export const DT_ANDROID_REL = 0x6000000f;
export const DT_ANDROID_RELSZ = 0x60000010;
export const DT_ANDROID_RELA = 0x60000011;
export const DT_ANDROID_RELASZ = 0x60000012;
export const DT_ANDROID_RELR = 0x6fffe000;
export const DT_ANDROID_RELRSZ = 0x6fffe001;
export const DT_ANDROID_RELRENT = 0x6fffe003;
export const DT_RELRSZ = 35;
export const DT_RELR = 36;
export const DT_RELRENT = 37;
export const DT_LOOS = 0x6000000d;
export const DT_HIOS = 0x6ffff000;
export const DT_VALRNGLO = 0x6ffffd00;
export const DT_GNU_FLAGS_1 = 0x6ffffdf4;
export const DT_GNU_PRELINKED = 0x6ffffdf5;
export const DT_GNU_CONFLICTSZ = 0x6ffffdf6;
export const DT_GNU_LIBLISTSZ = 0x6ffffdf7;
export const DT_CHECKSUM = 0x6ffffdf8;
export const DT_PLTPADSZ = 0x6ffffdf9;
export const DT_MOVEENT = 0x6ffffdfa;
export const DT_MOVESZ = 0x6ffffdfb;
export const DT_FEATURE_1 = 0x6ffffdfc;
export const DT_POSFLAG_1 = 0x6ffffdfd;
export const DT_SYMINSZ = 0x6ffffdfe;
export const DT_SYMINENT = 0x6ffffdff;
export const DT_VALRNGHI = 0x6ffffdff;
export const DT_ADDRRNGLO = 0x6ffffe00;
export const DT_GNU_HASH = 0x6ffffef5;
export const DT_TLSDESC_PLT = 0x6ffffef6;
export const DT_TLSDESC_GOT = 0x6ffffef7;
export const DT_GNU_CONFLICT = 0x6ffffef8;
export const DT_GNU_LIBLIST = 0x6ffffef9;
export const DT_CONFIG = 0x6ffffefa;
export const DT_DEPAUDIT = 0x6ffffefb;
export const DT_AUDIT = 0x6ffffefc;
export const DT_PLTPAD = 0x6ffffefd;
export const DT_MOVETAB = 0x6ffffefe;
export const DT_SYMINFO = 0x6ffffeff;
export const DT_ADDRRNGHI = 0x6ffffeff;
export const DT_VERSYM = 0x6ffffff0;
export const DT_RELACOUNT = 0x6ffffff9;
export const DT_RELCOUNT = 0x6ffffffa;
export const DT_FLAGS_1 = 0x6ffffffb;
export const DT_VERDEF = 0x6ffffffc;
export const DT_VERDEFNUM = 0x6ffffffd;
export const DT_VERNEED = 0x6ffffffe;
export const DT_VERNEEDNUM = 0x6fffffff;
export const DT_LOPROC = 0x70000000;
export const DT_X86_64_PLT = 0x70000000;
export const DT_X86_64_PLTSZ = 0x70000001;
export const DT_MIPS_RLD_VERSION = 0x70000001;
export const DT_MIPS_FLAGS = 0x70000005;
export const DT_MIPS_BASE_ADDRESS = 0x70000006;
export const DT_MIPS_LOCAL_GOTNO = 0x7000000a;
export const DT_MIPS_SYMTABNO = 0x70000011;
export const DT_MIPS_UNREFEXTNO = 0x70000012;
export const DT_MIPS_GOTSYM = 0x70000013;
export const DT_MIPS_RLD_MAP = 0x70000016;
export const DT_MIPS_PLTGOT = 0x70000032;
export const DT_MIPS_RWPLT = 0x70000034;
export const DT_MIPS_RLD_MAP_REL = 0x70000035;
export const DT_MIPS_XHASH = 0x70000036;
export const DT_X86_64_PLTENT = 0x70000003;
export const DT_PPC64_GLINK = 0x70000000;
export const DT_PPC64_OPD = 0x70000001;
export const DT_PPC64_OPDSZ = 0x70000002;
export const DT_PPC64_OPT = 0x70000003;
export const DT_RISCV_VARIANT_CC = 0x70000001;
export const DT_AUXILIARY = 0x7ffffffd;
export const DT_USED = 0x7ffffffe;
export const DT_FILTER = 0x7fffffff;
export const DT_HIPROC = 0x7fffffff;

// DT_FLAGS
export const DF_ORIGIN = 0x1;
export const DF_SYMBOLIC = 0x2;
export const DF_TEXTREL = 0x4;
export const DF_BIND_NOW = 0x8;
export const DF_STATIC_TLS = 0x10;

// DT_FLAGS_1
export const DF_1_NOW = 0x1;
export const DF_1_GLOBAL = 0x2;
export const DF_1_GROUP = 0x4;
export const DF_1_NODELETE = 0x8;
export const DF_1_LOADFLTR = 0x10;
export const DF_1_INITFIRST = 0x20;
export const DF_1_NOOPEN = 0x40;
export const DF_1_ORIGIN = 0x80;
export const DF_1_DIRECT = 0x100;
export const DF_1_TRANS = 0x200;
export const DF_1_INTERPOSE = 0x400;
export const DF_1_NODEFLIB = 0x800;
export const DF_1_NODUMP = 0x1000;
export const DF_1_CONFALT = 0x2000;
export const DF_1_ENDFILTEE = 0x4000;
export const DF_1_DISPRELDNE = 0x8000;
export const DF_1_DISPRELPND = 0x10000;
export const DF_1_NODIRECT = 0x20000;
export const DF_1_IGNMULDEF = 0x40000;
export const DF_1_NOKSYMS = 0x80000;
export const DF_1_NOHDR = 0x100000;
export const DF_1_EDITED = 0x200000;
export const DF_1_NORELOC = 0x400000;
export const DF_1_SYMINTPOSE = 0x800000;
export const DF_1_GLOBAUDIT = 0x1000000;
export const DF_1_SINGLETON = 0x2000000;
export const DF_1_STUB = 0x4000000;
export const DF_1_PIE = 0x8000000;
export const DF_1_KMOD = 0x10000000;
export const DF_1_WEAKFILTER = 0x20000000;
export const DF_1_NOCOMMON = 0x40000000;

// DT_GNU_FLAGS_1
export const DF_GNU_1_UNIQUE = 0x1;

// DT_POSFLAG_1, DT_FEATURE_1
export const DF_P1_LAZYLOAD = 0x1;
export const DF_P1_GROUPPERM = 0x2;
export const DTF_1_PARINIT = 0x1;
export const DTF_1_CONFEXP = 0x2;

// Symbol versions
export const VER_DEF_CURRENT = 1;
export const VER_NEED_CURRENT = 1;
export const VER_FLG_BASE = 0x1;
export const VER_FLG_WEAK = 0x2;
export const VER_FLG_INFO = 0x4;
export const VER_NDX_LOCAL = 0;
export const VER_NDX_GLOBAL = 1;
export const VER_NDX_LORESERVE = 0xff00;
export const VER_NDX_ELIMINATE = 0xff01;
/** .gnu.version: the definition is not the default one (`name@VERSION` rather than `name@@VERSION`). */
export const VERSYM_HIDDEN = 0x8000;
/** .gnu.version: the index without VERSYM_HIDDEN. */
export const VERSYM_VERSION = 0x7fff;

// Notes of the name "GNU", and others met in programs
export const NT_GNU_ABI_TAG = 1;
export const NT_GNU_HWCAP = 2;
export const NT_GNU_BUILD_ID = 3;
export const NT_GNU_GOLD_VERSION = 4;
export const NT_GNU_PROPERTY_TYPE_0 = 5;
export const NT_GNU_BUILD_ATTRIBUTE_OPEN = 0x100;
export const NT_GNU_BUILD_ATTRIBUTE_FUNC = 0x101;
/** Name "stapsdt": a SystemTap probe. */
export const NT_STAPSDT = 3;
/** Name "Go": the Go linker's build ID. */
export const NT_GO_BUILD_ID = 4;
/** Name "FDO": package metadata as JSON. */
export const NT_FDO_PACKAGING_METADATA = 0xcafe1a7e;
/** Name "FDO": libraries that may be opened with dlopen, as JSON. */
export const NT_FDO_DLOPEN_METADATA = 0x407c0c0a;

// Operating systems in NT_GNU_ABI_TAG
export const ELF_NOTE_OS_LINUX = 0;
export const ELF_NOTE_OS_GNU = 1;
export const ELF_NOTE_OS_SOLARIS2 = 2;
export const ELF_NOTE_OS_FREEBSD = 3;

// Properties in NT_GNU_PROPERTY_TYPE_0
export const GNU_PROPERTY_STACK_SIZE = 1;
export const GNU_PROPERTY_NO_COPY_ON_PROTECTED = 2;
export const GNU_PROPERTY_MEMORY_SEAL = 3;
export const GNU_PROPERTY_UINT32_AND_LO = 0xb0000000;
export const GNU_PROPERTY_UINT32_AND_HI = 0xb0007fff;
export const GNU_PROPERTY_UINT32_OR_LO = 0xb0008000;
export const GNU_PROPERTY_UINT32_OR_HI = 0xb000ffff;
export const GNU_PROPERTY_1_NEEDED = 0xb0008000;
export const GNU_PROPERTY_1_NEEDED_INDIRECT_EXTERN_ACCESS = 0x1;
export const GNU_PROPERTY_LOPROC = 0xc0000000;
export const GNU_PROPERTY_HIPROC = 0xdfffffff;
export const GNU_PROPERTY_LOUSER = 0xe0000000;
export const GNU_PROPERTY_HIUSER = 0xffffffff;

// x86: property types in [AND_LO, AND_HI] are merged with AND over inputs that all must have them, [OR_LO, OR_HI] with
// OR, and [OR_AND_LO, OR_AND_HI] with OR but dropped when an input lacks them.
export const GNU_PROPERTY_X86_UINT32_AND_LO = 0xc0000002;
export const GNU_PROPERTY_X86_UINT32_AND_HI = 0xc0007fff;
export const GNU_PROPERTY_X86_UINT32_OR_LO = 0xc0008000;
export const GNU_PROPERTY_X86_UINT32_OR_HI = 0xc000ffff;
export const GNU_PROPERTY_X86_UINT32_OR_AND_LO = 0xc0010000;
export const GNU_PROPERTY_X86_UINT32_OR_AND_HI = 0xc0017fff;
export const GNU_PROPERTY_X86_FEATURE_1_AND = 0xc0000002;
export const GNU_PROPERTY_X86_FEATURE_1_IBT = 0x1;
export const GNU_PROPERTY_X86_FEATURE_1_SHSTK = 0x2;
export const GNU_PROPERTY_X86_FEATURE_1_LAM_U48 = 0x4;
export const GNU_PROPERTY_X86_FEATURE_1_LAM_U57 = 0x8;
export const GNU_PROPERTY_X86_FEATURE_2_NEEDED = 0xc0008001;
export const GNU_PROPERTY_X86_FEATURE_2_USED = 0xc0010001;
export const GNU_PROPERTY_X86_FEATURE_2_X86 = 0x1;
export const GNU_PROPERTY_X86_FEATURE_2_X87 = 0x2;
export const GNU_PROPERTY_X86_FEATURE_2_MMX = 0x4;
export const GNU_PROPERTY_X86_FEATURE_2_XMM = 0x8;
export const GNU_PROPERTY_X86_FEATURE_2_YMM = 0x10;
export const GNU_PROPERTY_X86_FEATURE_2_ZMM = 0x20;
export const GNU_PROPERTY_X86_FEATURE_2_FXSR = 0x40;
export const GNU_PROPERTY_X86_FEATURE_2_XSAVE = 0x80;
export const GNU_PROPERTY_X86_FEATURE_2_XSAVEOPT = 0x100;
export const GNU_PROPERTY_X86_FEATURE_2_XSAVEC = 0x200;
export const GNU_PROPERTY_X86_FEATURE_2_TMM = 0x400;
export const GNU_PROPERTY_X86_FEATURE_2_MASK = 0x800;
export const GNU_PROPERTY_X86_ISA_1_NEEDED = 0xc0008002;
export const GNU_PROPERTY_X86_ISA_1_USED = 0xc0010002;
export const GNU_PROPERTY_X86_ISA_1_BASELINE = 0x1;
export const GNU_PROPERTY_X86_ISA_1_V2 = 0x2;
export const GNU_PROPERTY_X86_ISA_1_V3 = 0x4;
export const GNU_PROPERTY_X86_ISA_1_V4 = 0x8;
/** Before the psABI renamed them (binutils 2.28 to 2.34): instruction sets as a bit list. */
export const GNU_PROPERTY_X86_COMPAT_ISA_1_USED = 0xc0000000;
export const GNU_PROPERTY_X86_COMPAT_ISA_1_NEEDED = 0xc0000001;
export const GNU_PROPERTY_AARCH64_FEATURE_1_AND = 0xc0000000;
export const GNU_PROPERTY_AARCH64_FEATURE_1_BTI = 0x1;
export const GNU_PROPERTY_AARCH64_FEATURE_1_PAC = 0x2;

// ch_type
export const ELFCOMPRESS_ZLIB = 1;
export const ELFCOMPRESS_ZSTD = 2;

// Sizes of the records in bytes, by class.
export const ELF32_EHDR_SIZE = 52;
export const ELF64_EHDR_SIZE = 64;
export const ELF32_SHDR_SIZE = 40;
export const ELF64_SHDR_SIZE = 64;
export const ELF32_PHDR_SIZE = 32;
export const ELF64_PHDR_SIZE = 56;
export const ELF32_SYM_SIZE = 16;
export const ELF64_SYM_SIZE = 24;
export const ELF32_REL_SIZE = 8;
export const ELF64_REL_SIZE = 16;
export const ELF32_RELA_SIZE = 12;
export const ELF64_RELA_SIZE = 24;
export const ELF32_DYN_SIZE = 8;
export const ELF64_DYN_SIZE = 16;
export const ELF32_CHDR_SIZE = 12;
export const ELF64_CHDR_SIZE = 24;
// The same in both classes.
export const ELF_NHDR_SIZE = 12;
export const ELF_VERSYM_SIZE = 2;
export const ELF_VERDEF_SIZE = 20;
export const ELF_VERDAUX_SIZE = 8;
export const ELF_VERNEED_SIZE = 16;
export const ELF_VERNAUX_SIZE = 16;
