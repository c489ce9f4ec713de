// The processor as a judge, from the side of TypeScript: the records that processor.c reads and writes, and a run of many.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { once, repository } from "../../support/build.ts";
import { tool } from "../../support/run.ts";

/** Where the instruction stands, and two pages around it that hold nothing but int3. */
export const CODE_AT = 0x2000_0800;
export const CODE_PAGES = 0x2000_0000;
/** Two pages of data; the window over their border is what a case fills and compares. The rest is zero. */
export const DATA_PAGES = 0x1000_0000;
export const WINDOW_AT = 0x1000_0c00;
export const WINDOW = 0x800;

/** Offsets in a record: see `struct state`. */
const CODE = 0;
export const CODE_ROOM = 32;
const SIGNAL = 32;
const FAULT = 40;
const IP = 48;
const FLAGS = 56;
const GENERAL = 64;
const FXSAVE = 192;
const WINDOW_FIELD = 704;
const RECORD = WINDOW_FIELD + WINDOW;

/** One state of a processor, before or after an instruction; a view of a record. */
export interface State {
  /** All of it. */
  readonly whole: Uint8Array;
  readonly code: Uint8Array;
  readonly fxsave: Uint8Array;
  readonly window: Uint8Array;
  readonly view: DataView;
  /** 32 words: low and high of each of rax rcx rdx rbx rsp rbp rsi rdi r8 … r15. */
  readonly general: Int32Array;
}

export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGFPE = 8;
export const SIGSEGV = 11;

export const signalOf = (state: State): number => state.view.getUint32(SIGNAL, true);
export const setSignal = (state: State, value: number): void => state.view.setUint32(SIGNAL, value, true);
export const faultOf = (state: State): bigint => state.view.getBigUint64(FAULT, true);
export const setFault = (state: State, value: bigint): void => state.view.setBigUint64(FAULT, value, true);
export const ipOf = (state: State): bigint => state.view.getBigUint64(IP, true);
export const setIp = (state: State, value: bigint): void => state.view.setBigUint64(IP, value, true);
export const flagsOf = (state: State): number => state.view.getUint32(FLAGS, true);
export const setFlags = (state: State, value: number): void => state.view.setUint32(FLAGS, value, true);

/** Room for `count` states in one buffer. */
export function records(count: number): { readonly bytes: Uint8Array; readonly states: readonly State[] } {
  const bytes = new Uint8Array(count * RECORD);
  return { bytes, states: viewsOf(bytes) };
}

function viewsOf(bytes: Uint8Array): readonly State[] {
  const states: State[] = [];
  for (let at = bytes.byteOffset; at + RECORD <= bytes.byteOffset + bytes.length; at += RECORD) {
    const { buffer } = bytes;
    states.push({
      whole: new Uint8Array(buffer, at, RECORD),
      code: new Uint8Array(buffer, at + CODE, CODE_ROOM),
      fxsave: new Uint8Array(buffer, at + FXSAVE, 512),
      window: new Uint8Array(buffer, at + WINDOW_FIELD, WINDOW),
      view: new DataView(buffer, at, RECORD),
      general: new Int32Array(buffer, at + GENERAL, 32),
    });
  }
  return states;
}

/** What must be installed for each mode. */
export const TOOLS = { 64: ["gcc"], 32: ["i686-linux-gnu-gcc", "qemu-i386", "gcc"] } as const;

/** The judge's program: handlers of the 32-bit one run on stacks that qemu does not align for SSE. */
function build(mode: 64 | 32): string {
  const source = join(repository, "test/arch/x86/processor.c");
  const command =
    mode === 64
      ? (["gcc", "-O1", "-static-pie"] as const)
      : (["i686-linux-gnu-gcc", "-O1", "-static", "-mno-sse", "-Wl,-Ttext-segment=0x6a000000"] as const);
  return once(`processor${mode}`, [readFileSync(source, "utf8"), ...command], (path) => {
    tool(command[0], [...command.slice(1), "-o", path, source]);
  });
}

/** Executes each record's instruction: on this processor, or in 32-bit mode on what qemu makes of it. */
export function execute(mode: 64 | 32, bytes: Uint8Array): readonly State[] {
  const program = build(mode);
  const [command, args] = mode === 64 ? [program, []] : ["qemu-i386", [program]];
  const { status, stdout, stderr } = spawnSync(command, args, {
    input: bytes,
    maxBuffer: bytes.length + 1024,
    timeout: 120_000,
  });
  if (status !== 0 || stdout.length !== bytes.length) throw new Error(`the judge failed: ${status} ${stderr}`);
  // A copy, since the buffer of a Node Buffer need not be aligned.
  return viewsOf(Uint8Array.from(stdout));
}
