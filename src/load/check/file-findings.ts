// What is remarkable about a file itself, under the rules of one C library and release: an executable stack, relocations in
// code, static TLS, the CPU that it asks for, packed relocations.

import { dynamicOf, dynamicRelocationsOf, error, PF_W, type Problem, warning } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { symbolName } from "../file/dynamic-symbols.ts";
import { compareReleases, type Release } from "../systems/index.ts";
import type { Demands } from "./demands.ts";

export interface LibraryRules {
  readonly library: "glibc" | "musl";
  readonly version: Release;
}

/** x86-64 levels that this CPU has; undefined where nobody knows which CPU it will be. */
export type IsaLevel = 1 | 2 | 3 | 4 | undefined;

/**
 * Findings about one file.
 * @param cpu the level of the machine that it would run on
 */
export function fileFindings(demands: Demands, rules: LibraryRules, cpu: IsaLevel): Problem[] {
  if (demands.role === "static-program") return isaFindings(demands, cpu);
  return [
    ...stackFindings(demands, rules),
    ...textFindings(demands),
    ...tlsFindings(demands, rules),
    ...isaFindings(demands, cpu),
    ...relrFindings(demands, rules),
  ];
}

function atLeast(rules: LibraryRules, library: LibraryRules["library"], version: Release): boolean {
  return rules.library === library && compareReleases(rules.version, version) >= 0;
}

/**
 * glibc makes the stack executable when a library asks for it, from 2.41 on only at start-up and no more in dlopen (2.41
 * release notes). musl leaves the stack as the kernel made it.
 */
function stackFindings(demands: Demands, rules: LibraryRules): Problem[] {
  const { executableStack, name, role } = demands;
  if (!executableStack || rules.library === "musl") return [];
  const refused = role === "addon" && atLeast(rules, "glibc", [2, 41]);
  const place = { file: name };
  return [refused ? error("check-executable-stack-refused", place) : warning("check-executable-stack", place)];
}

/** Both loaders make code writable for as long as they relocate; SELinux and hardened kernels forbid it. */
function textFindings({ textRelocations, name, file }: Demands): Problem[] {
  return textRelocations ? [warning("check-text-relocations", { file: name }, readOnlySites(file))] : [];
}

/** How many relocations are in memory that is not writable, and the symbols that they speak of. */
function readOnlySites({ elf, loads, symbols }: DynamicFile): { readonly count: number; readonly symbols: string[] } {
  const quiet = (): void => {};
  const image = { ...elf, sections: [] };
  const dynamic = dynamicOf(image, quiet);
  const names = new Set<string>();
  if (dynamic === undefined) return { count: 0, symbols: [] };
  const readOnly = loads.filter(({ flags }) => (flags & PF_W) === 0);
  const isReadOnly = (site: number): boolean =>
    readOnly.some(({ address, memoryBytes }) => site >= address && site < address + memoryBytes);
  const { tables, relr } = dynamicRelocationsOf(image, dynamic, quiet);
  let count = relr.filter(isReadOnly).length;
  for (const { relocations } of tables) {
    for (const { offset, symbol } of relocations) {
      if (!isReadOnly(offset)) continue;
      count++;
      if (symbol !== 0 && symbol < symbols.count) names.add(symbolName(symbols, symbol));
    }
  }
  return { count, symbols: [...names].filter((it) => it !== "") };
}

/**
 * Static TLS of what dlopen opens comes out of a reserve: 1664 bytes in all releases (64 + 16 * 100 up to 2.32, then
 * 3 * 192 + 4 * 144 + 512; elf/dl-tls.c), and what rounding to 64 bytes leaves. Measured with 2.31, 2.36 and 2.41. musl has
 * none: initial-exec access to what dlopen opened is refused.
 */
const SURPLUS = 1664;
const ROUNDING = 63;

function tlsFindings(demands: Demands, rules: LibraryRules): Problem[] {
  const { tls, name, role } = demands;
  if (tls === undefined || !tls.isStatic || (role !== "addon" && role !== "library")) return [];
  const place = { file: name };
  const { bytes } = tls;
  // A library may also be there from the start, where there is no limit.
  const severe = role === "addon" ? error : warning;
  if (rules.library === "musl") return [severe("check-static-tls-musl", place, { bytes })];
  if (bytes <= SURPLUS) return [];
  return [(bytes > SURPLUS + ROUNDING ? severe : warning)("check-static-tls", place, { bytes, budget: SURPLUS })];
}

/** glibc refuses at once (2.33, "CPU ISA level is lower than required"); elsewhere the first such instruction ends it. */
function isaFindings({ isaLevel, name }: Demands, cpu: IsaLevel): Problem[] {
  const place = { file: name };
  const level = `x86-64-v${isaLevel}`;
  if (isaLevel === 1) return [];
  if (cpu === undefined) return [warning("check-isa-level", place, { level })];
  return cpu >= isaLevel ? [] : [error("check-isa-level-missing", place, { level, cpu: `x86-64-v${cpu}` })];
}

/**
 * A loader that does not know DT_RELR leaves the words as they are and the program crashes. glibc has it since 2.36, where a
 * version that only new ones define is to keep old ones from trying; musl since 1.2.4.
 */
function relrFindings(demands: Demands, rules: LibraryRules): Problem[] {
  const { relr, name, file, needed } = demands;
  if (!relr) return [];
  const place = { file: name };
  const knows = rules.library === "glibc" ? atLeast(rules, "glibc", [2, 36]) : atLeast(rules, "musl", [1, 2, 4]);
  const since = rules.library === "glibc" ? "glibc 2.36" : "musl 1.2.4";
  const asks = file.versions.needs.some((it) => it.name === "GLIBC_ABI_DT_RELR");
  // With the version, its lack is what the loader complains about.
  if (!knows) return asks && rules.library === "glibc" ? [] : [error("check-relr-unknown", place, { since })];
  const needsLibc = needed.some((it) => /^libc\.so\./.test(it));
  if (rules.library === "musl" || asks || !needsLibc) return [];
  return [error("check-relr-without-version", place)];
}
