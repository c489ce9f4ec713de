// Names are bytes to the kernel. Here they are strings with a character a byte, so that every name is kept as it is; where text
// comes in or goes out it is UTF-8, and what is none goes out and comes in again.

/** Text as bytes in UTF-8, a character a byte; U+DC80 to U+DCFF outside of pairs are the bytes 0x80 to 0xff. */
export function bytesOfText(text: string): string {
  if (isPlain(text)) return text;
  let bytes = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPES && code <= ESCAPES + 0xff) bytes += String.fromCharCode(code - ESCAPES);
    else bytes += code < 0x80 ? character : fromBytes(encoder.encode(character));
  }
  return bytes;
}

/**
 * The text that the bytes are in UTF-8. A byte that is none of UTF-8 becomes half of a surrogate pair, as Python has it (PEP 383,
 * surrogateescape), from which `bytesOfText` makes the byte again.
 */
export function textOfBytes(bytes: string): string {
  if (isPlain(bytes)) return bytes;
  const whole = toBytes(bytes);
  const decoded = decode(whole);
  if (decoded !== undefined) return decoded;
  let text = "";
  for (let at = 0; at < whole.length; ) {
    const length = lengthOf(whole[at]);
    const part = length === 0 ? undefined : decode(whole.subarray(at, at + length));
    text += part ?? String.fromCharCode(ESCAPES + whole[at]);
    at += part === undefined ? 1 : length;
  }
  return text;
}

const ESCAPES = 0xdc00;
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined where it is not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of a character by its first; 0: no character begins so. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  return first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? (first < 0xf0 ? 3 : 0) : first >= 0xc2 ? 2 : 0;
}

/** A character a byte, as bytes. */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Bytes as a string, a character a byte. */
export function fromBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x2000) text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  return text;
}

function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
