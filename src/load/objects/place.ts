// Where objects are mapped. The kernel decides; its choice can be given, imitated, or drawn at random with a seed so that
// it can be drawn again.

import { ET_EXEC, error, type Problem } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { LOADER_RECORDS } from "../machines/index.ts";
import type { LoaderMachine } from "../settings/contract.ts";
import { pageDown, pageUp } from "./map.ts";
import type { LoadedObject, LoadHost } from "./objects.ts";

export interface Placement {
  /**
   * Addresses of first pages, as in /proc/PID/maps, by path: the object's name, its path with links resolved, or the last
   * part of its name. Objects that are not listed are placed as if the map were empty.
   */
  readonly given?: ReadonlyMap<string, number>;
  /** Draws addresses at random, the same for the same number (32 bits). Without: where Linux puts them without ASLR. */
  readonly seed?: number;
}

/** vm.mmap_min_addr. */
const LOWEST = 0x1_0000;

/** Files from this size on are aligned to it, for pages of 2 MiB (Linux mm/huge_memory.c, thp_get_unmapped_area). */
const HUGE_PAGE = 0x20_0000;

/** Makes the function that places a process's objects. @param libraryCacheBytes size of ld.so.cache */
export function placer(
  machine: LoaderMachine,
  { given, seed }: Placement,
  pageSize: number,
  libraryCacheBytes: () => number,
): LoadHost["place"] {
  const { space } = LOADER_RECORDS[machine];
  const random = seed === undefined ? undefined : generator(seed);
  const shift = (): number => (random === undefined ? 0 : Math.floor(random() * 2 ** space.entropy) * pageSize);
  const programStart = pageDown(space.program, pageSize) + shift();
  const gaps: Gap[] = [{ start: LOWEST, end: pageDown(space.top, pageSize) - shift() }];
  let cacheMapped = false;
  return (file, name, kind, bytes, rule) => {
    const known = givenFor(given, name, file);
    const usual = kind === "program" && !isAlone(file) ? programStart : undefined;
    const chosen = linkedFor(file, pageSize) ?? known ?? usual;
    if (chosen !== undefined) {
      const start = pageDown(chosen, pageSize);
      removeFrom(gaps, start, start + bytes);
      return start;
    }
    if (rule === "cache" && !cacheMapped) {
      cacheMapped = true;
      takeHighest(gaps, pageUp(libraryCacheBytes(), pageSize), pageSize, pageSize);
    }
    const start = takeHighest(gaps, bytes, alignmentOf(file, bytes, pageSize), pageSize);
    if (kind === "loader") {
      takeHighest(gaps, pageUp(space.kernel, pageSize), pageSize, pageSize);
      takeHighest(gaps, pageUp(space.loader, pageSize), pageSize, pageSize);
    }
    return start;
  };
}

/** A static PIE: for the kernel it may be a dynamic linker, and goes where those go (fs/binfmt_elf.c). */
function isAlone({ pie, interpreter }: DynamicFile): boolean {
  return pie && interpreter === undefined;
}

/** The address given for an object: by its name, its path with links resolved, or the last part of its name. */
function givenFor(given: Placement["given"], name: string, file: DynamicFile): number | undefined {
  return given?.get(name) ?? given?.get(file.realPath) ?? given?.get(name.slice(name.lastIndexOf("/") + 1));
}

/** Where a file that is not position-independent has to be. */
function linkedFor({ elf, loads }: DynamicFile, pageSize: number): number | undefined {
  return elf.header.type === ET_EXEC && loads.length > 0 ? pageDown(loads[0].address, pageSize) : undefined;
}

/** What is wrong with the addresses that were given. */
export function placementProblems(
  machine: LoaderMachine,
  { given }: Placement,
  objects: readonly LoadedObject[],
): Problem[] {
  if (given === undefined) return [];
  const problems: Problem[] = [];
  const limit = LOADER_RECORDS[machine].space.end;
  const baseOf = ({ name, file }: LoadedObject): number | undefined => givenFor(given, name, file);
  for (const object of objects) {
    const { name, start, end } = object;
    const base = baseOf(object);
    if (base === undefined) continue;
    const isPage = base === pageDown(base, object.pageSize);
    if (base !== start && isPage) problems.push(error("base-not-movable", { file: name }, { address: start, base }));
    if (base !== start && !isPage)
      problems.push(error("base-not-page", { file: name }, { base, page: object.pageSize, start }));
    if (end > limit) problems.push(error("base-beyond-memory", { file: name }, { machine, start, end, limit }));
    const other = objects.find(
      (it) => it !== object && it.start < end && start < it.end && !(baseOf(it) !== undefined && it.id > object.id),
    );
    if (other !== undefined)
      problems.push(error("objects-overlap", { file: name }, { other: other.name, base: start, end: other.end }));
  }
  return problems;
}

/** Addresses that nothing has yet. */
interface Gap {
  readonly start: number;
  readonly end: number;
}

/**
 * Takes the highest place that fits, as Linux does: what is to be aligned is looked for with room for the alignment.
 * @param gaps from the highest to the lowest
 */
function takeHighest(gaps: Gap[], bytes: number, alignment: number, pageSize: number): number | undefined {
  const room = alignment > pageSize ? bytes + alignment : bytes;
  const index = gaps.findIndex(({ start, end }) => end - start >= room);
  if (index < 0) return undefined;
  const gap = gaps[index];
  const lowest = gap.end - room;
  const start = alignment > pageSize ? lowest + (alignment - (lowest % alignment)) : lowest;
  const above = { start: start + bytes, end: gap.end };
  const below = { start: gap.start, end: start };
  gaps.splice(index, 1, ...[above, below].filter((part) => part.end > part.start));
  return start;
}

/** These addresses are somebody's. */
function removeFrom(gaps: Gap[], start: number, end: number): void {
  const rest = gaps.flatMap((gap) => [
    { start: Math.max(gap.start, end), end: gap.end },
    { start: gap.start, end: Math.min(gap.end, start) },
  ]);
  gaps.splice(0, gaps.length, ...rest.filter((part) => part.end > part.start));
}

function alignmentOf(file: DynamicFile, bytes: number, pageSize: number): number {
  let align = bytes >= HUGE_PAGE ? HUGE_PAGE : pageSize;
  for (const { alignment } of file.loads) if (alignment > align && alignment <= 0x4000_0000) align = alignment;
  return align;
}

/** Numbers from 0 to 1 (mulberry32, by Tommy Ettinger, public domain): good enough to spread addresses. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
