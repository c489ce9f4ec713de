// Names in ELF files and archives are bytes that end with a NUL. They stay byte ranges until somebody looks at one; this
// file is where bytes become text. Names are UTF-8 by convention; a name that is not still gets a readable text.

const decoder = new TextDecoder();

/** The text of `bytes` from `start` up to `end` (not included). Both must lie in `bytes`. Bytes that are not UTF-8 become U+FFFD. */
export function textBetween(bytes: Uint8Array, start: number, end: number): string {
  // A browser's TextDecoder refuses views of shared memory. Everywhere else a copy would be half of the time.
  return decoder.decode(isShared(bytes) ? bytes.slice(start, end) : bytes.subarray(start, end));
}

/** Browsers have shared memory only where a page is isolated. */
const isShared: (bytes: Uint8Array) => boolean =
  typeof SharedArrayBuffer === "undefined" ? () => false : ({ buffer }) => buffer instanceof SharedArrayBuffer;

const encoder = new TextEncoder();

/** A text in UTF-8. Names are short and ASCII, and done before TextEncoder has been called. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return encoder.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** Where the NUL at or after `start` stands, or `end` if there is none before it. */
export function endOfName(bytes: Uint8Array, start: number, end: number): number {
  // Names are short: the loop is done before a view of the bytes would be made.
  for (let at = start; at < end; at++) if (bytes[at] === 0) return at;
  return Math.max(start, end);
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
