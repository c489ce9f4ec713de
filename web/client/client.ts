// The page's end of the worker: questions go out, answers come back as promises. A question that takes too long is stopped by ending
// the worker and starting another with the same files; nothing is lost, since files are only lent to it.

import type { Answer, Ask, FromWorker, GivenFile, LearntPart, QuestionName } from "../worker/protocol.ts";
import { loadPart } from "./parts.ts";

export interface Progress {
  readonly what: string;
  readonly share: number | undefined;
}

interface Waiting {
  /** Asks once more. */
  readonly again: () => void;
  readonly take: (answer: unknown) => void;
  readonly fail: (reason: Error) => void;
  readonly progress: ((progress: Progress) => void) | undefined;
}

const words = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Why a question has no answer: somebody stopped it. */
export class Stopped extends Error {}

export interface Client {
  ask<Q extends QuestionName>(question: Q, ask: Ask<Q>, progress?: (progress: Progress) => void): Promise<Answer<Q>>;
  /** Hands a disassembler to the worker, and to those that follow it. */
  learn(part: LearntPart): Promise<unknown>;
  /** Ends what the worker is doing; questions that wait fail with `Stopped`. */
  stop(): void;
  /** Ends the worker for good. */
  end(): void;
}

/**
 * @param start makes a worker
 * @param files what a new worker is to be given
 * @param count told of each question that begins to wait (1), and of each that is answered or failed (-1)
 */
export function createClient(
  start: () => Promise<Worker>,
  files: () => readonly GivenFile[],
  count: (change: 1 | -1) => void,
): Client {
  const waiting = new Map<number, Waiting>();
  const learnt = new Map<string, { readonly part: LearntPart; done: Promise<unknown> }>();
  let last = 0;
  let worker = begin();

  function begin(): Promise<Worker> {
    return start().then((made) => {
      made.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => receive(data));
      made.addEventListener("error", (event) => failAll(new Error(event.message)));
      return made;
    });
  }

  function receive(message: FromWorker): void {
    const one = waiting.get(message.id);
    if (one === undefined) return;
    if ("progress" in message) {
      one.progress?.({ what: message.progress, share: message.share });
      return;
    }
    if ("wants" in message) {
      supply(message.wants).then(one.again, (cause: unknown) => receive({ id: message.id, failed: words(cause) }));
      return;
    }
    waiting.delete(message.id);
    if ("failed" in message) one.fail(new Error(message.failed));
    else one.take(message.answer);
    count(-1);
  }

  function failAll(reason: Error): void {
    const all = [...waiting.values()];
    waiting.clear();
    for (const { fail } of all) {
      fail(reason);
      count(-1);
    }
  }

  function post<Q extends QuestionName>(
    question: Q,
    ask: Ask<Q>,
    progress?: (progress: Progress) => void,
  ): Promise<Answer<Q>> {
    const id = ++last;
    return new Promise<Answer<Q>>((take, fail) => {
      const send = (): void => {
        worker.then(
          (it) => it.postMessage({ id, question, ask }),
          (cause: unknown) => receive({ id, failed: words(cause) }),
        );
      };
      waiting.set(id, { take: (answer) => take(answer as Answer<Q>), fail, progress, again: send });
      count(1);
      send();
    });
  }

  function learn(part: LearntPart): Promise<unknown> {
    const known = learnt.get(part.part);
    if (known !== undefined) return known.done;
    const done = post("learn", part);
    learnt.set(part.part, { part, done });
    return done;
  }

  async function supply(part: LearntPart["part"]): Promise<void> {
    const { code, wasm } = (await loadPart(part)) as Pick<LearntPart, "code" | "wasm">;
    await learn({ part, code, wasm });
  }

  return {
    ask: post,
    learn,
    stop: () => {
      const old = worker;
      old.then((it) => it.terminate());
      worker = begin();
      failAll(new Stopped("stopped"));
      const given = files();
      if (given.length > 0) post("add", { files: given, known: true }).catch(() => {});
      for (const one of learnt.values()) {
        one.done = post("learn", one.part);
        one.done.catch(() => {});
      }
    },
    end: () => {
      worker.then(
        (it) => it.terminate(),
        () => {},
      );
      failAll(new Stopped("ended"));
    },
  };
}
