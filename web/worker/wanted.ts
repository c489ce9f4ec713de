// Parts of the page that a worker finds out it needs while it answers. The question is given up, the page hands the part in, and asks again.

/** Thrown where a part is missing. */
export class Wanted extends Error {
  readonly part: "zstd";

  constructor(part: "zstd") {
    super(`${part} is wanted`);
    this.part = part;
  }
}

/** @throws Wanted */
export function zstd(bytes: Uint8Array, size: number): Uint8Array | undefined {
  if (globalThis.solderZstd === undefined) throw new Wanted("zstd");
  return globalThis.solderZstd(bytes, size);
}
