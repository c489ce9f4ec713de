// What client and server of a link say to each other; src/client/client.s has the other end. Numbers are little-endian.
//
//   server   'g'                                                     free: go on (nothing is said while a link runs)
//   client   header of 16 words of 64 bits, groups of 32 bits each, texts with a NUL behind each:
//            working directory, arguments (the program's name first), variables of the environment
//   server   32 bits what to do, 32 bits exit status, 64 bits length of the rest; for each text to write out:
//            32 bits number of the file (1 or 2), 32 bits length, the text

export interface LinkRequest {
  readonly pid: number;
  readonly umask: number;
  readonly directory: string;
  /** As it was started: a path, perhaps. */
  readonly program: string;
  readonly args: readonly string[];
  /** The variables that a linker reads, and no others. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether standard output and standard error are terminals. */
  readonly terminal: { readonly out: boolean; readonly err: boolean };
  readonly caller: Surroundings;
}

/** What must be the same for two processes to see the same files under the same rights. */
export interface Surroundings {
  readonly group: number;
  /** In ascending order. */
  readonly groups: readonly number[];
  /** Device and inode of the root directory, inodes of the namespaces of mounts, processes and users. */
  readonly places: readonly bigint[];
}

export interface LinkAnswer {
  readonly status: number;
  readonly said: readonly Said[];
}

export interface Said {
  readonly file: 1 | 2;
  readonly text: Uint8Array;
}

/** What a server says when it is free. */
export const GO = "g";

const HEADER = 128;
/** Little-endian "SOLDER 1": the number of this format. */
const MAGIC = 0x31205245444c4f53n;
/** Linux has 2 MiB of arguments and environment at most by default, and 6 MiB where the stack is large. */
const LARGEST = 16 << 20;

/** How many bytes a request has that begins so; 0 while that is not known, undefined if this is no request. */
export function requestLength(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER) return 0;
  const length = bytes.readBigUInt64LE(0);
  return bytes.readBigUInt64LE(8) === MAGIC && length <= LARGEST && length > HEADER ? Number(length) : undefined;
}

/** Undefined if it does not hold together. Paths that are no UTF-8 are none that this process could open: undefined as well. */
export function parseRequest(bytes: Buffer): LinkRequest | undefined {
  const word = (index: number): bigint => bytes.readBigUInt64LE(index * 8);
  const small = (index: number): number => Number(word(index));
  const [argumentCount, variableCount, groupCount] = [small(12), small(13), small(14)];
  const start = HEADER + groupCount * 4;
  if (start > bytes.length) return undefined;
  const groups = Array.from({ length: groupCount }, (_, i) => bytes.readUInt32LE(HEADER + i * 4));
  const text = decode(bytes.subarray(start));
  const [directory = "", ...words] = text?.split("\0") ?? [];
  if (words.length !== argumentCount + variableCount + 1 || argumentCount === 0) return undefined;
  const [program = "", ...args] = words.slice(0, argumentCount);
  const variables = words.slice(argumentCount, argumentCount + variableCount);
  return {
    pid: small(2),
    umask: small(3),
    directory,
    program,
    args,
    // The first of two of one name counts, as for getenv(3).
    env: Object.fromEntries(variables.reverse().map((it) => splitVariable(it))),
    terminal: { out: word(10) === 1n, err: word(11) === 1n },
    caller: { group: small(4), groups: groups.sort((a, b) => a - b), places: [5, 6, 7, 8, 9].map(word) },
  };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function splitVariable(variable: string): [name: string, value: string] {
  const at = variable.indexOf("=");
  return [variable.slice(0, at), variable.slice(at + 1)];
}

/** Without an answer the client is told to run the plain command. */
export function encodeAnswer(answer: LinkAnswer | undefined): Buffer {
  const said = answer?.said ?? [];
  const length = said.reduce((sum, { text }) => sum + 8 + text.length, 0);
  const bytes = Buffer.alloc(16 + length);
  bytes.writeUInt32LE(answer === undefined ? 1 : 0, 0);
  bytes.writeUInt32LE(answer?.status ?? 0, 4);
  bytes.writeBigUInt64LE(BigInt(length), 8);
  let at = 16;
  for (const { file, text } of said) {
    bytes.writeUInt32LE(file, at);
    bytes.writeUInt32LE(text.length, at + 4);
    bytes.set(text, at + 8);
    at += 8 + text.length;
  }
  return bytes;
}
