// The machine at a moment: registers, the instructions that are next, the stack, memory, and what the program has written; with what
// makes it go on.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useAnswerOf } from "../../app/answer.ts";
import { busy, go } from "../../app/state.ts";
import { grouped, hex } from "../../app/words.ts";
import type { Client } from "../../client/client.ts";
import { Failed } from "../../parts/notes.tsx";
import type { MachineAnswer, MachineAsk } from "../../worker/protocol.ts";
import { runOn } from "./executed.tsx";

interface Props {
  readonly client: Client;
  readonly ask: MachineAsk;
  readonly query: Readonly<Record<string, string>>;
}

export function Machine({ client, ask, query }: Props): JSX.Element {
  const { value, failed } = useAnswerOf(client, "machine", ask);
  // What has changed since the moment that was shown before.
  const before = useRef<{ now: MachineAnswer | undefined; old: MachineAnswer | undefined }>({
    now: undefined,
    old: undefined,
  });
  if (value !== before.current.now) before.current = { now: value, old: before.current.now };
  return (
    <section class="machine" aria-label="The machine">
      <Controls ask={ask} query={query} />
      <Failed words={failed} />
      {value !== undefined && <State value={value} old={before.current.old} />}
    </section>
  );
}

function Controls({ ask, query }: { ask: MachineAsk; query: Props["query"] }): JSX.Element {
  const places = query.break ?? "";
  const draft = useSignal(places);
  useLayoutEffect(() => {
    draft.value = places;
  }, [places]);
  const run = (until: MachineAsk["until"]): void => {
    runOn(ask, until).finally(() => {
      busy.value = undefined;
    });
  };
  const to = (step: number): void => go({ query: { step: String(Math.max(0, step)) } });
  return (
    <form
      class="stepper"
      onSubmit={(event) => {
        event.preventDefault();
        go({ query: { break: draft.value.trim() } }, true);
        run(draft.value.split(/[\s,]+/).filter((word) => word !== ""));
      }}
    >
      <button type="button" disabled={ask.step <= 0} onClick={() => to(ask.step - 1)}>
        ← Back
      </button>
      <button type="button" class="main" onClick={() => to(ask.step + 1)}>
        Step →
      </button>
      <button type="button" onClick={() => run("over")}>
        Over the call
      </button>
      <label>
        <span class="hidden">Breakpoints: symbols or addresses</span>
        <input
          type="text"
          placeholder="symbols or addresses"
          value={draft.value}
          spellcheck={false}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit">{draft.value.trim() === "" ? "Run to the end" : "Run to there"}</button>
      <button type="button" onClick={() => to(0)}>
        From the start
      </button>
    </form>
  );
}

function State({ value, old }: { value: MachineAnswer; old: MachineAnswer | undefined }): JSX.Element {
  const { state, step, words, slot, memory, output } = value;
  return (
    <>
      <p class="moment" role="status">
        after {grouped(step)} instructions: {state === undefined ? words : state.where || hex(state.address)}
      </p>
      {slot !== undefined && (
        <p class={slot.value === old?.slot?.value || old?.slot === undefined ? "slot" : "slot changed"}>
          <span class="dim">the slot {hex(slot.address)} holds</span> <b>{slot.value}</b>
          <span class="dim">{slot.where}</span>
        </p>
      )}
      {state !== undefined && (
        <>
          <table class="list code-lines">
            <caption>Next instructions</caption>
            <tbody>
              {state.code.slice(0, 8).map((it, i) => (
                <tr key={it.address} class={i === 0 ? "taken" : undefined}>
                  <th scope="row">
                    {i === 0 ? "→ " : ""}
                    {hex(it.address)}
                  </th>
                  <td class="code-text">{it.text}</td>
                  <td class="dim">{it.where}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <div class="machine-columns">
            <table class="list">
              <caption>Registers</caption>
              <tbody>
                {state.registers.map(({ name, value: text, where }) => {
                  const was = old?.state?.registers.find((it) => it.name === name)?.value;
                  const isNew = was !== undefined && was !== text;
                  return (
                    <tr key={name} class={isNew ? "changed" : undefined}>
                      <th scope="row">{name}</th>
                      <td>
                        {text}
                        {isNew && <span class="hidden"> changed</span>}
                      </td>
                      <td class="dim">{name === "eflags" ? state.flags.join(" ") : where}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
            <table class="list">
              <caption>Stack</caption>
              <tbody>
                {state.stack.map(({ address, value: text, where }) => (
                  <tr key={address}>
                    <th scope="row">{hex(address)}</th>
                    <td>{text}</td>
                    <td class="dim">{where}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <Memory memory={memory} />
      {output.length > 0 && (
        <>
          <h2>Written until now</h2>
          <pre class="output-text">
            {output.map(({ stream, text }, i) => (
              <span key={`${stream}${i}`} class={stream === 2 ? "stderr" : undefined}>
                {text}
              </span>
            ))}
          </pre>
        </>
      )}
    </>
  );
}

function Memory({ memory }: { memory: MachineAnswer["memory"] }): JSX.Element {
  const rows = memory === undefined ? [] : Array.from({ length: Math.ceil(memory.bytes.length / 16) }, (_, i) => i);
  return (
    <section aria-label="Memory">
      <form
        class="memory-form"
        onSubmit={(event) => {
          event.preventDefault();
          const input = event.currentTarget.elements.namedItem("memory") as HTMLInputElement;
          go({ query: { memory: input.value.trim() } });
        }}
      >
        <label>
          Memory at{" "}
          <input
            type="text"
            name="memory"
            spellcheck={false}
            value={memory === undefined ? "" : hex(memory.address)}
            pattern="0x[0-9a-fA-F]+|[0-9]+"
          />
        </label>
        <button type="submit">Show</button>
      </form>
      {memory === undefined ? (
        <p class="dim">Nothing is mapped there now.</p>
      ) : (
        <table class="list memory-lines">
          <tbody>
            {rows.map((row) => {
              const bytes = [...memory.bytes.subarray(row * 16, row * 16 + 16)];
              return (
                <tr key={row}>
                  <th scope="row">{hex(memory.address + row * 16)}</th>
                  <td>{bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}</td>
                  <td class="dim">
                    {bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("")}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
