// Entries of relocation sections as bytes, for those that copy them from the inputs (-r and --emit-relocs).

/** Adds to all 64 bits: addends may be any constants. */
export function copyAddend(out: DataView, to: number, view: DataView, at: number, shift: number): void {
  const low = view.getUint32(at, true) + shift;
  out.setInt32(to, low | 0, true);
  out.setInt32(to + 4, view.getInt32(at + 4, true) + Math.floor(low / 0x100000000), true);
}

/** GNU ld sorts what compilers that write cold code first leave out of order. Equal offsets stay in their order. */
export function sortByOffset(view: DataView, from: number, to: number, entry: number): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const before = bytes.slice(from, to);
  const offsets = new DataView(before.buffer);
  const order = Array.from({ length: before.length / entry }, (_, i) => i * entry);
  order.sort((a, b) => offsets.getUint32(a, true) - offsets.getUint32(b, true));
  order.forEach((at, i) => {
    bytes.set(before.subarray(at, at + entry), from + i * entry);
  });
}
