// Machine code of other machines than x86 in words, by the package @alexaltea/capstone-js (WebAssembly). It only loads
// asynchronously and commands do not wait, so it lives in a thread of its own that is started when somebody first asks, and asked
// by a message and a wait.

import type { Instruction } from "../../explain/disassembly.ts";
import { type CapstoneMode, capstoneMode } from "./capstone-modes.ts";

/** Asks the thread; undefined where the package is not installed. */
type Ask = (question: Question) => readonly Instruction[] | undefined;

interface Question extends CapstoneMode {
  readonly code: Uint8Array;
  readonly address: number;
}

let ask: Ask | undefined;

/**
 * As `Disassembler`, for machines that `capstoneKnows`. Code of arm at an odd address is Thumb.
 * @returns undefined where the package is not installed
 */
export function capstoneInstructions(
  code: Uint8Array,
  address: number,
  machine: string,
  until: number,
): readonly Instruction[] | undefined {
  const { mode, start } = capstoneMode(machine, address);
  if (mode === undefined) return [];
  ask ??= startThread();
  // The longest instruction has six bytes (s390x).
  const found = ask({ ...mode, code: code.slice(0, Math.max(0, until - start) + 6), address: start });
  return found?.filter((one) => one.address < until);
}

/** Runs in the thread: CommonJS, as text, so that the bundles need no second file. */
const THREAD = `
const { workerData: { port, signal, found } } = require("node:worker_threads");
const ready = Promise.resolve().then(() => require(found)());
port.on("message", async ({ arch, modes, code, address }) => {
  let answer;
  try {
    const capstone = await ready;
    const decoder = new capstone.Capstone(capstone[arch], modes.reduce((mode, name) => (mode | capstone[name]) >>> 0, 0));
    answer = [];
    try {
      for (const one of decoder.disasm(code, address)) {
        answer.push({ address: Number(one.address), bytes: one.size, text: (one.mnemonic + " " + one.op_str).trim() });
      }
    } catch {} // Not one instruction: it throws.
    decoder.close();
  } catch {}
  port.postMessage(answer);
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
});
`;

function startThread(): Ask {
  const { createRequire } = process.getBuiltinModule("node:module");
  const { MessageChannel, receiveMessageOnPort, Worker } = process.getBuiltinModule("node:worker_threads");
  let found: string;
  try {
    found = createRequire(import.meta.url).resolve("@alexaltea/capstone-js");
  } catch {
    return () => undefined;
  }
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(THREAD, { eval: true, workerData: { port: port2, signal, found }, transferList: [port2] });
  worker.unref();
  return (question) => {
    Atomics.store(signal, 0, 0);
    port1.postMessage(question);
    Atomics.wait(signal, 0, 0);
    const received = receiveMessageOnPort(port1) as
      | { readonly message: readonly Instruction[] | undefined }
      | undefined;
    return received?.message;
  };
}
