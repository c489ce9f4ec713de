// The first call of a function through the PLT, step by step: what is in the slot, what the stub pushes, who is asked in which order with
// which arithmetic, what the slot holds afterwards; and the second call, and the same with BIND_NOW. As the page foresees it, and as it
// is executed.

import type { JSX } from "preact";
import { useAnswer } from "../../app/answer.ts";
import { loadAskOf } from "../../app/asks.ts";
import { address, go, summaries } from "../../app/state.ts";
import { hex } from "../../app/words.ts";
import { Go } from "../../parts/links.tsx";
import { Empty, Failed } from "../../parts/notes.tsx";
import type { BindAnswer, ShownSlot, ShownStory } from "../../worker/protocol.ts";
import { ExecutedCall } from "./executed.tsx";

export function BindView(): JSX.Element {
  const { query, part } = address.value;
  const load = loadAskOf(address.value, summaries.value);
  const object = Number(query.object ?? 0);
  // What can be executed is, unless it is asked for otherwise.
  const isExecuted = part === "executed" || (part !== "foreseen" && load !== undefined && hasLoader(load.program));
  const { value, failed } = useAnswer("bind", load && { load, object, name: query.name ?? "" });
  if (load === undefined) {
    return (
      <Empty>
        <h1>Bind</h1>
        <p>
          There is no program among the files: give one with its libraries (
          <Go to={{ view: "files", file: "" }}>Files</Go>).
        </p>
      </Empty>
    );
  }
  return (
    <div class="bind">
      <Failed words={failed} />
      {value !== undefined && value.chosen === undefined && (
        <Empty>
          <h1>Bind</h1>
          <p>
            Nothing in {load.program} calls through a PLT: it was linked without shared libraries, or with{" "}
            <code>-fno-plt</code>, whose calls go straight through GOT words that are bound at start.
          </p>
        </Empty>
      )}
      {value?.chosen !== undefined && (
        <>
          <Head value={value} chosen={value.chosen} isExecuted={isExecuted} />
          {isExecuted ? (
            <ExecutedCall load={load} chosen={value.chosen} looks={value.looks} hash={value.hash} query={query} />
          ) : (
            <Story value={value} chosen={value.chosen} step={Number(query.step ?? 1)} />
          )}
        </>
      )}
    </div>
  );
}

/** Is the program's dynamic linker among the files? */
function hasLoader(program: string): boolean {
  const all = summaries.value;
  const interpreter = all.find(({ path }) => path === program)?.interpreter;
  const name = interpreter?.slice(interpreter.lastIndexOf("/") + 1);
  return name !== undefined && all.some(({ path }) => path === name || path.endsWith(`/${name}`));
}

/** Which call, and how it is shown. */
function Head({
  value,
  chosen,
  isExecuted,
}: {
  value: BindAnswer;
  chosen: ShownSlot;
  isExecuted: boolean;
}): JSX.Element {
  return (
    <header class="bind-head">
      <h1>The first call of {chosen.name}</h1>
      <p class="dim">{value.lazily?.title}</p>
      <label>
        <span class="hidden">Which call</span>
        <select
          value={`${chosen.object} ${chosen.name}`}
          onChange={(event) => {
            const [id, ...name] = event.currentTarget.value.split(" ");
            go({ query: { object: id, name: name.join(" "), step: "", mode: "" } });
          }}
        >
          {value.slots.map((it) => (
            <option key={`${it.object} ${it.row}`} value={`${it.object} ${it.name}`}>
              {it.short} calls {it.name}
            </option>
          ))}
        </select>
      </label>
      <nav class="choice" aria-label="How it is shown">
        <Go
          to={{ part: "foreseen", query: { name: chosen.name, object: String(chosen.object) } }}
          aria-current={!isExecuted}
        >
          foreseen
        </Go>
        <Go
          to={{ part: "executed", query: { name: chosen.name, object: String(chosen.object) } }}
          aria-current={isExecuted}
        >
          executed
        </Go>
      </nav>
    </header>
  );
}

function Story({ value, chosen, step }: { value: BindAnswer; chosen: ShownSlot; step: number }): JSX.Element {
  const { lazily, atOnce } = value;
  const count = (lazily?.first.length ?? 0) + (lazily?.again === undefined ? 0 : 1);
  const at = Math.max(1, Math.min(count, step));
  const current = lazily?.first[at - 1];
  const isBound =
    at >= count || (lazily !== undefined && at > lazily.first.findIndex(({ about }) => about === "target"));
  return (
    <div class="bind-columns">
      <section aria-label="Step by step">
        <div class="stepper">
          <button type="button" disabled={at <= 1} onClick={() => go({ query: { step: String(at - 1) } })}>
            ← Back
          </button>
          <button
            type="button"
            class="main"
            disabled={at >= count}
            onClick={() => go({ query: { step: String(at + 1) } })}
          >
            Step →
          </button>
          <span role="status">
            step {at} of {count}
          </span>
        </div>
        {lazily !== undefined && <Steps story={lazily} at={at} />}
      </section>
      <section aria-label="State" class="bind-state">
        <h2>The slot</h2>
        <p class={isBound ? "slot bound" : "slot"}>
          <span class="dim">{hex(chosen.site)} holds</span>{" "}
          <b>{hex(isBound ? (lazily?.after ?? 0) : (lazily?.before ?? 0))}</b>
          <span class="dim">{isBound ? `the function` : `back in the PLT of ${chosen.short}`}</span>
        </p>
        <p>
          <Go to={{ view: "why", query: { name: chosen.name } }}>Why {chosen.name}?</Go>
          {" · "}
          <Go to={{ view: "why", query: { name: hex(chosen.site) } }}>What is at the slot?</Go>
        </p>
        <h2>The look-up</h2>
        <Looks name={chosen.name} hash={value.hash} looks={value.looks} isNow={current?.about === "scope" || isBound} />
        <h2>With BIND_NOW, for comparison</h2>
        {atOnce === undefined ? <p class="dim">nothing to compare</p> : <Steps story={atOnce} at={-1} />}
        <p class="dim">
          Code that was compiled with <code>-fno-plt</code> has no PLT entry: it calls through a GOT word that is bound
          at start, as here.
        </p>
      </section>
    </div>
  );
}

export function Looks({
  name,
  hash,
  looks,
  isNow,
}: {
  name: string;
  hash: string;
  looks: BindAnswer["looks"];
  isNow: boolean;
}): JSX.Element {
  return (
    <>
      <p class="dim">
        The GNU hash of <code>{name}</code> is <code>{hash}</code>. The objects of the scope are asked in their order.
      </p>
      <ol class={isNow ? "looks now" : "looks"}>
        {looks.map(({ object, lines, found }) => (
          <li key={object} class={found ? "found" : undefined}>
            <b>
              {found ? "✓ " : ""}
              {object}
            </b>
            {lines.map((line) => (
              <p key={line} class="mono">
                {line}
              </p>
            ))}
          </li>
        ))}
      </ol>
    </>
  );
}

/** @param at the current step, from 1; -1: all of them */
function Steps({ story, at }: { story: ShownStory; at: number }): JSX.Element {
  const { first, again } = story;
  const state = (place: number): string | undefined =>
    at < 0 ? undefined : place === at ? "here" : place > at ? "later" : undefined;
  return (
    <ol class="steps">
      {first.map(({ text, code }, i) => (
        <li key={text} class={state(i + 1)} aria-current={at === i + 1 ? "step" : undefined}>
          {text}
          {code.map((line) => (
            <code key={line}>{line}</code>
          ))}
        </li>
      ))}
      {again !== undefined && at >= 0 && (
        <li class={state(first.length + 1)} aria-current={at === first.length + 1 ? "step" : undefined}>
          Called again: {again}
        </li>
      )}
    </ol>
  );
}
