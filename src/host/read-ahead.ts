// Reads the files of a large link in a second thread, before the linker asks for them: copying 700 MB out of the page cache
// takes half a second in which the first thread can resolve symbols. The threads share the bytes and one word a file that
// says who reads it: whoever claims a file first does. So nothing is lost where no second thread runs.

import * as fs from "node:fs";

/** Below this many bytes a thread costs more than it saves: starting one takes 30 ms. */
const WORTHWHILE = 0x4000000;

/** State of a file: nobody's, being read, read. `readFiles`, which runs without this module, has the same numbers. */
const CLAIMED = 1;

export interface ExpectedFile {
  readonly path: string;
  /** Bytes, as stat(2) had it. */
  readonly size: number;
}

/** What the threads share. */
export interface ReadAhead {
  readonly paths: readonly string[];
  /** All files' bytes, and where each file's begin; one start more than there are files. */
  readonly bytes: Uint8Array;
  readonly starts: Float64Array;
  /** How many bytes were expected; then how many there were, -1 if the file could not be read. */
  readonly lengths: Float64Array;
  readonly states: Int32Array;
}

/**
 * Starts reading in the order given; undefined if that is not worth a thread.
 * @param files regular files, each once
 */
export function readAhead(files: readonly ExpectedFile[]): ReadAhead | undefined {
  const starts = new Float64Array(files.length + 1);
  const lengths = new Float64Array(new SharedArrayBuffer(files.length * 8));
  files.forEach(({ size }, i) => {
    lengths[i] = size;
    // Each file starts on a cache line of its own.
    starts[i + 1] = (starts[i] ?? 0) + Math.ceil(size / 64) * 64;
  });
  const total = starts[files.length] ?? 0;
  if (total < WORTHWHILE) return undefined;
  const ahead: ReadAhead = {
    paths: files.map(({ path }) => path),
    bytes: new Uint8Array(new SharedArrayBuffer(total)),
    starts,
    lengths,
    states: new Int32Array(new SharedArrayBuffer(files.length * 4)),
  };
  startThread(ahead);
  return ahead;
}

/** The bytes of the file of this index, undefined if it cannot be read. Waits if the second thread has just begun it. */
export function takeFile(ahead: ReadAhead, index: number): Uint8Array | undefined {
  const { bytes, starts, lengths, states } = ahead;
  readFiles(fs, ahead, index, index + 1);
  Atomics.wait(states, index, CLAIMED);
  const start = starts[index] ?? 0;
  const length = lengths[index] ?? -1;
  return length < 0 ? undefined : bytes.subarray(start, start + length);
}

/** The thread gets its program as text, so that it is there however this module is packaged. It ends by itself. */
function startThread(ahead: ReadAhead): void {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const program = `const { workerData } = require("node:worker_threads");
    (${readFiles.toString()})(require("node:fs"), workerData, 0, workerData.paths.length);`;
  const thread = new Worker(program, { eval: true, workerData: ahead });
  // A thread that cannot run claims nothing: the first one reads everything.
  thread.on("error", () => undefined);
  thread.unref();
}

/** Reads those of the files from `first` up to `end` that nobody has claimed. Uses nothing but its parameters. */
function readFiles(system: typeof fs, ahead: ReadAhead, first: number, end: number): void {
  const { paths, bytes, starts, lengths, states } = ahead;
  for (let i = first; i < end; i++) {
    if (Atomics.compareExchange(states, i, 0, 1) !== 0) continue;
    const expected = lengths[i] ?? 0;
    let length = 0;
    try {
      const file = system.openSync(paths[i] ?? "", "r");
      while (length < expected) {
        const count = system.readSync(file, bytes, (starts[i] ?? 0) + length, expected - length, null);
        if (count === 0) break;
        length += count;
      }
      system.closeSync(file);
    } catch {
      length = -1;
    }
    lengths[i] = length;
    Atomics.store(states, i, 2);
    Atomics.notify(states, i);
  }
}
