// Growing columns. A table that runs full grows by a factor, so that appending costs a constant amount on average.

/** Large steps: memory that is never touched costs nothing, copying does. */
const GROWTH = 4;

/** @returns `column` itself, or a copy of at least `needed` items that keeps the old ones. */
export function growUint8(column: Uint8Array, needed: number): Uint8Array {
  if (needed <= column.length) return column;
  const grown = new Uint8Array(Math.max(needed, column.length * GROWTH));
  grown.set(column);
  return grown;
}

export function growUint16(column: Uint16Array, needed: number): Uint16Array {
  if (needed <= column.length) return column;
  const grown = new Uint16Array(Math.max(needed, column.length * GROWTH));
  grown.set(column);
  return grown;
}

export function growInt32(column: Int32Array, needed: number): Int32Array {
  if (needed <= column.length) return column;
  const grown = new Int32Array(Math.max(needed, column.length * GROWTH));
  grown.set(column);
  return grown;
}

export function growUint32(column: Uint32Array, needed: number): Uint32Array {
  if (needed <= column.length) return column;
  const grown = new Uint32Array(Math.max(needed, column.length * GROWTH));
  grown.set(column);
  return grown;
}

export function growFloat64(column: Float64Array, needed: number): Float64Array {
  if (needed <= column.length) return column;
  const grown = new Float64Array(Math.max(needed, column.length * GROWTH));
  grown.set(column);
  return grown;
}
