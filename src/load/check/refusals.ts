// What the dynamic linker refuses to map whatever it asks for: a header for another system, segments that do not fit, a program in
// the place of a library. In its own words, and under the rules of the release that is asked about.

import { machineTables } from "../../arch/index.ts";
import { type ElfImage, error, note, type Problem, PT_LOAD } from "../../elf/index.ts";
import { LOADER_RECORDS } from "../machines/index.ts";
import { refusalOf } from "../objects/dependencies.ts";
import { fitsPages } from "../objects/map.ts";
import { type Verdict, verifyForGlibc, verifyForMusl } from "../search/index.ts";
import type { LoaderProfile } from "../settings/contract.ts";
import { behaves, profileOf } from "../settings/profiles.ts";
import { refusedByMusl } from "../symbols/relocation-kinds.ts";
import type { Demands } from "./demands.ts";
import type { LibraryRules } from "./file-findings.ts";

/**
 * Why a file cannot be opened as a library. Programs themselves are mapped by the kernel, which does not look so closely.
 * @param system its name  @param interpreter the path of its dynamic linker  @param opened by dlopen, as addons and plug-ins are
 */
export function refusalFindings(
  demands: Demands,
  rules: LibraryRules,
  system: string,
  interpreter: string,
  opened: boolean,
  pageSize: number = LOADER_RECORDS[demands.machine].pageSizes[0],
): Problem[] {
  const { file, name, machine } = demands;
  const profile = profileOf(rules.library, rules.version);
  const verdict = headerVerdict(demands, profile, interpreter);
  if (verdict.fate === "wrong-machine")
    return [error("check-other-abi", { file: name }, { abi: verdict.message, system })];
  const isRefused = verdict.fate === "fatal" || verdict.fate === "wrong-system";
  const reason = isRefused ? verdict.message : refusalOf(profile, file, opened, pageSize);
  const misfit = misfitOf(file.elf, pageSize);
  // What fits no page at all is damaged.
  if (reason !== undefined && misfit?.largest !== undefined) {
    return [error("check-page-size", { file: name }, { reason, page: pageSize, system, ...misfit })];
  }
  return reason === undefined ? [] : [error("check-refused", { file: name }, { reason, machine, system })];
}

/** What musl does not apply: IFUNCs above all. */
export function relocationFindings({ file, name, machine }: Demands, rules: LibraryRules, system: string): Problem[] {
  if (rules.library !== "musl" || !file.hasDynamicSection) return [];
  const refused = refusedByMusl(file, machine, true);
  if (refused.length === 0) return [];
  const { elf } = file;
  const types = [...new Set(refused)];
  const names = types.map(
    (type) => machineTables(elf.header.machine, elf.elfClass, elf.littleEndian)?.relocations.types[type]?.name ?? "",
  );
  const reason = `unsupported relocation type ${types[0]}`;
  const facts = { reason, types: names.filter((it) => it !== ""), count: refused.length, system };
  return [error("check-relocations-unknown", { file: name }, facts)];
}

/** Page sizes of Linux, the largest first. */
const PAGE_SIZES: readonly number[] = [0x1_0000, 0x4000, 0x1000];

interface Misfit {
  /** Of the first segment whose pages are not the file's. */
  readonly address: number;
  readonly offset: number;
  /** The largest page size with which all of the file can be mapped: `4 KiB`. */
  readonly largest?: string;
}

/** Where and why a file does not fit pages of a size; undefined if it does. */
export function misfitOf({ segments }: Pick<ElfImage, "segments">, pageSize: number): Misfit | undefined {
  const loads = segments.filter(({ type }) => type === PT_LOAD);
  const segment = loads.find(({ address, offset }) => (address - offset) % pageSize !== 0);
  if (segment === undefined) return undefined;
  const { address, offset } = segment;
  const largest = PAGE_SIZES.find((size) => fitsPages({ loads }, size));
  return { address, offset, ...(largest === undefined ? {} : { largest: kibibytes(largest) }) };
}

function kibibytes(size: number): string {
  return `${size / 1024} KiB`;
}

function headerVerdict({ file, machine }: Demands, profile: LoaderProfile, interpreter: string): Verdict {
  const { bytes } = file.elf;
  const abi = behaves(profile, "abiNotes") ? { kernel: undefined } : undefined;
  return profile.library === "musl" ? verifyForMusl(bytes, machine) : verifyForGlibc(bytes, machine, interpreter, abi);
}

/**
 * A program that the kernel cannot map with its pages; and, of machines whose kernels have pages of several sizes, what is refused
 * with larger ones though not with those that are assumed.
 * @param asked the page size that the user asked about, if any
 */
export function pageFindings(demands: Demands, rules: LibraryRules, asked: number | undefined): Problem[] {
  const { file, name, machine, role } = demands;
  const { pageSizes } = LOADER_RECORDS[machine];
  const pageSize = asked ?? pageSizes[0];
  const isProgram = role === "program" || role === "static-program";
  const misfit = misfitOf(file.elf, pageSize);
  if (misfit !== undefined)
    return isProgram ? [error("segments-not-on-pages", { file: name }, { page: pageSize, ...misfit })] : [];
  const failing = asked === undefined ? pageSizes.filter((size) => size > pageSize && !fitsPages(file, size)) : [];
  if (failing.length === 0) return [];
  const reason = isProgram
    ? undefined
    : refusalOf(profileOf(rules.library, rules.version), file, false, Math.min(...failing));
  const facts = { pages: failing.map(kibibytes), ...misfitOf(file.elf, failing[0]) };
  return [note("check-larger-pages", { file: name }, { ...facts, ...(reason === undefined ? {} : { reason }) })];
}
