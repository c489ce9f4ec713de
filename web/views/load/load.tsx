// A program being loaded: which libraries it gets and by which rule, where everything is in memory, what each relocation computes.

import type { JSX } from "preact";
import { useAnswer } from "../../app/answer.ts";
import { loadAskOf, loadable } from "../../app/asks.ts";
import { address, go, href, summaries } from "../../app/state.ts";
import { counted, grouped, hex } from "../../app/words.ts";
import { Go } from "../../parts/links.tsx";
import { Empty, Failed, Problems } from "../../parts/notes.tsx";
import { Table } from "../../parts/table.tsx";
import type { LoadAnswer, LoadAsk } from "../../worker/protocol.ts";
import { LinkMapGraph } from "./graph.tsx";
import { ObjectsView } from "./objects.tsx";
import { RunPart } from "./run.tsx";
import { AddressSpace } from "./space.tsx";

export function LoadView(): JSX.Element {
  const { file, part, query } = address.value;
  const ask = loadAskOf(address.value, summaries.value);
  const { value, failed } = useAnswer("load", ask);
  const hasObjects = summaries.value.some(({ kind }) => kind === "elf-relocatable");
  if (hasObjects && (part === "objects" || ask === undefined)) return <ObjectsView />;
  if (ask === undefined) return <NoProgram />;
  return (
    <div class="load">
      <Settings ask={ask} />
      <div class="load-main">
        <Failed words={failed} />
        {value !== undefined && (
          <>
            <header class="load-head">
              <h1>{ask.program}</h1>
              <p class="dim">{value.title}</p>
            </header>
            {file !== "" && file !== ask.program && (
              <p class="said">
                <b>{file}</b> is not among the files; this is {ask.program} in its place.
              </p>
            )}
            {value.problem !== undefined && <Problems problems={[value.problem]} />}
            {value.messages.map((text) => (
              <p class="said" key={text}>
                <span class="dim">ld.so says</span> <code>{text}</code> <WhyVersion text={text} />
              </p>
            ))}
            {(value.objects.length > 0 || part !== "") && (
              <nav class="parts" aria-label="Parts of the load">
                <Tab id="" title="Link map" part={part} />
                <Tab id="space" title="Address space" part={part} />
                <Tab id="search" title="Search" part={part} />
                <Tab id={`references:${objectOf(part)}`} title="References" part={part} like="references" />
                <Tab id={`relocations:${objectOf(part)}`} title="Relocations" part={part} like="relocations" />
                <Tab id="scopes" title="Scopes and order" part={part} />
                <Tab id="memory" title="Memory map" part={part} />
                <Tab id="run" title="Run" part={part} />
              </nav>
            )}
            <Part value={value} ask={ask} part={part} query={query} />
          </>
        )}
      </div>
    </div>
  );
}

/** A version that is missing can be asked about. */
function WhyVersion({ text }: { text: string }): JSX.Element | null {
  const [, name] = /version `([^']+)' not found/.exec(text) ?? [];
  return name === undefined ? null : <Go to={{ view: "why", query: { about: "load", name } }}>Why {name}?</Go>;
}

/** The object of a table's name: `relocations:3`. */
function objectOf(part: string): string {
  return part.split(":")[1] ?? "0";
}

function Tab({ id, title, part, like }: { id: string; title: string; part: string; like?: string }): JSX.Element {
  const isHere = like === undefined ? part === id : part.startsWith(like);
  return (
    <Go to={{ part: id }} aria-current={isHere ? "page" : undefined}>
      {title}
    </Go>
  );
}

function Part({
  value,
  ask,
  part,
  query,
}: {
  value: LoadAnswer;
  ask: LoadAsk;
  part: string;
  query: Readonly<Record<string, string>>;
}): JSX.Element {
  const [name] = part.split(":");
  switch (name) {
    case "space":
      return <AddressSpace value={value} />;
    case "run":
      return <RunPart ask={ask} />;
    case "search":
      return <Search value={value} />;
    case "scopes":
      return <Scopes value={value} />;
    case "memory":
      return <Table file={`load:${JSON.stringify(ask)}`} part="memory" query={query} label="Memory map" />;
    case "relocations":
    case "references":
      return (
        <>
          <ObjectChoice value={value} name={name} part={part} />
          <Table
            file={`load:${JSON.stringify(ask)}`}
            part={part}
            query={query}
            label={name === "relocations" ? "Relocations" : "References"}
          />
        </>
      );
    default:
      return (
        <div class="picture" tabIndex={0}>
          {value.assumed.map((words) => (
            <p class="dim" key={words}>
              {words}
            </p>
          ))}
          <Missing value={value} />
          <Problems problems={value.problems} />
          {value.objects.length > 0 && <LinkMapGraph value={value} />}
        </div>
      );
  }
}

function ObjectChoice({ value, name, part }: { value: LoadAnswer; name: string; part: string }): JSX.Element {
  return (
    <p class="object-choice">
      <label>
        of{" "}
        <select
          value={objectOf(part)}
          onChange={(event) => go({ part: `${name}:${event.currentTarget.value}`, query: { filter: "" } })}
        >
          {value.objects.map(({ id, short, relocations }) => (
            <option key={id} value={id}>
              {short} ({grouped(relocations)})
            </option>
          ))}
        </select>
      </label>
    </p>
  );
}

export function Missing({ value }: { value: LoadAnswer }): JSX.Element | null {
  if (value.missing.length === 0) return null;
  return (
    <ul class="problems">
      {value.missing.map(({ name, requester, lines }) => (
        <li key={name} class="error">
          <span class="sign" aria-hidden="true">
            ✕
          </span>
          <div>
            <p>
              <b>
                <Go to={{ view: "why", query: { name } }}>{name}</Go>
              </b>
              , needed by {requester}, was not found
            </p>
            {lines.map((line) => (
              <p class="more" key={line}>
                {line}
              </p>
            ))}
            <p class="cure">
              <b>Cure:</b> give the library too (<Go to={{ view: "files", file: "" }}>Files</Go>), or name its directory
              in LD_LIBRARY_PATH.
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Each library with every place that was looked at. */
function Search({ value }: { value: LoadAnswer }): JSX.Element {
  return (
    <div class="picture" tabIndex={0}>
      <Missing value={value} />
      {value.objects
        .filter(({ kind }) => kind === "library")
        .map((it) => (
          <section class="search" key={it.id}>
            <h2>
              <Go to={{ view: "why", query: { name: it.name } }}>{it.short}</Go>
            </h2>
            <p class="dim">
              asked for by {value.objects[it.requester]?.short ?? "nobody"} first; found by {it.foundBy}
            </p>
            <table class="list">
              <caption class="hidden">Places tried for {it.short}</caption>
              <thead>
                <tr>
                  <th scope="col">place</th>
                  <th scope="col">by</th>
                  <th scope="col">outcome</th>
                </tr>
              </thead>
              <tbody>
                {it.tried.map(({ path, rule, outcome }, i) => (
                  <tr key={`${path}${i}`} class={outcome === "taken" ? "taken" : undefined}>
                    <th scope="row">{path}</th>
                    <td>{rule}</td>
                    <td>
                      {outcome === "taken" ? "✓ " : ""}
                      {outcome}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        ))}
    </div>
  );
}

function Scopes({ value }: { value: LoadAnswer }): JSX.Element {
  const name = (short: string): JSX.Element => (
    <Go key={short} to={{ view: "why", query: { name: short } }}>
      {short}
    </Go>
  );
  return (
    <div class="picture" tabIndex={0}>
      <section>
        <h2>Where references are looked up</h2>
        <p class="dim">The first object of the scope that defines a name wins.</p>
        <dl class="facts scopes">
          {value.objects.map((it) => (
            <div key={it.id}>
              <dt>{it.short}</dt>
              <dd>
                {it.scope.map((list, i) => (
                  <span key={list.join()}>
                    {i > 0 && <em> then </em>}
                    {list.map((short, k) => (
                      <>
                        {k > 0 && " → "}
                        {name(short)}
                      </>
                    ))}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section class="order">
        <h2>Order of relocation and of constructors</h2>
        <p class="dim">Each object after those that it needs.</p>
        <ol>
          {value.order.map((short) => (
            <li key={short}>{name(short)}</li>
          ))}
        </ol>
      </section>
      <section class="order">
        <h2>What dl_iterate_phdr shows</h2>
        <table class="list">
          <thead>
            <tr>
              <th scope="col">dlpi_name</th>
              <th scope="col" class="right">
                dlpi_addr
              </th>
              <th scope="col" class="right">
                dlpi_phdr
              </th>
              <th scope="col" class="right">
                dlpi_phnum
              </th>
              <th scope="col" class="right">
                dlpi_tls_modid
              </th>
            </tr>
          </thead>
          <tbody>
            {value.headers.map((it) => (
              <tr key={it.base}>
                <th scope="row">{it.name === "" ? '"" (the program)' : it.name}</th>
                <td class="right">{hex(it.base)}</td>
                <td class="right">{hex(it.headers)}</td>
                <td class="right">{it.count}</td>
                <td class="right">{it.tlsModule === 0 ? "none" : it.tlsModule}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Settings({ ask }: { ask: LoadAsk }): JSX.Element {
  const all = loadable(summaries.value);
  const folders = [...new Set(summaries.value.flatMap(({ path }) => /^([^/]+)\/./.exec(path)?.[1] ?? []))];
  return (
    <form class="settings" aria-label="What to load, and how" onSubmit={(event) => event.preventDefault()}>
      <label>
        program
        <select
          value={ask.program}
          onChange={(event) => {
            location.hash = href({ view: "load", file: event.currentTarget.value });
          }}
        >
          {all.map(({ path }) => (
            <option key={path} value={path}>
              {path}
            </option>
          ))}
        </select>
      </label>
      <label>
        environment, NAME=VALUE a line
        <textarea
          rows={4}
          spellcheck={false}
          placeholder={"LD_PRELOAD=/libmine.so\nLD_BIND_NOW=1"}
          value={ask.environment}
          onChange={(event) => go({ query: { env: event.currentTarget.value } })}
        />
      </label>
      <label>
        load addresses, NAME=ADDRESS a line
        <textarea
          rows={2}
          spellcheck={false}
          placeholder="libfoo.so=0x12e000"
          value={address.value.query.bases ?? ""}
          onChange={(event) => go({ query: { bases: event.currentTarget.value } })}
        />
      </label>
      <label>
        loader
        <select value={ask.profile} onChange={(event) => go({ query: { profile: event.currentTarget.value } })}>
          <option value="">the program's own</option>
          {PROFILES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        root directory
        <select value={ask.root} onChange={(event) => go({ query: { root: event.currentTarget.value } })}>
          <option value="">a folder that looks like one</option>
          <option value="/">none: paths as given</option>
          {folders.map((name) => (
            <option key={name} value={name}>
              {name}/
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={ask.now}
          onChange={(event) => go({ query: { now: event.currentTarget.checked ? "1" : "" } })}
        />
        bind everything at once (BIND_NOW)
      </label>
      <p class="dim">{counted(summaries.value.length, "file")} given; paths begin at the root. Loading runs nothing.</p>
    </form>
  );
}

const PROFILES = ["glibc@2.26", "glibc@2.31", "glibc@2.36", "glibc@2.39", "glibc@2.41", "glibc@2.43", "musl"];

function NoProgram(): JSX.Element {
  return (
    <Empty>
      <h1>Load</h1>
      <p>
        There is no program or library among the files. Give one with its libraries (
        <Go to={{ view: "files", file: "" }}>Files</Go>), or <Go to={{ view: "link", file: "" }}>link</Go> one.
      </p>
    </Empty>
  );
}
