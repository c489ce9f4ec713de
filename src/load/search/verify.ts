// Is an opened file a library for this process? The checks of glibc's open_verify and of musl's map_library in their order,
// with their messages. ELF files of another class or machine are passed over by glibc; what is no ELF file at all ends the
// search, because something is wrong with the installation then.

import {
  EI_ABIVERSION,
  EI_CLASS,
  EI_DATA,
  EI_OSABI,
  EI_VERSION,
  ELF32_EHDR_SIZE,
  ELF32_PHDR_SIZE,
  ELF64_EHDR_SIZE,
  ELF64_PHDR_SIZE,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  ELFOSABI_GNU,
  ET_DYN,
  ET_EXEC,
  EV_CURRENT,
  PT_DYNAMIC,
  PT_NOTE,
} from "../../elf/constants.ts";
import { machineName } from "../../elf/names/names.ts";
import { address, type ElfSource, elfSource, half, holds, word } from "../../elf/source.ts";
import { startsWith } from "../../elf/text.ts";
import { USUAL_IDENTITY } from "../machines/identity.ts";
import { LOADER_RECORDS } from "../machines/index.ts";
import type { CandidateFate, LoaderMachine } from "../settings/contract.ts";
import { compareVersions } from "../settings/profiles.ts";

export interface Verdict {
  readonly fate: Extract<CandidateFate, "taken" | "wrong-class" | "wrong-machine" | "wrong-system" | "fatal">;
  /** The message if it is fatal; what the file is instead if it is passed over. */
  readonly message: string;
  /** What LD_DEBUG=libs says of it. */
  readonly told?: string;
}

const TAKEN: Verdict = { fate: "taken", message: "" };

/**
 * elf/dl-load.c, open_verify.
 * @param interpreter the loader's path
 * @param abi given if the loader looks at ABI notes: the version of the kernel, if it is known
 */
export function verifyForGlibc(
  bytes: Uint8Array,
  machine: LoaderMachine,
  interpreter: string,
  abi: AbiCheck | undefined,
): Verdict {
  const { facts, refusesFlags, refusesSegments, identity = USUAL_IDENTITY } = LOADER_RECORDS[machine];
  const { littleEndian } = facts;
  const wide = facts.elfClass === 64;
  if (bytes.length < (wide ? ELF64_EHDR_SIZE : ELF32_EHDR_SIZE)) return fatal("file too short");
  if (!startsWith(bytes, 0, "\x7fELF")) return fatal("invalid ELF header");
  if (bytes[EI_CLASS] !== (wide ? ELFCLASS64 : ELFCLASS32)) {
    return { fate: "wrong-class", message: wide ? "ELFCLASS32" : "ELFCLASS64" };
  }
  if (bytes[EI_DATA] !== (littleEndian ? ELFDATA2LSB : ELFDATA2MSB))
    return fatal(`ELF file data encoding not ${littleEndian ? "little" : "big"}-endian`);
  if (bytes[EI_VERSION] !== EV_CURRENT) return fatal("ELF file version ident does not match current one");
  const osAbi = bytes[EI_OSABI];
  if (!identity.osAbis.includes(osAbi)) return fatal("ELF file OS ABI invalid");
  if (bytes[EI_ABIVERSION] > (osAbi === ELFOSABI_GNU ? identity.newestOfGnu : identity.newest))
    return fatal("ELF file ABI version invalid");
  if (bytes.subarray(9, 16).some((byte) => byte !== 0)) return fatal("nonzero padding in e_ident");
  const source = elfSource(bytes, wide ? 64 : 32, littleEndian);
  if (word(source, 20) !== EV_CURRENT) return fatal("ELF file version does not match current one");
  const found = half(source, 18);
  if (found !== facts.elfMachine) return { fate: "wrong-machine", message: machineName(found) };
  const refused = refusesFlags?.(word(source, wide ? 48 : 36), interpreter);
  if (refused !== undefined) return { fate: "wrong-machine", message: refused };
  const type = half(source, 16);
  if (type !== ET_DYN && type !== ET_EXEC) return fatal("only ET_DYN and ET_EXEC can be loaded");
  const [offset, entry, count] = wide
    ? [address(source, 32), half(source, 54), half(source, 56)]
    : [address(source, 28), half(source, 42), half(source, 44)];
  const size = wide ? ELF64_PHDR_SIZE : ELF32_PHDR_SIZE;
  if (entry !== size) return fatal("ELF file's phentsize not the expected size");
  if (!holds(source, offset, count * size)) return fatal("cannot read file data");
  const segmentsRefused = refusesSegments?.(source, offset, count);
  if (segmentsRefused !== undefined) {
    const { what, told } = segmentsRefused;
    return { fate: "wrong-machine", message: what, told };
  }
  return abi === undefined ? TAKEN : abiVerdict(source, offset, count, abi);
}

export interface AbiCheck {
  readonly kernel: readonly number[] | undefined;
}

/** A note with a name of 4 bytes, contents of 16, type 1 (NT_GNU_ABI_TAG), and the name "GNU". */
function isAbiNote(source: ElfSource, at: number): boolean {
  const isTag = word(source, at) === 4 && word(source, at + 4) === 16 && word(source, at + 8) === 1;
  return isTag && startsWith(source.bytes, at + 12, "GNU\0");
}
/** The note's first word (gABI supplement of GNU): Linux is 0. */
const SYSTEMS: readonly string[] = ["Linux", "the Hurd", "Solaris", "FreeBSD", "NetBSD"];

/** Which system the file was built for, if it has a note of that: the first one counts. */
function abiVerdict(source: ElfSource, segments: number, count: number, { kernel }: AbiCheck): Verdict {
  const wide = source.elfClass === 64;
  const size = wide ? ELF64_PHDR_SIZE : ELF32_PHDR_SIZE;
  for (let header = segments; header < segments + count * size; header += size) {
    if (word(source, header) !== PT_NOTE) continue;
    const offset = address(source, header + (wide ? 8 : 4));
    const bytes = address(source, header + (wide ? 32 : 16));
    const alignment = address(source, header + (wide ? 48 : 28));
    if (bytes < 32 || (alignment !== 4 && alignment !== 8)) continue;
    if (!holds(source, offset, bytes)) return fatal("cannot read file data");
    const note = abiNoteIn(source, offset, offset + bytes, alignment);
    if (note !== undefined) return systemVerdict(source, note, kernel);
  }
  return TAKEN;
}

function abiNoteIn(source: ElfSource, start: number, end: number, alignment: number): number | undefined {
  const aligned = (size: number): number => Math.ceil(size / alignment) * alignment;
  for (let at = start; at + 32 <= end; ) {
    if (isAbiNote(source, at)) return at;
    at += aligned(12 + word(source, at)) + aligned(word(source, at + 4));
  }
  return undefined;
}

function systemVerdict(source: ElfSource, note: number, kernel: readonly number[] | undefined): Verdict {
  const system = word(source, note + 16);
  if (system !== 0) return { fate: "wrong-system", message: SYSTEMS[system] ?? `system number ${system}` };
  const needed = [20, 24, 28].map((at) => word(source, note + at) & 0xff);
  const isTooOld = kernel !== undefined && compareVersions(kernel, needed) < 0;
  return isTooOld ? { fate: "wrong-system", message: `Linux ${needed.join(".")}` } : TAKEN;
}

/** ldso/dynlink.c, map_library: neither magic nor class nor machine is looked at. */
export function verifyForMusl(bytes: Uint8Array, machine: LoaderMachine): Verdict {
  const { elfClass, littleEndian } = LOADER_RECORDS[machine].facts;
  const wide = elfClass === 64;
  if (bytes.length < (wide ? ELF64_EHDR_SIZE : ELF32_EHDR_SIZE)) return NO_EXECUTABLE;
  const source = elfSource(bytes, elfClass, littleEndian);
  const type = half(source, 16);
  if (type !== ET_DYN && type !== ET_EXEC) return NO_EXECUTABLE;
  const [offset, entry, count] = wide
    ? [address(source, 32), half(source, 54), half(source, 56)]
    : [address(source, 28), half(source, 42), half(source, 44)];
  if (!holds(source, offset, count * entry)) return NO_EXECUTABLE;
  // The last one counts, and an address of 0 is none.
  let dynamic = 0;
  for (let i = 0; i < count && entry >= (wide ? ELF64_PHDR_SIZE : ELF32_PHDR_SIZE); i++) {
    const at = offset + i * entry;
    if (word(source, at) === PT_DYNAMIC) dynamic = address(source, at + (wide ? 16 : 8));
  }
  return dynamic === 0 ? NO_EXECUTABLE : TAKEN;
}

const NO_EXECUTABLE: Verdict = fatal("Exec format error");

function fatal(message: string): Verdict {
  return { fate: "fatal", message };
}
