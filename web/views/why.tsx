// One question: why? About a name, a library, a section or an address of the load or the link that is looked at; answered in the
// terminal's sentences, in which every name can be asked about in turn.

import type { JSX } from "preact";
import { useAnswer } from "../app/answer.ts";
import { isProgram, linkAskOf, loadAskOf } from "../app/asks.ts";
import { address, go, leadChange, summaries } from "../app/state.ts";
import { Go } from "../parts/links.tsx";
import { Empty, Failed } from "../parts/notes.tsx";
import type { WhyWord } from "../worker/protocol.ts";

/** Is the question about a load or a link? As the address says, else a load if there is a program. */
export function aboutOf(query: Readonly<Record<string, string>>): "load" | "link" {
  if (query.about === "load" || query.about === "link") return query.about;
  const all = summaries.value;
  const hasProgram = all.some(isProgram);
  return hasProgram || !all.some(({ kind }) => kind === "elf-relocatable" || kind === "archive") ? "load" : "link";
}

export function WhyView(): JSX.Element {
  const { query } = address.value;
  const name = query.name ?? "";
  const about = aboutOf(query);
  const load = about === "load" ? loadAskOf(address.value, summaries.value) : undefined;
  const link = about === "link" && summaries.value.length > 0 ? linkAskOf(address.value, summaries.value) : undefined;
  const isAsked = name !== "" && (load !== undefined || link !== undefined);
  const { value, failed } = useAnswer("why", isAsked ? { name, load, link } : undefined);
  return (
    <div class="why">
      <header>
        <h1>{name === "" ? "Why?" : `Why ${name}?`}</h1>
        <p class="choice">
          <Go to={{ query: { about: "load" } }} aria-current={about === "load"}>
            about the load{load !== undefined && ` of ${load.program}`}
          </Go>
          <Go to={{ query: { about: "link" } }} aria-current={about === "link"}>
            about the link
          </Go>
        </p>
      </header>
      <Failed words={failed} />
      {!isAsked && (
        <Empty>
          <p>
            {summaries.value.length === 0
              ? "Give me files first, then ask about anything in them."
              : "Ask above, with the key /: about a symbol, a library or file, a section, an address. Every name in an answer can be asked about in turn."}
          </p>
        </Empty>
      )}
      {isAsked && value !== undefined && value.lines === undefined && (
        <p>
          Nothing in the {about} is called <code>{name}</code>. {value.failed}
          {value.near !== undefined && (
            <>
              {" "}
              Did you mean <Go to={{ query: { name: value.near } }}>{value.near}</Go>?
            </>
          )}
        </p>
      )}
      {isAsked && value !== undefined && value.elsewhere.length > 0 && (
        <section class="elsewhere">
          <p>Of the files that are here, whether or not they take part:</p>
          <ul>
            {value.elsewhere.map(({ words, lead }) => (
              <li key={words}>
                <Go to={leadChange(lead)}>{words}</Go>
              </li>
            ))}
          </ul>
        </section>
      )}
      {isAsked && value?.lines !== undefined && <Answer lines={value.lines} />}
    </div>
  );
}

export function Answer({ lines }: { lines: readonly (readonly WhyWord[])[] }): JSX.Element {
  return (
    <div class="answer">
      {lines.map((words, i) => {
        const text = words.map((word) => word.text).join("");
        const depth = (/^ */.exec(text)?.[0].length ?? 0) / 2;
        return (
          <p
            key={i}
            style={{ paddingLeft: `${depth * 20}px` }}
            class={text === "" ? "gap" : depth === 0 ? "head" : undefined}
          >
            {words.map((word, k) =>
              word.name === undefined ? (
                k === 0 ? (
                  word.text.trimStart()
                ) : (
                  word.text
                )
              ) : (
                <Go key={k} to={{ view: "why", query: { name: word.name } }}>
                  {word.text}
                </Go>
              ),
            )}
          </p>
        );
      })}
    </div>
  );
}

/** The box in the frame. */
export function WhyBox(): JSX.Element {
  const { query, view } = address.value;
  return (
    <form
      class="why-box"
      onSubmit={(event) => {
        event.preventDefault();
        const input = event.currentTarget.elements.namedItem("why") as HTMLInputElement;
        go({ view: "why", query: { name: input.value.trim() } });
      }}
    >
      <label>
        <span class="hidden">Why? A symbol, library, section or address</span>
        <input
          id="why"
          name="why"
          type="search"
          placeholder="Why …?  ( / )"
          autocomplete="off"
          spellcheck={false}
          value={view === "why" ? (query.name ?? "") : ""}
        />
      </label>
    </form>
  );
}
