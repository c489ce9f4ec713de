// The worker: answers questions about the files that it was given, one after the other.

import { bytesOf, codeAnswer, factsAt, overviewOf, rowsOf, sizesAnswer } from "./anatomy.ts";
import { bindAnswer } from "./bind.ts";
import { learn } from "./disassembler.ts";
import { linkAnswer, linkRows } from "./link.ts";
import { loadAnswer, loadRows } from "./load.ts";
import { objectsAnswer } from "./objects.ts";
import type { Answer, Ask, FromWorker, LinkAsk, LoadAsk, QuestionName, ToWorker } from "./protocol.ts";
import type { RowsCache } from "./tables.ts";
import { Wanted } from "./wanted.ts";
import { whyAnswer } from "./why.ts";
import { addFiles, createWorkspace, removeFiles, summaryFor, type Workspace } from "./workspace.ts";

/** Says how far it is: what is being done, and which part of the whole is done. */
export type Progress = (what: string, share?: number) => void;

type Handlers = {
  readonly [Q in Own]: (ask: Ask<Q>, progress: Progress) => Answer<Q> | Promise<Answer<Q>>;
};

/** Others are asked of workers of their own. */
type Own = Exclude<QuestionName, "check" | "run" | "executed" | "machine">;

const space: Workspace = createWorkspace();
const rows = new Map<string, RowsCache>();

const summaries = (progress: Progress): Answer<"add"> => {
  const paths = [...space.given.keys()];
  return paths.map((path, i) => {
    progress(`reading ${path}`, i / paths.length);
    return summaryFor(space, path);
  });
};

const handlers: Handlers = {
  add: ({ files, known }, progress) => {
    addFiles(space, files);
    rows.clear();
    return known === true ? [] : summaries(progress);
  },
  remove: ({ paths }) => {
    removeFiles(space, paths);
    rows.clear();
    return null;
  },
  overview: (ask) => overviewOf(space, ask),
  rows: (ask) => {
    // Tables of a load or link are named by what was asked for.
    if (ask.file.startsWith("load:{")) return loadRows(space, JSON.parse(ask.file.slice(5)) as LoadAsk, ask, rows);
    if (ask.file.startsWith("link:{")) return linkRows(space, JSON.parse(ask.file.slice(5)) as LinkAsk, ask, rows);
    return rowsOf(space, ask, rows);
  },
  load: (ask, progress) => {
    progress(`loading ${ask.program}`);
    return loadAnswer(space, ask);
  },
  link: (ask, progress) => {
    progress("linking");
    return linkAnswer(space, ask);
  },
  objects: (ask) => objectsAnswer(space, ask),
  why: (ask) => whyAnswer(space, ask),
  bind: (ask, progress) => {
    progress(`loading ${ask.load.program}`);
    return bindAnswer(space, ask);
  },
  bytes: (ask) => bytesOf(space, ask),
  at: (ask) => factsAt(space, ask),
  code: (ask) => codeAnswer(space, ask),
  sizes: (ask) => sizesAnswer(space, ask),
  learn: async (ask) => {
    await learn(ask);
    return null;
  },
};

const post = (message: FromWorker): void =>
  (globalThis as unknown as { postMessage(it: FromWorker): void }).postMessage(message);

async function answer<Q extends Own>(id: number, question: Q, ask: Ask<Q>): Promise<void> {
  let told = 0;
  const progress: Progress = (what, share) => {
    const now = performance.now();
    if (now - told < 60) return;
    told = now;
    post({ id, progress: what, share });
  };
  try {
    post({ id, answer: await handlers[question](ask, progress) });
  } catch (cause) {
    if (cause instanceof Wanted) post({ id, wants: cause.part });
    else post({ id, failed: cause instanceof Error ? cause.message : String(cause) });
  }
}

let queue: Promise<void> = Promise.resolve();
globalThis.addEventListener("message", (event) => {
  const { id, question, ask } = (event as MessageEvent<ToWorker>).data;
  queue = queue.then(() => answer(id, question as Own, ask as Ask<Own>));
});
