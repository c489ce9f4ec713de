// The files that the page was given: what each of them is, defines, needs; what is wrong with it. Where one starts.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { FileSummary } from "../../src/explain/summary.ts";
import { chosenFiles } from "../app/drop.ts";
import { addFiles, removeFiles, summaries } from "../app/state.ts";
import { byteCount, counted } from "../app/words.ts";
import { Go } from "../parts/links.tsx";
import { Problems } from "../parts/notes.tsx";
import { Samples } from "./samples.tsx";

export function FilesView(): JSX.Element {
  const all = summaries.value;
  return (
    <div class="files">
      <header class="files-head">
        <h1>{all.length === 0 ? "See how programs are linked and loaded" : "Files"}</h1>
        <p class="lead">
          {all.length === 0
            ? "Drop object files, archives, libraries or programs here, or a whole folder. They stay on this machine: nothing is sent anywhere."
            : "They stay on this machine: nothing is sent anywhere."}
        </p>
        <Add />
      </header>
      {all.length > 0 && (
        <ul class="file-list" aria-label="Files">
          {all.map((it) => (
            <FileCard key={it.path} summary={it} />
          ))}
        </ul>
      )}
      <Samples />
    </div>
  );
}

function Add(): JSX.Element {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (input: HTMLInputElement): void => {
    addFiles(chosenFiles(input.files));
    input.value = "";
  };
  return (
    <p class="add">
      <input ref={files} type="file" multiple hidden onChange={(event) => take(event.currentTarget)} />
      <input
        ref={folder}
        type="file"
        multiple
        hidden
        {...{ webkitdirectory: true }}
        onChange={(event) => take(event.currentTarget)}
      />
      <button type="button" class="main" onClick={() => files.current?.click()}>
        Choose files…
      </button>
      <button type="button" onClick={() => folder.current?.click()}>
        Choose a folder…
      </button>
      {summaries.value.length > 0 && (
        <button type="button" onClick={() => removeFiles(summaries.value.map(({ path }) => path))}>
          Remove all
        </button>
      )}
    </p>
  );
}

function FileCard({ summary: it }: { summary: FileSummary }): JSX.Element {
  const isElf = it.kind.startsWith("elf-");
  return (
    <li class={it.problems.some(({ severity }) => severity === "error") ? "card wrong" : "card"}>
      <div class="card-head">
        <h2>
          <Go to={{ view: "anatomy", file: it.path }}>{it.path}</Go>
        </h2>
        <button type="button" class="quiet" aria-label={`Remove ${it.path}`} onClick={() => removeFiles([it.path])}>
          ✕
        </button>
      </div>
      <p>
        {it.description}
        {it.machine !== "" && ` for ${it.machine}`}, {byteCount(it.size)}
      </p>
      <dl class="facts">
        {it.soname !== undefined && <Fact about="known as" words={it.soname} />}
        {it.interpreter !== undefined && <Fact about="loaded by" words={it.interpreter} />}
        {it.needs.length > 0 && <Fact about="needs" words={it.needs.join(", ")} />}
      </dl>
      {it.definesCount > 0 && <Names about="defines" names={it.defines} count={it.definesCount} />}
      {it.wantsCount > 0 && <Names about="wants" names={it.wants} count={it.wantsCount} />}
      {it.members.length > 0 && (
        <details>
          <summary>{counted(it.members.length, "member")}</summary>
          <ul class="names">
            {it.members.slice(0, 2000).map((name) => (
              <li key={name}>
                <Go to={{ view: "anatomy", file: `${it.path}(${name})` }}>{name}</Go>
              </li>
            ))}
          </ul>
        </details>
      )}
      <Problems problems={it.problems} most={4} />
      {isElf && it.interpreter !== undefined && (
        <p class="next">
          <Go to={{ view: "load", file: it.path }}>Load it</Go>
        </p>
      )}
    </li>
  );
}

function Fact({ about, words }: { about: string; words: string }): JSX.Element {
  return (
    <div>
      <dt>{about}</dt>
      <dd>{words}</dd>
    </div>
  );
}

/** A few names; all of them when asked. */
function Names({ about, names, count }: { about: string; names: readonly string[]; count: number }): JSX.Element {
  const open = useSignal(false);
  const FEW = 8;
  const shown = open.value ? names : names.slice(0, FEW);
  return (
    <p class="name-line">
      <span class="about">{about}</span>{" "}
      {shown.map((name) => (
        <span key={name}>
          <Go to={{ view: "why", query: { name } }}>{name}</Go>{" "}
        </span>
      ))}
      {count > FEW && (
        <button type="button" class="quiet" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
          {open.value ? "fewer" : `and ${count - FEW} more`}
        </button>
      )}
    </p>
  );
}
