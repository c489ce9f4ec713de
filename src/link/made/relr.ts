// .relr.dyn (-z pack-relative-relocs): addresses of words to which the loader adds the load base, two words or less for
// every 63 neighbours. elf/relocations.ts reads it. An even word is an address; each odd word after it is a bitmap of the
// words that follow (gABI, "Relative Relocation Table").

/** A bitmap without a relocation: fills a section that turned out larger than its contents. */
const NOTHING = 1;

/**
 * Packs relative relocations.
 * @param addresses where they apply: ascending, each once, all even (an odd one cannot be packed: use a plain relocation)
 * @param count how many of `addresses` are meant  @param wordBytes the machine's word
 * @param atLeast pads the result to this many bytes, a multiple of `wordBytes`: for a section that must not shrink again
 * @returns contents of .relr.dyn, little endian
 */
export function encodeRelr(addresses: Float64Array, count: number, wordBytes: 4 | 8, atLeast = 0): Uint8Array {
  const bitmapWords = 8 * wordBytes - 1;
  // Lower and upper halves of the words.
  const low = new Uint32Array(count);
  const high = new Uint32Array(count);
  let words = 0;
  let next = 0;
  while (next < count) {
    const address = addresses[next++];
    low[words] = address % 2 ** 32;
    high[words++] = address / 2 ** 32;
    for (let base = address + wordBytes; next < count; base += bitmapWords * wordBytes) {
      let lowBits = 1;
      let highBits = 0;
      const first = next;
      for (; next < count; next++) {
        const index = (addresses[next] - base) / wordBytes;
        if (index < 0 || index >= bitmapWords || !Number.isInteger(index)) break;
        if (index < 31) lowBits |= 2 << index;
        else highBits |= 1 << (index - 31);
      }
      // Too far for this bitmap, or not a whole number of words away: goes on from an address of its own.
      if (next === first) break;
      low[words] = lowBits;
      high[words++] = highBits;
    }
  }
  return relrBytes(low, high, words, wordBytes, Math.max(words, atLeast / wordBytes));
}

function relrBytes(low: Uint32Array, high: Uint32Array, words: number, wordBytes: 4 | 8, total: number): Uint8Array {
  const bytes = new Uint8Array(total * wordBytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < total; i++) {
    view.setUint32(i * wordBytes, i < words ? low[i] : NOTHING, true);
    if (wordBytes === 8 && i < words) view.setUint32(i * wordBytes + 4, high[i], true);
  }
  return bytes;
}
