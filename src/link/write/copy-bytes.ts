// Copies bytes from an input to the image.

/** Below this many bytes a loop is faster than making a view to copy from. */
const SMALL = 256;

/** @param source over `bytes`  @param target over `image` */
export function copyBytes(
  bytes: Uint8Array,
  source: DataView,
  from: number,
  size: number,
  image: Uint8Array,
  target: DataView,
  to: number,
): void {
  if (size > SMALL) {
    image.set(bytes.subarray(from, from + size), to);
    return;
  }
  let i = 0;
  for (; i + 4 <= size; i += 4) target.setInt32(to + i, source.getInt32(from + i, true), true);
  for (; i < size; i++) target.setUint8(to + i, source.getUint8(from + i));
}
