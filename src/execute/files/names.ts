// Names are bytes to the kernel. Here they are strings with a character a byte, so that every name is kept as it is; where text
// comes in or goes out it is UTF-8.

/** Text as bytes in UTF-8, a character a byte. */
export function bytesOfText(text: string): string {
  if (isPlain(text)) return text;
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** The text that the bytes are in UTF-8. */
export function textOfBytes(bytes: string): string {
  return isPlain(bytes) ? bytes : new TextDecoder().decode(toBytes(bytes));
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
