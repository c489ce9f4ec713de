// Bytes of a Blob, at once: workers may wait for them.

interface SyncReader {
  readonly FileReaderSync: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };
}

export function readBlob(blob: Blob, from: number, to: number): Uint8Array {
  const { FileReaderSync } = globalThis as unknown as SyncReader;
  return new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(from, to)));
}
