// The call as the interpreter executes it: the events of the story, each with its moment; and the machine at the chosen moment, which
// can be stepped through and run on to any symbol.

import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { splitArguments } from "../../../src/cli/ld/response-files.ts";
import { useAnswerOf } from "../../app/answer.ts";
import { edition, givenFiles, go, showProgress, summaries, waitFor } from "../../app/state.ts";
import { grouped } from "../../app/words.ts";
import { useDisassembler } from "../../client/disassembler.ts";
import { runClient } from "../../client/run.ts";
import { Go } from "../../parts/links.tsx";
import { Failed } from "../../parts/notes.tsx";
import type { BindAnswer, ExecutedStory, LoadAsk, MachineAsk, ShownSlot } from "../../worker/protocol.ts";
import { Looks } from "./bind.tsx";
import { Machine } from "./machine.tsx";

interface Props {
  readonly load: LoadAsk;
  readonly chosen: ShownSlot;
  readonly looks: BindAnswer["looks"];
  readonly hash: string;
  readonly query: Readonly<Record<string, string>>;
}

export function ExecutedCall({ load, chosen, looks, hash, query }: Props): JSX.Element {
  const machineName = summaries.value.find(({ path }) => path === load.program)?.machine;
  const client = runClient();
  useLayoutEffect(() => {
    client.ask("add", { files: givenFiles() }).catch(() => {});
  }, [client, edition.value]);
  const isX86 = machineName === "x86-64" || machineName === "i386";
  const readiness = useDisassembler(client, isX86 ? machineName : undefined);
  const { environment: variables, root } = load;
  const program = { program: load.program, args: splitArguments(query.argv ?? ""), environment: variables, root };
  const caller = chosen.file;
  const { value, failed } = useAnswerOf(
    client,
    "executed",
    isX86 && readiness !== "loading" ? { ...program, name: chosen.name, caller } : undefined,
  );
  const mode = modeOf(query.mode);
  const story = value?.stories.find(({ id }) => id === mode);
  const first = story?.calls[0]?.events[0]?.step;
  const step = query.step === undefined || query.step === "" ? first : Number(query.step);
  const environment = mode === "now" ? `${variables}\nLD_BIND_NOW=1` : variables;
  const ask: MachineAsk | undefined =
    step === undefined || readiness === "loading"
      ? undefined
      : { ...program, environment, step, memory: Number(query.memory ?? story?.slot ?? 0), slot: story?.slot };
  if (!isX86) {
    return (
      <p class="dim">
        Programs of {machineName} are not executed here, only those of x86-64 and i386. See what is foreseen.
      </p>
    );
  }
  return (
    <>
      <p class="dim">
        Every instruction is executed in simulated memory, from the dynamic linker's first on: registers, stack and
        memory are those of the run. A number is how many instructions have been executed until then.
      </p>
      <Failed words={failed} />
      {value !== undefined && value.words !== "" && <p class="failed">{value.words}</p>}
      {value !== undefined && value.stories.length > 0 && (
        <nav class="parts" aria-label="Which call">
          {value.stories.map((it) => (
            <Go
              key={it.id}
              to={{ query: { mode: it.id === "lazy" ? "" : it.id, step: "", memory: "" } }}
              aria-current={it.id === mode ? "page" : undefined}
            >
              {TITLES[it.id]}
              <span class="number">{it.calls[0]?.instructions}</span>
            </Go>
          ))}
        </nav>
      )}
      {ask !== undefined && (
        <div class="bind-columns">
          <section aria-label="What is executed">
            {story !== undefined && <Events story={story} step={ask.step} />}
            {mode !== "straight" && (
              <>
                <h2>The look-up, as it is computed</h2>
                <Looks name={chosen.name} hash={hash} looks={looks} isNow={false} />
              </>
            )}
          </section>
          <Machine client={client} ask={ask} query={query} />
        </div>
      )}
    </>
  );
}

const TITLES: Readonly<Record<ExecutedStory["id"], string>> = {
  lazy: "Bound at the first call",
  now: "With BIND_NOW",
  straight: "Through the GOT, as -fno-plt",
};

function modeOf(text: string | undefined): ExecutedStory["id"] {
  return text === "now" || text === "straight" ? text : "lazy";
}

function Events({ story, step }: { story: ExecutedStory; step: number }): JSX.Element {
  return (
    <>
      {story.calls.map(({ events, instructions }, i) => (
        <section key={i}>
          <h2>
            {i === 0 ? `${story.object} calls ${story.name}` : "Called again"}{" "}
            <span class="dim">
              {grouped(instructions)} {instructions === 1 ? "instruction" : "instructions"} from the jump to the
              function
            </span>
          </h2>
          <ol class="steps executed">
            {events.map((it, k) => {
              const isHere = it.step === step;
              return (
                <li key={`${it.step} ${k}`} class={isHere ? "here" : undefined}>
                  <Go to={{ query: { step: String(it.step) } }} aria-current={isHere ? true : undefined}>
                    {grouped(it.step)}
                  </Go>
                  <div>
                    {it.words}
                    {it.code !== "" && <code>{it.code}</code>}
                  </div>
                </li>
              );
            })}
          </ol>
        </section>
      ))}
    </>
  );
}

/** Runs on and goes to where it has stopped. */
export function runOn(ask: MachineAsk, until: MachineAsk["until"]): Promise<void> {
  return waitFor(async () => {
    const client = runClient();
    const { step } = await client.ask("machine", { ...ask, until }, showProgress(client));
    go({ query: { step: String(step) } });
  });
}
