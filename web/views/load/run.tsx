// The program run: instruction by instruction in the page's own memory, from the loader's first on, with its output.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { splitArguments } from "../../../src/cli/ld/response-files.ts";
import { address, busy, countWaiting, givenFiles, go, showProgress, waitFor } from "../../app/state.ts";
import { type Client, createClient, Stopped } from "../../client/client.ts";
import { startWorker } from "../../client/parts.ts";
import { Failed } from "../../parts/notes.tsx";
import type { Answer, LoadAsk } from "../../worker/protocol.ts";

export function RunPart({ ask }: { ask: LoadAsk }): JSX.Element {
  const args = address.value.query.argv ?? "";
  const answer = useSignal<Answer<"run"> | undefined>(undefined);
  const failed = useSignal<string | undefined>(undefined);
  const running = useSignal<Client | undefined>(undefined);
  const start = async (): Promise<void> => {
    // Each run has a worker of its own, which Stop ends.
    const client = createClient(
      () => startWorker("run"),
      () => [],
      countWaiting,
    );
    running.value = client;
    answer.value = undefined;
    failed.value = undefined;
    try {
      await client.ask("add", { files: givenFiles() });
      const { program, environment, root } = ask;
      const question = { program, args: splitArguments(args), environment, root };
      answer.value = await client.ask("run", question, showProgress(client));
    } catch (cause) {
      failed.value =
        cause instanceof Stopped ? "It was stopped." : cause instanceof Error ? cause.message : String(cause);
    } finally {
      busy.value = undefined;
      running.value = undefined;
      client.end();
    }
  };
  const value = answer.value;
  return (
    <div class="picture" tabIndex={0}>
      <p class="dim">
        Every instruction is executed in simulated memory, from the dynamic linker's first on. This machine executes
        none of it, and it sees only the files that are here.
      </p>
      <form
        class="run-form"
        onSubmit={(event) => {
          event.preventDefault();
          waitFor(start);
        }}
      >
        <label>
          arguments{" "}
          <input
            type="text"
            value={args}
            spellcheck={false}
            onInput={(event) => go({ query: { argv: event.currentTarget.value } }, true)}
          />
        </label>
        <button type="submit" class="main" disabled={running.value !== undefined}>
          Run
        </button>
        {running.value !== undefined && (
          <button type="button" onClick={() => running.value?.stop()}>
            Stop
          </button>
        )}
      </form>
      <Failed words={failed.value} />
      {value !== undefined && (
        <section aria-label="Output" aria-live="polite">
          <pre class="output-text">
            {value.output.map(({ stream, text }, i) => (
              <span key={`${stream}${i}`} class={stream === 2 ? "stderr" : undefined}>
                {text}
              </span>
            ))}
          </pre>
          <p>
            {value.status === undefined ? "It did not end by itself" : `Exit status ${value.status}`}
            {value.words !== "" && `: ${value.words}`} <span class="dim">after {Math.round(value.took)} ms</span>
          </p>
        </section>
      )}
    </div>
  );
}
