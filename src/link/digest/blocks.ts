// What MD5, SHA-1 and SHA-256 have in common: blocks of 64 bytes, the last of them padded with a bit, zeros and the length.

/**
 * Digests all of `bytes`.
 * @param state the initial one; it is changed  @param words room for a block's 16 words and what `addBlock` adds to them
 * @param bigEndian words have their highest byte first: SHA's have, MD5's have not
 * @returns the final state as bytes
 */
export function digestBlocks(
  bytes: Uint8Array,
  state: Int32Array,
  words: Int32Array,
  bigEndian: boolean,
  addBlock: (state: Int32Array, words: Int32Array) => void,
): Uint8Array {
  for (const part of [bytes, paddedTail(bytes, bigEndian)]) {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    for (let at = 0; at + 64 <= part.length; at += 64) {
      for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i, !bigEndian);
      addBlock(state, words);
    }
  }
  return stateBytes(state, bigEndian);
}

/**
 * The end of the message from its last whole block on, padded to one or two blocks.
 * @param bigEndian the length in bits has its highest byte first
 */
function paddedTail(bytes: Uint8Array, bigEndian: boolean): Uint8Array {
  const rest = bytes.length % 64;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(bytes.subarray(bytes.length - rest));
  tail[rest] = 0x80;
  const view = new DataView(tail.buffer);
  const lengthAt = tail.length - 8;
  const low = (bytes.length << 3) >>> 0;
  const high = Math.floor(bytes.length / 2 ** 29);
  view.setUint32(bigEndian ? lengthAt + 4 : lengthAt, low, !bigEndian);
  view.setUint32(bigEndian ? lengthAt : lengthAt + 4, high, !bigEndian);
  return tail;
}

/** The state as the digest's bytes. */
function stateBytes(state: Int32Array, bigEndian: boolean): Uint8Array {
  const digest = new Uint8Array(4 * state.length);
  const view = new DataView(digest.buffer);
  for (let i = 0; i < state.length; i++) view.setInt32(4 * i, state[i], !bigEndian);
  return digest;
}
