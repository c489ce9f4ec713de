// Which worker is needed: the usual one knows x86, another all machines.

/** EM_386 and EM_X86_64. */
const X86: readonly number[] = [3, 62];
/** Members that are looked at before a file is taken for one of x86: the index and names of an archive come first. */
const FEW = 6;
const MEMBER_HEADER = 60;

/** Is this an ELF file of another machine than x86, or an archive of such? */
export async function isOfOtherMachine(file: Blob): Promise<boolean> {
  const start = await bytesOf(file, 0, 20);
  if (textOf(start, 0, 8) !== "!<arch>\n") return isOther(start);
  for (let at = 8, tried = 0; tried < FEW; tried++) {
    const header = await bytesOf(file, at, at + MEMBER_HEADER + 20);
    if (header.length < MEMBER_HEADER + 20) return false;
    const contents = header.subarray(MEMBER_HEADER);
    if (isElf(contents)) return isOther(contents);
    // ar_size stands at 48, ten digits; members begin at even offsets.
    const size = Number(textOf(header, 48, 58));
    if (!Number.isSafeInteger(size)) return false;
    at += MEMBER_HEADER + size + (size % 2);
  }
  return false;
}

async function bytesOf(file: Blob, from: number, to: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(from, to).arrayBuffer());
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 20 && textOf(bytes, 0, 4) === "\x7fELF";
}

/** EI_DATA is byte 5, e_machine stands at 18. */
function isOther(bytes: Uint8Array): boolean {
  if (!isElf(bytes)) return false;
  return !X86.includes(bytes[5] === 2 ? bytes[18] * 256 + bytes[19] : bytes[18] + bytes[19] * 256);
}
