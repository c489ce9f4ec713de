// Templates of machine code: byte strings in hexadecimal, and the few writes that fill in their holes.

import type { CallPadding } from "./machine.ts";

/** Parses "ff 25 00000000": hexadecimal digits in pairs, spaces ignored. */
export function code(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Copies a template to `at`. The caller has made room for it. */
export function putCode(image: DataView, at: number, template: Uint8Array): void {
  for (let i = 0; i < template.length; i++) image.setUint8(at + i, template[i]);
}

/** Is the template at `at`? False where it would stick out of the section. */
export function hasCode(bytes: Uint8Array, at: number, template: Uint8Array): boolean {
  if (at < 0 || at + template.length > bytes.length) return false;
  for (let i = 0; i < template.length; i++) if (bytes[at + i] !== template[i]) return false;
  return true;
}

/** Stores the low 32 bits of an exact integer. */
export function put32(image: DataView, at: number, value: number): void {
  image.setInt32(at, value | 0, true);
}

/**
 * Writes a direct call over an indirect one, which is a byte longer.
 * @param at of the old field  @param distance from the end of the old instruction to the function
 */
export function putCall(image: DataView, at: number, distance: number, { byte, behind }: CallPadding): void {
  const opcode = behind ? at - 2 : at - 1;
  image.setUint8(behind ? at + 3 : at - 2, byte);
  image.setUint8(opcode, 0xe8);
  put32(image, opcode + 1, behind ? distance + 1 : distance);
}

/** Does the value fit a sign-extended 32-bit field? */
export function fitsInt32(value: number): boolean {
  return value >= -0x8000_0000 && value <= 0x7fff_ffff;
}
