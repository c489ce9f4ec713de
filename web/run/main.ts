// A worker of its own that runs programs: the interpreter, and the files as its root. Slices, so that it says how far it is.

import { execute, runFor } from "../../src/execute/execute.ts";
import { endLine } from "../../src/explain/execute/end.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import type { Answer, Ask, FromWorker, GivenFile, ToWorker } from "../worker/protocol.ts";
import { readBlob } from "../worker/read-blob.ts";
import { rootOf } from "../worker/root.ts";

/** Instructions between two looks at what is asked: a tenth of a second. */
const SLICE = 1 << 21;
/** Bytes of output that are kept. */
const MOST_OUTPUT = 1 << 20;

const given = new Map<string, Uint8Array>();

function run({ program, args, environment }: Ask<"run">, progress: (what: string) => void): Answer<"run"> {
  const root = rootOf(given, program, environment);
  const started = performance.now();
  const output: { stream: 1 | 2; text: string }[] = [];
  const decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
  let bytes = 0;
  let slices = 0;
  const execution = execute(root.program, {
    files: memoryLoadFiles(root.entries),
    argv: [root.program, ...args],
    environment: Object.entries(root.environment).map(([name, value]) => `${name}=${value}`),
    limits: { instructions: 5e9, memory: 2 ** 29, output: MOST_OUTPUT },
    output: (stream, part) => {
      bytes += part.length;
      const text = decoders[stream].decode(part, { stream: true });
      const last = output.at(-1);
      if (last?.stream === stream) last.text += text;
      else output.push({ stream, text });
    },
  });
  if ("code" in execution)
    return { output, status: 127, words: describeProblem(execution).message, took: 0, assumed: root.assumed };
  while (runFor(execution, SLICE) === "limit") {
    slices++;
    progress(`running ${program}: ${slices * 2} million instructions, ${bytes} bytes written`);
  }
  const { end, problems } = execution.system;
  const said = problems.map((problem) => describeProblem(problem).message);
  const took = performance.now() - started;
  if (end?.kind === "exited")
    return { output, status: end.status, words: said.join("; "), took, assumed: root.assumed };
  const words =
    end?.kind === "signaled"
      ? endLine(end)
      : end === undefined
        ? "it waits for input"
        : describeProblem(end.problem).message;
  return { output, status: undefined, words: [...said, words].join("; "), took, assumed: root.assumed };
}

const post = (message: FromWorker): void =>
  (globalThis as unknown as { postMessage(it: FromWorker): void }).postMessage(message);

globalThis.addEventListener("message", (event) => {
  const { id, question, ask } = (event as MessageEvent<ToWorker>).data;
  try {
    if (question === "add") {
      for (const { path, contents } of (ask as { readonly files: readonly GivenFile[] }).files)
        given.set(path, readBlob(contents, 0, contents.size));
      post({ id, answer: [] });
    } else post({ id, answer: run(ask as Ask<"run">, (progress) => post({ id, progress })) });
  } catch (cause) {
    post({ id, failed: cause instanceof Error ? cause.message : String(cause) });
  }
});
