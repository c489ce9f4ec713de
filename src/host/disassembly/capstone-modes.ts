// How the package @alexaltea/capstone-js (Capstone 5) calls the machines, however it was loaded.

/** How Capstone calls a machine: names of its constants. */
export interface CapstoneMode {
  readonly arch: string;
  readonly modes: readonly string[];
}

/** Capstone 5 has no LoongArch. */
const MODES: Readonly<Record<string, CapstoneMode>> = {
  aarch64: { arch: "ARCH_ARM64", modes: ["MODE_LITTLE_ENDIAN"] },
  arm: { arch: "ARCH_ARM", modes: ["MODE_ARM"] },
  thumb: { arch: "ARCH_ARM", modes: ["MODE_THUMB"] },
  riscv64: { arch: "ARCH_RISCV", modes: ["MODE_RISCV64", "MODE_RISCVC"] },
  ppc64le: { arch: "ARCH_PPC", modes: ["MODE_64", "MODE_LITTLE_ENDIAN"] },
  s390x: { arch: "ARCH_SYSZ", modes: ["MODE_BIG_ENDIAN"] },
  mips64el: { arch: "ARCH_MIPS", modes: ["MODE_MIPS64", "MODE_LITTLE_ENDIAN"] },
};

/** Does this package know the machine? @param machine as `MachineFacts.name` */
export function capstoneKnows(machine: string): boolean {
  return Object.hasOwn(MODES, machine);
}

/** How code at an address is decoded, and where it begins: at an odd address, arm's is Thumb. */
export function capstoneMode(
  machine: string,
  address: number,
): { readonly mode: CapstoneMode | undefined; readonly start: number } {
  const isThumb = machine === "arm" && address % 2 === 1;
  return { mode: MODES[isThumb ? "thumb" : machine], start: isThumb ? address - 1 : address };
}
