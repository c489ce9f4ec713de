// Which instructions the simulated processor has, and what cpuid says of them: programs choose their code by it, so both stand
// in one table. The levels are those of the x86-64 psABI ("x86-64-v2" in glibc's words). x86-64-v3 demands AVX, AVX2 and FMA,
// which are not here, so no program runs at it: "all" is v2, what v3 has beside AVX, and what cryptographic libraries look for. v3
// and v4 are only described: IFUNCs' resolvers, which ask what there is and execute none of it, choose by them.

/** What a row may need beside the baseline. */
export type Feature =
  | "sse3"
  | "ssse3"
  | "sse4.1"
  | "sse4.2"
  | "popcnt"
  | "cmpxchg16b"
  | "lahf"
  | "movbe"
  | "lzcnt"
  | "bmi1"
  | "bmi2"
  | "adx"
  | "pclmulqdq"
  | "aes"
  | "sha";

/** Bits of `Levels.features`. */
export const FEATURES: Readonly<Record<Feature, number>> = {
  sse3: 1,
  ssse3: 2,
  "sse4.1": 4,
  "sse4.2": 8,
  popcnt: 0x10,
  cmpxchg16b: 0x20,
  lahf: 0x40,
  movbe: 0x80,
  lzcnt: 0x100,
  bmi1: 0x200,
  bmi2: 0x400,
  adx: 0x800,
  pclmulqdq: 0x1000,
  aes: 0x2000,
  sha: 0x4000,
};

export type LevelName = "baseline" | "v2" | "v3" | "v4" | "all";

/** eax, ebx, ecx, edx. */
export type CpuidAnswer = readonly [number, number, number, number];

/** What a processor can do. */
export interface Levels {
  readonly name: LevelName | "described";
  /** Bits of `FEATURES`: what is executed. */
  readonly features: number;
  /** In place of what the features say: a processor with more than is executed here. For resolvers, not for programs. */
  readonly described?: DescribedProcessor;
}

/** What a processor says of itself. */
export interface DescribedProcessor {
  cpuid(leaf: number, subleaf: number): CpuidAnswer;
  /** XCR0, which xgetbv reads: the states that its system saves; low word. */
  readonly states: number;
}

const V2: readonly Feature[] = ["sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "cmpxchg16b", "lahf"];

const V3: readonly Feature[] = [...V2, "movbe", "lzcnt", "bmi1", "bmi2"];

/** What x86-64-v3 and v4 have beside that, with XSAVE for it: leaf, register, bits (SDM volume 2, CPUID). */
const AVX: readonly Announcement[] = [
  [1, 2, bitsOf(12, 26, 27, 28, 29)],
  [7, 1, bitsOf(5)],
];
const AVX512: readonly Announcement[] = [...AVX, [7, 1, bitsOf(16, 17, 28, 30, 31)]];

type Announcement = readonly [leaf: number, register: 0 | 1 | 2 | 3, bits: number];

export const LEVELS: Readonly<Record<LevelName, Levels>> = {
  baseline: { name: "baseline", features: 0 },
  v2: { name: "v2", features: bits(V2) },
  v3: describe("v3", AVX, 7),
  v4: describe("v4", AVX512, 0xe7),
  all: { name: "all", features: bits([...V3, "adx", "pclmulqdq", "aes", "sha"]) },
};

function bitsOf(...numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum | (1 << number), 0);
}

/** A level whose vectors are only spoken of. @param states of x87 and SSE (3), AVX (4), AVX-512 (0xe0) */
function describe(name: LevelName, more: readonly Announcement[], states: number): Levels {
  const features = bits(V3);
  const answer = (leaf: number, subleaf: number): CpuidAnswer => {
    if (leaf >>> 0 === STATE_LEAF) return subleaf === 0 ? [states, STATE_BYTES, STATE_BYTES, 0] : [0, 0, 0, 0];
    const out: [number, number, number, number] = [...cpuid({ name, features }, leaf, subleaf)];
    if (leaf === 0) out[0] = STATE_LEAF;
    for (const [at, register, set] of more) if (at === leaf) out[register] |= set;
    return out;
  };
  return { name, features, described: { cpuid: answer, states } };
}

/** Leaf 0xd: how large what xsave saves is. */
const STATE_LEAF = 0xd;
const STATE_BYTES = 0xa80;

function bits(names: readonly Feature[]): number {
  return names.reduce((sum, name) => sum | FEATURES[name], 0);
}

/** Leaf 1 EDX: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2. */
const EDX_1 = 0x078bfbfd;
/** Leaf 1 ECX and others: where each feature is announced (Intel SDM volume 2, CPUID; AMD APM volume 3, appendix E). */
const ANNOUNCED: readonly (readonly [feature: Feature, leaf: number, register: 0 | 1 | 2 | 3, bit: number])[] = [
  ["sse3", 1, 2, 0],
  ["ssse3", 1, 2, 9],
  ["cmpxchg16b", 1, 2, 13],
  ["sse4.1", 1, 2, 19],
  ["sse4.2", 1, 2, 20],
  ["movbe", 1, 2, 22],
  ["popcnt", 1, 2, 23],
  ["bmi1", 7, 1, 3],
  ["bmi2", 7, 1, 8],
  ["adx", 7, 1, 19],
  ["pclmulqdq", 1, 2, 1],
  ["aes", 1, 2, 25],
  ["sha", 7, 1, 29],
  ["lahf", 0x80000001, 2, 0],
  ["lzcnt", 0x80000001, 2, 5],
];

/** "AuthenticAMD" in ebx, edx, ecx: with another vendor glibc goes through leaf 2 and 4 in long loops. */
const VENDOR = [0x68747541, 0x444d4163, 0x69746e65] as const;
const BRAND = "Solder x86-64";

/**
 * What cpuid answers for eax = `leaf` and ecx = `subleaf`, which selects only where a processor is described. Leaves beyond the
 * highest give zeros, as AMD's do.
 */
export function cpuid(levels: Levels, leaf: number, subleaf: number): CpuidAnswer {
  if (levels.described !== undefined) return levels.described.cpuid(leaf, subleaf);
  const out: [number, number, number, number] = [0, 0, 0, 0];
  switch (leaf >>> 0) {
    case 0:
      return [7, VENDOR[0], VENDOR[1], VENDOR[2]];
    case 1:
      // Family 15, model 107, stepping 1, as qemu's qemu64; clflush lines of 64 bytes, one processor.
      out[0] = 0x00060fb1;
      out[1] = 0x00010800;
      out[3] = EDX_1;
      break;
    case 0x80000000:
      return [0x80000008 | 0, VENDOR[0], VENDOR[1], VENDOR[2]];
    case 0x80000001:
      // NX, LM, syscall.
      out[3] = 0x20100800 | (EDX_1 & 0x0183f3ff & ~0x800);
      break;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
      return brand(((leaf >>> 0) - 0x80000002) * 16);
    case 0x80000005:
      // First-level caches: 64 KB each, lines of 64 bytes.
      out[1] = 0x01ff01ff;
      out[2] = out[3] = 0x40020140;
      break;
    case 0x80000006:
      // Second level: 512 KB, 16 ways, lines of 64 bytes.
      out[1] = 0x42004200;
      out[2] = 0x02008140;
      break;
    case 0x80000008:
      // 48 bits of virtual, 40 of physical addresses.
      out[0] = 0x3028;
      break;
  }
  for (const [feature, at, register, bit] of ANNOUNCED) {
    if (at === leaf >>> 0 && (levels.features & FEATURES[feature]) !== 0) out[register] |= 1 << bit;
  }
  return out;
}

function brand(from: number): [number, number, number, number] {
  const word = (at: number): number =>
    [0, 1, 2, 3].reduce((sum, it) => sum | ((BRAND.charCodeAt(at + it) || 0) << (8 * it)), 0);
  return [word(from), word(from + 4), word(from + 8), word(from + 12)];
}
