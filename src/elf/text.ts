// Names in ELF files and archives are bytes that end with a NUL. They stay byte ranges until somebody looks at one; this
// file is where bytes become text. Names are UTF-8 by convention; a name that is not still gets a readable text.

const decoder = new TextDecoder();

/** The text of `bytes` from `start` up to `end` (not included). Both must lie in `bytes`. Bytes that are not UTF-8 become U+FFFD. */
export function textBetween(bytes: Uint8Array, start: number, end: number): string {
  // A copy, because a browser's TextDecoder refuses views of shared memory.
  return decoder.decode(bytes.slice(start, end));
}

/** Where the NUL at or after `start` stands, or `end` if there is none before it. */
export function endOfName(bytes: Uint8Array, start: number, end: number): number {
  const length = bytes.subarray(start, end).indexOf(0);
  return length < 0 ? Math.max(start, end) : start + length;
}

/** The name that starts at `start` and ends before the first NUL, or before `end` if there is none. */
export function nameAt(bytes: Uint8Array, start: number, end: number): string {
  return textBetween(bytes, start, endOfName(bytes, start, end));
}

/** Do the bytes at `at` spell `ascii`? */
export function startsWith(bytes: Uint8Array, at: number, ascii: string): boolean {
  if (at + ascii.length > bytes.length) return false;
  for (let i = 0; i < ascii.length; i++) if (bytes[at + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

/** Where an ASCII text first stands at or after `from`; -1 if nowhere. */
export function findText(bytes: Uint8Array, text: string, from = 0): number {
  const [first, second] = [text.charCodeAt(0), text.charCodeAt(1)];
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (bytes[at + 1] === second && startsWith(bytes, at, text)) return at;
  }
  return -1;
}
