// Bytes of a Blob, at once: workers may wait for them.

interface SyncReader {
  readonly FileReaderSync: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };
}

export function readBlob(blob: Blob, from: number, to: number): Uint8Array {
  const { FileReaderSync } = globalThis as unknown as SyncReader;
  try {
    return new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(from, to)));
  } catch (cause) {
    // The browser lends a file as it was; what a build has written since is another.
    throw new Error(
      `${(blob as Partial<File>).name ?? "a file"} has changed or gone since it was given: give it again`,
      {
        cause,
      },
    );
  }
}
