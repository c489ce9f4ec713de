// Linking in the page: a command line, and what came of it; again on every change, with what the change changed.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useAnswer } from "../../app/answer.ts";
import { commandText, inputPath, linkAskOf, moved, placeOf, toggled } from "../../app/asks.ts";
import { addFiles, address, go, summaries, waitFor } from "../../app/state.ts";
import { byteCount, counted, grouped, hex } from "../../app/words.ts";
import { Go } from "../../parts/links.tsx";
import { Empty, Failed, Problems } from "../../parts/notes.tsx";
import { Table } from "../../parts/table.tsx";
import type { LinkAnswer, LinkAsk, LinkedMember } from "../../worker/protocol.ts";
import { OutputMap } from "./output.tsx";

export function LinkView(): JSX.Element {
  const { part, query } = address.value;
  const ask = linkAskOf(address.value, summaries.value);
  const isEmpty = summaries.value.length === 0;
  const { value, failed } = useAnswer("link", isEmpty ? undefined : ask);
  if (isEmpty) {
    return (
      <Empty>
        <h1>Link</h1>
        <p>
          Give me objects, archives or libraries first: <Go to={{ view: "files" }}>Files</Go>.
        </p>
      </Empty>
    );
  }
  return (
    <div class="load">
      <Command ask={ask} />
      <div class="load-main">
        <Failed words={failed} />
        {value !== undefined && (
          <>
            <Outcome value={value} />
            <nav class="parts" aria-label="Parts of the link">
              <Tab id="" title="Overview" part={part} />
              {value.sections.length > 0 && <Tab id="output" title="Output" part={part} />}
              <Tab id="members" title="Why each file" part={part} />
              {value.parts.map(({ id, title, count }) => (
                <Tab key={id} id={id} title={title} count={count} part={part} />
              ))}
            </nav>
            <Part value={value} ask={ask} part={part} query={query} />
          </>
        )}
      </div>
    </div>
  );
}

function Tab({
  id,
  title,
  count,
  part,
}: {
  id: string;
  title: string;
  count?: number | undefined;
  part: string;
}): JSX.Element {
  return (
    <Go to={{ part: id }} aria-current={part === id ? "page" : undefined}>
      {title}
      {count !== undefined && <span class="number">{grouped(count)}</span>}
    </Go>
  );
}

function Outcome({ value }: { value: LinkAnswer }): JSX.Element {
  return (
    <header class="load-head">
      <h1>
        <span class={value.linked ? "good" : "bad"}>{value.linked ? "✓ linked" : "✕ not linked"}</span>
      </h1>
      <p class="dim">
        {value.image !== undefined && `${value.outputName}, ${byteCount(value.image.length)}, `}
        in {value.took < 10 ? value.took.toFixed(1) : Math.round(value.took)} ms
      </p>
      {value.image !== undefined && <Take value={value} />}
    </header>
  );
}

/** What to do with the output. */
function Take({ value }: { value: LinkAnswer }): JSX.Element {
  const blob = (): Blob => new Blob(value.image === undefined ? [] : [value.image]);
  const keep = (view: "anatomy" | "load"): Promise<void> =>
    waitFor(async () => {
      await addFiles([{ path: value.outputName, contents: blob() }]);
      go({ view, file: value.outputName });
    });
  return (
    <p class="take">
      <button type="button" onClick={() => keep("anatomy")}>
        Look into it
      </button>
      <button type="button" onClick={() => keep("load")}>
        Load it
      </button>
      <button
        type="button"
        onClick={() => {
          const url = URL.createObjectURL(blob());
          const link = document.createElement("a");
          link.href = url;
          link.download = value.outputName.slice(value.outputName.lastIndexOf("/") + 1);
          link.click();
          setTimeout(() => URL.revokeObjectURL(url), 10_000);
        }}
      >
        Save
      </button>
    </p>
  );
}

function Part({
  value,
  ask,
  part,
  query,
}: {
  value: LinkAnswer;
  ask: LinkAsk;
  part: string;
  query: Readonly<Record<string, string>>;
}): JSX.Element {
  if (part === "output") return <OutputMap value={value} />;
  if (part === "members") return <Members members={value.members} />;
  const table = value.parts.find(({ id }) => id === part);
  if (table !== undefined)
    return <Table file={`link:${JSON.stringify(ask)}`} part={part} query={query} label={table.title} />;
  return (
    <div class="picture" tabIndex={0}>
      <Problems problems={value.problems} />
      <Offers value={value} args={ask.args} />
      <WhatIsMissing value={value} />
      <Changes changes={value.changes} />
      <Stages value={value} />
    </div>
  );
}

/** What is missing and stands in a file that is here. */
function Offers({ value, args }: { value: LinkAnswer; args: readonly string[] }): JSX.Element {
  return (
    <>
      {value.offers.map(({ path, names }) => (
        <p class="cure offer" key={path}>
          <b>Cure:</b> <code>{path}</code>, which is here but not linked, defines{" "}
          <code>{names.slice(0, 4).join(", ")}</code>
          {names.length > 4 && ` and ${counted(names.length - 4, "more name")}`}.{" "}
          <button type="button" class="main" onClick={() => go({ query: { args: commandText([...args, path]) } })}>
            Link {path} too
          </button>
        </p>
      ))}
    </>
  );
}

/** Whoever brings an object of their own alone has left out what the compiler's driver adds. */
function WhatIsMissing({ value }: { value: LinkAnswer }): JSX.Element | null {
  const isAlone = summaries.value.every(
    ({ kind, defines }) => kind === "elf-relocatable" && !defines.includes("_start"),
  );
  if (!isAlone || !value.problems.some(({ code }) => code === "undefined-symbol")) return null;
  return (
    <p class="lead">
      No library is among the files. What a compiler adds to a link, start files and the C library, can be dropped here
      too; or all of a link at once, recorded by <code>gcc -B libexec … -Wl,--explain=link.solder</code>.
    </p>
  );
}

function Changes({ changes }: { changes: readonly string[] | undefined }): JSX.Element | null {
  if (changes === undefined || changes.length === 0) return null;
  return (
    <section class="changes" aria-label="What changed">
      <h2>Against the link before</h2>
      <ul>
        {changes.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function Stages({ value }: { value: LinkAnswer }): JSX.Element {
  const longest = Math.max(0.1, ...value.stages.map(({ took }) => took));
  return (
    <section aria-label="Passes">
      <h2>What the linker did</h2>
      <table class="list stages">
        <thead>
          <tr>
            <th scope="col">pass</th>
            <th scope="col">came to</th>
            <th scope="col" class="right">
              took
            </th>
            <th scope="col">
              <span class="hidden">as a bar</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {value.stages.map(({ title, words, took }, i) => (
            <tr key={`${title}${i}`}>
              <th scope="row">{title}</th>
              <td>{words}</td>
              <td class="right">{took.toFixed(took < 10 ? 2 : 0)} ms</td>
              <td>
                <span class="bar plain" style={{ width: `${(140 * took) / longest}px` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The objects as a tree: a member under the file that wanted it. */
function Members({ members }: { members: readonly LinkedMember[] }): JSX.Element {
  return (
    <div class="picture" tabIndex={0}>
      <p class="dim">
        Every object of the link. A member of an archive stands under the one whose reference took it in first.
      </p>
      <Branch members={members} parent={-1} seen={new Set()} />
    </div>
  );
}

function Branch({
  members,
  parent,
  seen,
}: {
  members: readonly LinkedMember[];
  parent: number;
  seen: ReadonlySet<number>;
}): JSX.Element | null {
  const own = members.flatMap((it, place) => (it.parent === parent && !seen.has(place) ? [{ it, place }] : []));
  if (own.length === 0) return null;
  return (
    <ul class={parent < 0 ? "tree root" : "tree"}>
      {own.map(({ it, place }) => (
        <li key={place}>
          <Go to={{ view: "why", query: { name: it.file } }}>{it.file}</Go> <span class="dim">{it.words}</span>
          <Branch members={members} parent={place} seen={new Set([...seen, place])} />
        </li>
      ))}
    </ul>
  );
}

interface OptionChoice {
  readonly option: readonly string[];
  readonly words: string;
}

const CHOICES: readonly OptionChoice[] = [
  { option: ["-pie"], words: "position-independent program" },
  { option: ["-shared"], words: "shared library" },
  { option: ["-static"], words: "without shared libraries" },
  { option: ["-r"], words: "one object out of many" },
  { option: ["--gc-sections"], words: "leave out what nothing refers to" },
  { option: ["--icf=all"], words: "fold functions that are equal" },
  { option: ["-z", "now"], words: "bind everything at start" },
  { option: ["-Bsymbolic"], words: "a library's references bind to itself" },
  { option: ["--export-dynamic"], words: "export what the program defines" },
  { option: ["--allow-multiple-definition"], words: "the first of two definitions wins" },
];

function Command({ ask }: { ask: LinkAsk }): JSX.Element {
  const text = commandText(ask.args);
  const draft = useSignal(text);
  useEffect(() => {
    draft.value = text;
  }, [text]);
  const set = (words: readonly string[]): void => go({ query: { args: commandText(words) } });
  const paths = new Set(summaries.value.map(({ path }) => path));
  const pathOf = (place: number): string | undefined => inputPath(ask.args, place, ask.directory ?? "");
  const isInput = (place: number): boolean => ask.args[place].startsWith("-l") || paths.has(pathOf(place) ?? "");
  const used = new Set(ask.args.map((_, place) => pathOf(place)));
  // What came with a record, by a path from the root, is found by options.
  const left = summaries.value.filter(
    ({ path, kind }) => !used.has(path) && !path.startsWith("/") && /^elf|archive|text/.test(kind),
  );
  return (
    <form
      class="settings"
      aria-label="What to link, and how"
      onSubmit={(event) => {
        event.preventDefault();
        go({ query: { args: draft.value } });
      }}
    >
      <label>
        command line of ld
        <textarea
          rows={5}
          spellcheck={false}
          value={draft.value}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
          onChange={() => go({ query: { args: draft.value } })}
        />
      </label>
      <fieldset>
        <legend>inputs, in order</legend>
        <ol class="inputs">
          {ask.args.map((word, place) =>
            isInput(place) ? (
              <li key={`${word}${place}`}>
                <span>{word}</span>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`${word} earlier`}
                  onClick={() => set(moved(ask.args, place, -1, isInput))}
                >
                  ↑
                </button>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`${word} later`}
                  onClick={() => set(moved(ask.args, place, 1, isInput))}
                >
                  ↓
                </button>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Leave out ${word}`}
                  onClick={() => set(ask.args.filter((_, i) => i !== place))}
                >
                  ✕
                </button>
              </li>
            ) : null,
          )}
          {left.map(({ path }) => (
            <li key={path} class="left">
              <span>{path}</span>
              <button type="button" class="quiet" aria-label={`Add ${path}`} onClick={() => set([...ask.args, path])}>
                + add
              </button>
            </li>
          ))}
        </ol>
      </fieldset>
      <fieldset>
        <legend>options</legend>
        {CHOICES.map(({ option, words }) => (
          <label class="check" key={words}>
            <input
              type="checkbox"
              checked={placeOf(ask.args, option) >= 0}
              onChange={() => set(toggled(ask.args, option))}
            />
            <span>
              <code>{option.join(" ")}</code> {words}
            </span>
          </label>
        ))}
      </fieldset>
    </form>
  );
}

/** Of a place in the output. */
export const placeText = (address: number): string => hex(address);
