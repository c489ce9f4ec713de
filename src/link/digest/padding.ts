// What MD5, SHA-1 and SHA-256 have in common: blocks of 64 bytes, the last of them padded with a bit, zeros and the length.

/**
 * The end of the message from its last whole block on, padded to one or two blocks.
 * @param bigEndianLength SHA writes the length in bits with the highest byte first, MD5 with the lowest
 */
export function paddedTail(bytes: Uint8Array, bigEndianLength: boolean): Uint8Array {
  const rest = bytes.length % 64;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(bytes.subarray(bytes.length - rest));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  const lengthAt = tail.length - 8;
  const low = (bytes.length << 3) >>> 0;
  const high = Math.floor(bytes.length / 2 ** 29);
  view.setUint32(bigEndianLength ? lengthAt + 4 : lengthAt, low, !bigEndianLength);
  view.setUint32(bigEndianLength ? lengthAt : lengthAt + 4, high, !bigEndianLength);
  return tail;
}

/** The state as the digest's bytes. */
export function stateBytes(state: Int32Array, bigEndian: boolean): Uint8Array {
  const digest = new Uint8Array(4 * state.length);
  const view = new DataView(digest.buffer);
  for (let i = 0; i < state.length; i++) view.setInt32(4 * i, state[i], !bigEndian);
  return digest;
}
