// The plain format of `solder load --dump`: what anyone needs to compare simulated memory with a real process's.
//
//   solder memory 1\n
//   START LENGTH OBJECT\n        numbers in hexadecimal with 0x; the object's path is the rest of the line
//   LENGTH bytes, and \n
//   … once for each region of each object, in the order of loading

import { type LoadedProcess, readMemory } from "../../load/index.ts";

/** The parts of the file, in order. Memory must be there (`processMemory`). */
export function* memoryDump(task: LoadedProcess): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode("solder memory 1\n");
  for (const object of task.objects) {
    for (const region of object.regions ?? []) {
      const { start, end } = region;
      yield encoder.encode(`0x${start.toString(16)} 0x${(end - start).toString(16)} ${object.name}\n`);
      for (let at = start; at < end; at += PART) {
        const part = new Uint8Array(Math.min(PART, end - at));
        readMemory([region], at, part);
        yield part;
      }
      yield encoder.encode("\n");
    }
  }
}

/** Bytes that are written at once. */
const PART = 0x10_0000;

/**
 * Load addresses out of text in the form of /proc/PID/maps: the lowest address of each path.
 * @returns undefined if a line has another form
 */
export function basesOfMaps(text: string): Map<string, number> | undefined {
  const bases = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [, start, path] = /^([0-9a-f]+)-[0-9a-f]+ \S{4} [0-9a-f]+ \S+ \d+ *(.*)$/.exec(line) ?? [];
    if (start === undefined || path === undefined) return undefined;
    const address = Number.parseInt(start, 16);
    // [stack] and the like are no files.
    if (path.startsWith("/") && !(bases.get(path) !== undefined && (bases.get(path) ?? 0) <= address))
      bases.set(path, address);
  }
  return bases;
}
