// A tar archive, as POSIX has it (pax, IEEE Std 1003.1-2017, "pax Interchange Format"): the same files give the same bytes,
// whoever packs them and when.
//
//   header 512 │ contents, filled up to 512 │ header │ … │ 1024 zeros

export interface TarFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const encoder = new TextEncoder();

export function tarArchive(files: readonly TarFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, bytes } of files) {
    const name = encoder.encode(path);
    // A name that does not fit in the header's 100 bytes goes into an extended header in front.
    if (name.length > 100) {
      const record = extendedRecord("path", path);
      parts.push(header(encoder.encode("PaxHeaders/path"), record.length, "x"), ...filled(record));
    }
    parts.push(header(name.subarray(0, 100), bytes.length, "0"), ...filled(bytes));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const archive = new Uint8Array(parts.reduce((sum, it) => sum + it.length, 0));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

function filled(bytes: Uint8Array): Uint8Array[] {
  const rest = bytes.length % BLOCK;
  return rest === 0 ? [bytes] : [bytes, new Uint8Array(BLOCK - rest)];
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function extendedRecord(key: string, value: string): Uint8Array {
  const rest = ` ${key}=${value}\n`;
  const bytes = encoder.encode(rest).length;
  let length = bytes + String(bytes).length;
  if (String(length).length > String(bytes).length) length++;
  return encoder.encode(`${length}${rest}`);
}

/** @param type "0" for a file, "x" for an extended header */
function header(name: Uint8Array, size: number, type: "0" | "x"): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string): void => block.set(encoder.encode(value), at);
  const octal = (at: number, value: number, digits: number): void => text(at, value.toString(8).padStart(digits, "0"));
  block.set(name);
  octal(100, 0o644, 7);
  octal(108, 0, 7);
  octal(116, 0, 7);
  octal(124, size, 11);
  octal(136, 0, 11);
  text(148, "        ");
  text(156, type);
  text(257, "ustar\0");
  text(263, "00");
  octal(
    148,
    block.reduce((sum, byte) => sum + byte, 0),
    6,
  );
  block.set([0, 0x20], 154);
  return block;
}
