// A worker of its own that runs programs: the interpreter, and the files as its root. Slices, so that it says how far it is.

import { RSP } from "../../src/arch/x86/instructions/index.ts";
import { PT_INTERP, parseElfImage } from "../../src/elf/index.ts";
import { runFor } from "../../src/execute/execute.ts";
import { areaAt, readBytes } from "../../src/execute/memory/address-space.ts";
import { machineState, whereShort, wordOf } from "../../src/explain/execute/machine.ts";
import type { PlaceCache } from "../../src/explain/execute/places.ts";
import { disassemble, learn } from "../worker/disassembler.ts";
import type { Answer, Ask, FromWorker, GivenFile, MachineAnswer, QuestionName, ToWorker } from "../worker/protocol.ts";
import { readBlob } from "../worker/read-blob.ts";
import { rooted } from "../worker/root.ts";
import { endWords, goTo, goUntil, keyOf, type Session, startSession } from "./session.ts";
import { executedStory } from "./story.ts";

/** Instructions between two looks at what is asked: a tenth of a second. */
const SLICE = 1 << 21;
/** Bytes of memory that are shown. */
const SHOWN = 128;

const given = new Map<string, Uint8Array>();

type Progress = (what: string) => void;

function run(ask: Ask<"run">, progress: Progress): Answer<"run"> {
  const started = performance.now();
  const session = startSession(given, ask);
  if (typeof session === "string") return { output: [], status: 127, words: session, took: 0, assumed: [] };
  const { execution, output, assumed } = session;
  for (let slices = 1; runFor(execution, SLICE) === "limit"; slices++)
    progress(`running ${ask.program}: ${slices * 2} million instructions`);
  const { end } = execution.system;
  const took = performance.now() - started;
  const status = end?.kind === "exited" ? end.status : undefined;
  const words = end === undefined ? "it waits for input" : status === undefined ? endWords(session) : "";
  return { output, status, words, took, assumed };
}

const NOW = "LD_BIND_NOW=1";

function executed(ask: Ask<"executed">, progress: Progress): Answer<"executed"> {
  if (!hasInterpreter(ask.program)) {
    const words =
      "There is no dynamic linker among the files, so none can be executed: give the one that the program names (solder view does).";
    return { stories: [], words };
  }
  const { environment, name: asked } = ask;
  const from = { path: ask.caller === "" ? undefined : rooted(ask.caller) };
  const kinds = [
    ["lazy", environment, asked, from],
    ["now", `${environment}\n${NOW}`, asked, from],
    ["straight", environment, STARTS, { most: 1 }],
  ] as const;
  let words = "";
  const stories = kinds.flatMap(([id, variables, name, followed]) => {
    progress(`executing ${ask.program} to its calls of ${name}`);
    const session = startSession(given, { ...ask, environment: variables });
    if (typeof session === "string") {
      words = session;
      return [];
    }
    return executedStory(session, id, name, followed) ?? [];
  });
  if (words === "" && stories.every(({ id }) => id !== "lazy"))
    words = `The program ends without a call of ${ask.name} through this slot, with the arguments and files that it has here.`;
  return { stories, words };
}

/** What `_start` of every program of glibc's calls through a word of the GOT, bound at start: as `-fno-plt` calls everything. */
const STARTS = "__libc_start_main";

function hasInterpreter(program: string): boolean {
  const bytes = given.get(program);
  const image = bytes && parseElfImage(bytes, program, () => {});
  // A static program needs none.
  if (image === undefined) return false;
  const segment = image.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return true;
  const path = new TextDecoder().decode(image.bytes.subarray(segment.offset, segment.offset + segment.fileBytes - 1));
  const name = path.slice(path.lastIndexOf("/") + 1);
  return [...given.keys()].some((it) => rooted(it).endsWith(`/${name}`));
}

let latest: Session | undefined;

/** The session at this moment: the one that there is if it has not passed it. */
function sessionAt(ask: Ask<"machine">): Session | string {
  const isUsable = latest?.key === keyOf(ask) && latest.execution.system.executed <= ask.step;
  const session = isUsable && latest !== undefined ? latest : startSession(given, ask);
  if (typeof session === "string") return session;
  latest = session;
  goTo(session, ask.step);
  return session;
}

function machine(ask: Ask<"machine">): MachineAnswer {
  const session = sessionAt(ask);
  if (typeof session === "string")
    return { state: undefined, step: 0, words: session, output: [], memory: undefined, slot: undefined };
  const { execution, output } = session;
  if (ask.until === "over") stepOver(session);
  else if (ask.until !== undefined) goUntil(session, ask.until);
  const { process, system } = execution;
  const cache: PlaceCache = new Map();
  return {
    state: machineState(execution, disassemble, cache),
    step: system.executed,
    words: endWords(session),
    output: output.map((it) => ({ ...it })),
    memory: memoryAt(session, ask.memory),
    slot: slotAt(ask.slot),
  };

  function slotAt(address: number | undefined): MachineAnswer["slot"] {
    if (address === undefined) return undefined;
    const bytes = process.mode / 8;
    const read = readBytes(process.space, address, bytes);
    if (read === undefined) return undefined;
    const view = new DataView(read.buffer, read.byteOffset);
    const value = view.getUint32(0, true) + (bytes === 8 ? view.getUint32(4, true) * 2 ** 32 : 0);
    return { address, value: `0x${value.toString(16)}`, where: whereShort(process, value, cache) };
  }
}

function memoryAt({ execution }: Session, address: number): MachineAnswer["memory"] {
  const { space } = execution.process;
  const area = areaAt(space, address);
  if (area === undefined) return undefined;
  const bytes = readBytes(space, address, Math.min(SHOWN, area.end - address));
  return bytes && { address, bytes: bytes.slice() };
}

/** A call that is next is executed to its return; anything else alone. */
function stepOver(session: Session): void {
  const { execution } = session;
  const task = execution.system.current;
  const state = machineState(execution, disassemble, new Map());
  const [next, behind] = state?.code ?? [];
  if (task !== undefined && next?.text.startsWith("call") === true && behind !== undefined)
    goUntil(session, [`0x${behind.address.toString(16)}`], wordOf(task.cpu, RSP));
  else goTo(session, execution.system.executed + 1);
}

const post = (message: FromWorker): void =>
  (globalThis as unknown as { postMessage(it: FromWorker): void }).postMessage(message);

type Handlers = {
  readonly [Q in QuestionName]?: (ask: Ask<Q>, progress: Progress) => Answer<Q> | Promise<Answer<Q>>;
};

const handlers: Handlers = {
  add: ({ files }: { readonly files: readonly GivenFile[] }) => {
    for (const { path, contents } of files) given.set(path, readBlob(contents, 0, contents.size));
    latest = undefined;
    return [];
  },
  learn: async (ask) => {
    await learn(ask);
    return null;
  },
  run,
  executed,
  machine,
};

async function answer<Q extends QuestionName>(id: number, question: Q, ask: Ask<Q>): Promise<void> {
  try {
    const handler: Handlers[Q] = handlers[question];
    if (handler === undefined) throw new Error(`${question} is not asked here`);
    post({ id, answer: await handler(ask, (progress) => post({ id, progress })) });
  } catch (cause) {
    post({ id, failed: cause instanceof Error ? cause.message : String(cause) });
  }
}

let queue: Promise<void> = Promise.resolve();
globalThis.addEventListener("message", (event) => {
  const { id, question, ask } = (event as MessageEvent<ToWorker>).data;
  queue = queue.then(() => answer(id, question, ask as Ask<typeof question>));
});
