// Loads relocatable objects into simulated memory, as a just-in-time linker would: places their sections, gives every symbol
// its value across all of them, and applies their relocations. Nothing is linked: no output file, no layout but the given.

import type { TlsFacts } from "../../arch/index.ts";
import { error, type Place, type Problem } from "../../elf/problem.ts";
import { applyRelocations } from "./apply.ts";
import type { AppliedRelocation, LoadedObjects, ObjectTls, PlacedObject, RelocatableInput } from "./model.ts";
import { alignUp, placeObjects } from "./place.ts";
import { resolveObjects, type TlsBlock } from "./resolve.ts";
import { createSlots } from "./slots.ts";

export interface ObjectsLoaded extends LoadedObjects {
  /** The initialized part of the thread-local block, and how the block is aligned. */
  readonly tlsImage: Uint8Array;
  readonly tlsAlignment: number;
  /** What kept a relocation from being applied, and files that are no objects. */
  readonly problems: readonly Problem[];
}

/**
 * Places, resolves and relocates.
 * @param inputs ELF relocatable objects of one machine, in any order
 */
export function loadObjects(inputs: readonly RelocatableInput[]): ObjectsLoaded {
  const problems: Problem[] = [];
  const report = (problem: Problem): void => {
    problems.push(problem);
  };
  const placements = placeObjects(inputs, report);
  const { values, globals, tls } = resolveObjects(placements, report);
  const missing = new Map<string, Place[]>();
  const objects: PlacedObject[] = [];
  const relocations: AppliedRelocation[] = [];
  for (const placement of placements) {
    const slots = createSlots(placement);
    const object: PlacedObject = { ...placement, values: values.get(placement) ?? [], slots };
    objects.push(object);
    const tlsPlaces = placesInTls(object.machine.tls, tls);
    for (const one of applyRelocations({ object, slots, tls: tlsPlaces, report, missing })) relocations.push(one);
  }
  for (const [symbol, references] of missing) {
    report(error("undefined-symbol", references[0] ?? {}, { symbol, references }));
  }
  return {
    objects,
    relocations,
    globals,
    tlsBytes: tls.bytes,
    tlsImage: tlsImage(tls),
    tlsAlignment: tls.alignment,
    problems,
  };
}

/** What a thread's block begins with, relocated: .tdata of all objects. Zeros follow. */
function tlsImage({ offsets }: TlsBlock): Uint8Array {
  const parts = [...offsets].flatMap(([{ sections }, own]) =>
    [...own].map(([index, offset]) => ({ offset, bytes: sections[index]?.memory ?? new Uint8Array(0) })),
  );
  const filled = parts.filter(({ bytes }) => bytes.length > 0);
  const image = new Uint8Array(Math.max(0, ...filled.map(({ offset, bytes }) => offset + bytes.length)));
  for (const { offset, bytes } of filled) image.set(bytes, offset);
  return image;
}

/** Where a linked program's thread pointer would be, seen from its block. */
function placesInTls({ variant, tcbBytes, tpBias, dtpBias }: TlsFacts, { bytes, alignment }: TlsBlock): ObjectTls {
  const threadPointer = variant === 2 ? bytes : tpBias - alignUp(tcbBytes, alignment);
  return { bytes, threadPointer, dtpBias };
}
