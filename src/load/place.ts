// Where objects are mapped. The kernel decides; its choice can be given, imitated, or drawn at random with a seed so that
// it can be drawn again.

import { ET_EXEC } from "../elf/index.ts";
import type { LoaderMachine } from "./contract.ts";
import type { DynamicFile } from "./dynamic-file.ts";
import { PAGE, pageDown } from "./map.ts";
import type { LoadHost, ObjectKind } from "./objects.ts";

export interface Placement {
  /**
   * Addresses of first pages, as in /proc/PID/maps, by path: the object's name, its path with links resolved, or the last
   * part of its name. Objects that are not listed are placed as if the map were empty.
   */
  readonly given?: ReadonlyMap<string, number>;
  /** Draws addresses at random, the same for the same number (32 bits). Without: where Linux puts them without ASLR. */
  readonly seed?: number;
}

/** Where Linux puts a program that may lie anywhere, and the end of what is mapped below the stack, without ASLR. */
const ADDRESSES: Readonly<
  Record<LoaderMachine, { readonly program: number; readonly top: number; readonly entropy: number }>
> = {
  // ELF_ET_DYN_BASE; TASK_SIZE less the stack's gap and the vDSO's pages. 2^28 pages of mmap_rnd_bits, 2^8 for 32 bits.
  "x86-64": { program: 0x5555_5555_4000, top: 0x7fff_f7ff_f000, entropy: 28 },
  i386: { program: 0x5655_5000, top: 0xf7ff_d000, entropy: 8 },
};

/** Files from this size on are aligned to it, for pages of 2 MiB (Linux mm/huge_memory.c, thp_get_unmapped_area). */
const HUGE_PAGE = 0x20_0000;

/** Makes the function that places a process's objects, each below the one before. */
export function placer(machine: LoaderMachine, { given, seed }: Placement): LoadHost["place"] {
  const { program, top, entropy } = ADDRESSES[machine];
  const random = seed === undefined ? undefined : generator(seed);
  const shift = (): number => (random === undefined ? 0 : Math.floor(random() * 2 ** entropy) * PAGE);
  const programStart = program + shift();
  let next = top - shift();
  return (file: DynamicFile, name: string, kind: ObjectKind, bytes: number): number => {
    const known = given?.get(name) ?? given?.get(file.realPath) ?? given?.get(name.slice(name.lastIndexOf("/") + 1));
    if (known !== undefined) return pageDown(known);
    if (file.elf.header.type === ET_EXEC) return file.loads.length === 0 ? 0 : pageDown(file.loads[0].address);
    if (kind === "program") return programStart;
    const align = largestAlignment(file, bytes);
    next = Math.floor((next - bytes) / align) * align;
    return next;
  };
}

function largestAlignment(file: DynamicFile, bytes: number): number {
  let align = bytes >= HUGE_PAGE ? HUGE_PAGE : PAGE;
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
