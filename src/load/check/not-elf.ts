// What a file is that should be ELF and is not. node_modules that were copied from a Mac, large-file pointers that nobody
// resolved, error pages saved under the name of a download: the loader says "invalid ELF header" to all of them.

import { error, identify, type Problem } from "../../elf/index.ts";
import { nameAt, startsWith } from "../../elf/text.ts";

export interface Stranger {
  /** The problem's code. */
  readonly code: string;
  /** Machines, or the interpreter of a script; empty where there is nothing to add. */
  readonly detail: string;
}

/** First bytes → code, for what identify() does not tell apart. */
const MAGICS: readonly (readonly [string, string])[] = [
  ["version https://git-lfs.github.com/", "check-lfs-pointer"],
  ["\x1f\x8b", "check-compressed"],
  ["PK\x03\x04", "check-compressed"],
  ["\xfd7zXZ", "check-compressed"],
  ["\x28\xb5\x2f\xfd", "check-compressed"],
  ["BZh", "check-compressed"],
];

/** What is wrong with a file that is no ELF file, or one that nothing loads: an object, a core dump. */
export function strangerProblem(bytes: Uint8Array, name: string): Problem | undefined {
  const kind = identify(bytes);
  if (kind === "elf-core") return error("check-core", { file: name });
  if (kind === "elf-relocatable") return error("check-object", { file: name });
  if (kind.startsWith("elf-")) return undefined;
  const { code, detail } = identifyStranger(bytes);
  return error(code, { file: name }, detail === "" ? {} : { detail });
}

/** Programs and libraries of other systems, by their first bytes: `Mach-O`, `PE`; undefined for anything else. */
export function strangerKind(start: Uint8Array): string | undefined {
  const kind = identify(start);
  if (kind !== "mach-o" && kind !== "pe") return undefined;
  if (kind === "pe") return "PE";
  return isJavaClass(start) ? undefined : "Mach-O";
}

/** What a file is that does not start like ELF. */
export function identifyStranger(bytes: Uint8Array): Stranger {
  for (const [magic, code] of MAGICS) if (startsWith(bytes, 0, magic)) return { code, detail: "" };
  switch (identify(bytes)) {
    case "empty":
      return { code: "check-empty", detail: "" };
    case "mach-o":
      if (isJavaClass(bytes)) return { code: "check-java-class", detail: "" };
      return { code: "check-mach-o", detail: machOMachines(bytes).join(", ") };
    case "pe":
      return { code: "check-pe", detail: peMachine(bytes) };
    case "wasm":
      return { code: "check-wasm", detail: "" };
    case "archive":
    case "thin-archive":
      return { code: "check-archive", detail: "" };
    case "text":
      return textKind(bytes);
    default:
      return { code: "check-unknown", detail: "" };
  }
}

/** CPU_TYPE_* of Mach-O. */
const MACH_MACHINES: ReadonlyMap<number, string> = new Map([
  [7, "i386"],
  [0x01000007, "x86-64"],
  [12, "arm"],
  [0x0100000c, "arm64"],
]);

/** Both begin with 0xcafebabe; then a class has its version, from 45 on, and a universal binary the number of its machines. */
function isJavaClass(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length >= 8 && view.getUint32(0, false) === 0xcafebabe && view.getUint16(6, false) >= 45;
}

function machOMachines(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameOf = (at: number, little: boolean): string[] => {
    const name = at + 4 <= bytes.length ? MACH_MACHINES.get(view.getUint32(at, little)) : undefined;
    return name === undefined ? [] : [name];
  };
  if (bytes.length < 8) return [];
  // A universal binary: big-endian records of 20 bytes, one a machine.
  if (view.getUint32(0, false) === 0xcafebabe) {
    const count = Math.min(view.getUint32(4, false), 8);
    return Array.from({ length: count }, (_, i) => nameOf(8 + 20 * i, false)).flat();
  }
  return nameOf(4, bytes[0] !== 0xfe);
}

/** IMAGE_FILE_MACHINE_*. */
const PE_MACHINES: ReadonlyMap<number, string> = new Map([
  [0x14c, "i386"],
  [0x8664, "x86-64"],
  [0xaa64, "arm64"],
]);

function peMachine(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = bytes.length >= 0x40 ? view.getUint32(0x3c, true) : bytes.length;
  if (header + 6 > bytes.length || !startsWith(bytes, header, "PE\0\0")) return "";
  return PE_MACHINES.get(view.getUint16(header + 4, true)) ?? "";
}

function textKind(bytes: Uint8Array): Stranger {
  const end = Math.min(bytes.length, 256);
  const start = nameAt(bytes, 0, end);
  const [, interpreter] = /^#!\s*(\S+)/.exec(start) ?? [];
  if (interpreter !== undefined) return { code: "check-script", detail: interpreter };
  if (/^\s*(<!doctype html|<html|<\?xml)/i.test(start)) return { code: "check-web-page", detail: "" };
  return { code: "check-text", detail: "" };
}
