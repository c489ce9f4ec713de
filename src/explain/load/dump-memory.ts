// The plain format of `solder load --dump`: what anyone needs to compare simulated memory with a real process's.
//
//   solder memory 1\n
//   START LENGTH OBJECT\n        numbers in hexadecimal with 0x; the object's path is the rest of the line
//   LENGTH bytes, and \n
//   … once for each region of each object, in the order of loading

import type { LoadedProcess } from "../../load/index.ts";

/** The parts of the file, in order. Memory must be there (`processMemory`). */
export function* memoryDump(task: LoadedProcess): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode("solder memory 1\n");
  for (const object of task.objects) {
    for (const { start, end, bytes } of object.regions ?? []) {
      yield encoder.encode(`0x${start.toString(16)} 0x${(end - start).toString(16)} ${object.name}\n`);
      yield bytes.subarray(0, end - start);
      // Untouched memory, and what lies behind the end of a short file, is zero.
      yield* zeros(end - start - Math.min(bytes.length, end - start));
      yield encoder.encode("\n");
    }
  }
}

const ZEROS = new Uint8Array(0x10000);

function* zeros(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}

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
