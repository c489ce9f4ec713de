// The floating-point registers as fxsave writes them (Intel SDM volume 1, section 10.5), which signal frames hold.

import {
  type Cpu,
  MXCSR,
  X87,
  X87_CONTROL,
  X87_DATA,
  X87_IP,
  X87_OPCODE,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
  XMM,
} from "../../arch/x86/instructions/index.ts";

export const FXSAVE_BYTES = 512;
const TOP_SHIFT = 11;
const ST_AT = 32;
const XMM_AT = 160;
const EMPTY_TAG = 3;

export function saveFloats(cpu: Cpu): Uint8Array {
  const { words } = cpu;
  const view = new DataView(new ArrayBuffer(FXSAVE_BYTES));
  view.setUint16(0, words[X87_CONTROL], true);
  view.setUint16(2, (words[X87_STATUS] & ~(7 << TOP_SHIFT)) | (words[X87_TOP] << TOP_SHIFT), true);
  let full = 0;
  for (let at = 0; at < 8; at++) if (((words[X87_TAGS] >>> (2 * at)) & 3) !== EMPTY_TAG) full |= 1 << at;
  view.setUint8(4, full);
  view.setUint16(6, words[X87_OPCODE], true);
  for (let at = 0; at < 2; at++) {
    view.setInt32(8 + 4 * at, words[X87_IP + at], true);
    view.setInt32(16 + 4 * at, words[X87_DATA + at], true);
  }
  view.setInt32(24, words[MXCSR], true);
  view.setInt32(28, 0xffff, true);
  for (let at = 0; at < 8; at++) {
    const from = X87 + 4 * ((words[X87_TOP] + at) & 7);
    view.setInt32(ST_AT + 16 * at, words[from], true);
    view.setInt32(ST_AT + 16 * at + 4, words[from + 1], true);
    view.setUint16(ST_AT + 16 * at + 8, words[from + 2], true);
  }
  for (let at = 0; at < 64; at++) view.setInt32(XMM_AT + 4 * at, words[XMM + at], true);
  return new Uint8Array(view.buffer);
}

export function restoreFloats(cpu: Cpu, saved: Uint8Array): void {
  const { words } = cpu;
  const view = new DataView(saved.buffer, saved.byteOffset, FXSAVE_BYTES);
  words[X87_CONTROL] = view.getUint16(0, true);
  const status = view.getUint16(2, true);
  words[X87_TOP] = (status >>> TOP_SHIFT) & 7;
  words[X87_STATUS] = status & ~(7 << TOP_SHIFT);
  for (let at = 0; at < 2; at++) {
    words[X87_IP + at] = view.getInt32(8 + 4 * at, true);
    words[X87_DATA + at] = view.getInt32(16 + 4 * at, true);
  }
  words[X87_OPCODE] = view.getUint16(6, true);
  words[MXCSR] = view.getInt32(24, true) & 0xffff;
  const full = view.getUint8(4);
  let tags = 0;
  for (let at = 0; at < 8; at++) {
    const to = X87 + 4 * ((words[X87_TOP] + at) & 7);
    words[to] = view.getInt32(ST_AT + 16 * at, true);
    words[to + 1] = view.getInt32(ST_AT + 16 * at + 4, true);
    words[to + 2] = view.getUint16(ST_AT + 16 * at + 8, true);
  }
  for (let at = 0; at < 8; at++) tags |= tagOf(words, at, (full >>> at) & 1) << (2 * at);
  words[X87_TAGS] = tags;
  for (let at = 0; at < 64; at++) words[XMM + at] = view.getInt32(XMM_AT + 4 * at, true);
}

/** The full tag that the abridged one stands for: 0 valid, 1 zero, 2 special, 3 empty. */
function tagOf(words: Int32Array, register: number, isFull: number): number {
  if (isFull === 0) return EMPTY_TAG;
  const [low, high, top] = words.subarray(X87 + 4 * register, X87 + 4 * register + 3);
  const exponent = top & 0x7fff;
  if (exponent === 0 && low === 0 && high === 0) return 1;
  return exponent !== 0 && exponent !== 0x7fff && high < 0 ? 0 : 2;
}
