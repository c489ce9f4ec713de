// Asking the worker from a component: what it asks follows from what it shows, and is asked again when that or the files change.

import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { type Client, type Progress, Stopped } from "../client/client.ts";
import type { Answer, Ask, QuestionName } from "../worker/protocol.ts";
import { busy, client, edition, showProgress } from "./state.ts";

export interface Answered<T> {
  /** The latest answer; the one before while the next is awaited. */
  readonly value: T | undefined;
  readonly waiting: boolean;
  readonly failed: string | undefined;
}

/** Work that is done sooner than this is not talked about. Milliseconds. */
const PATIENCE = 200;

/** @param ask undefined: nothing is asked */
export function useAnswer<Q extends QuestionName>(question: Q, ask: Ask<Q> | undefined): Answered<Answer<Q>> {
  return useAnswerOf(client, question, ask);
}

/** The same of another worker than that of the library. */
export function useAnswerOf<Q extends QuestionName>(
  client: Client,
  question: Q,
  ask: Ask<Q> | undefined,
): Answered<Answer<Q>> {
  const state = useSignal<Answered<Answer<Q>>>({ value: undefined, waiting: true, failed: undefined });
  const key = JSON.stringify([question, ask, edition.value]);
  // With the change on the screen, not after it: so the page says that it waits as soon as it does.
  useLayoutEffect(() => {
    if (ask === undefined) {
      state.value = { value: undefined, waiting: false, failed: undefined };
      return;
    }
    let current = true;
    let latest: Progress = { what: "working", share: undefined };
    const show = showProgress(client);
    const timer = setTimeout(() => show(latest), PATIENCE);
    const tell = (progress: Progress): void => {
      latest = progress;
      if (busy.value !== undefined) show(progress);
    };
    const finish = (next: Answered<Answer<Q>>): void => {
      clearTimeout(timer);
      if (!current) return;
      busy.value = undefined;
      state.value = next;
    };
    state.value = { ...state.value, waiting: true, failed: undefined };
    client.ask(question, ask, tell).then(
      (value) => finish({ value, waiting: false, failed: undefined }),
      (cause: unknown) => {
        const words =
          cause instanceof Stopped ? "It was stopped." : cause instanceof Error ? cause.message : String(cause);
        finish({ value: undefined, waiting: false, failed: words });
      },
    );
    return () => {
      current = false;
      clearTimeout(timer);
      busy.value = undefined;
    };
  }, [key]);
  return state.value;
}
