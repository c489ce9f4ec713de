// Instructions in words: a disassembler is loaded when somebody first wants to see some, and handed to the worker that needs it.

import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { waitFor } from "../app/state.ts";
import type { LearntPart } from "../worker/protocol.ts";
import type { Client } from "./client.ts";
import { loadPart } from "./parts.ts";

/** "loading" at first; "missing" where the page has none for this machine. */
export type Readiness = "loading" | "ready" | "missing";

/** @param machine as `MachineFacts.name`; undefined: nothing is loaded */
export function useDisassembler(client: Client, machine: string | undefined): Readiness {
  const state = useSignal<Readiness>("loading");
  useLayoutEffect(() => {
    if (machine === undefined) return;
    state.value = "loading";
    waitFor(() => teach(client, machine)).then(
      () => (state.value = "ready"),
      () => (state.value = "missing"),
    );
  }, [client, machine]);
  return state.value;
}

async function teach(client: Client, machine: string): Promise<void> {
  const name = machine === "x86-64" || machine === "i386" ? "x86" : "others";
  const { code, wasm } = (await loadPart(name)) as Pick<LearntPart, "code" | "wasm">;
  await client.learn({ part: name, code, wasm });
}
