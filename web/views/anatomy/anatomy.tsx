// One file from all sides: the figure, its tables, where its bytes go; and beside all of them the bytes, linked both ways.

import type { JSX } from "preact";
import { useAnswer } from "../../app/answer.ts";
import { address, summaries } from "../../app/state.ts";
import { byteCount, grouped } from "../../app/words.ts";
import { Go } from "../../parts/links.tsx";
import { Empty, Failed, Problems } from "../../parts/notes.tsx";
import { Table } from "../../parts/table.tsx";
import type { Overview } from "../../worker/protocol.ts";
import { BytesPane } from "./bytes.tsx";
import { CodePart } from "./code.tsx";
import { AnatomyFigure } from "./figure.tsx";
import { Sizes } from "./sizes.tsx";

export function AnatomyView(): JSX.Element {
  const { file, part, query } = address.value;
  const overview = useAnswer("overview", file === "" ? undefined : { file });
  if (file === "") return <Choice />;
  const it = overview.value?.file === file ? overview.value : undefined;
  const isDrawn = it !== undefined && (it.sections.length > 0 || it.layout !== undefined);
  // Of an archive there is nothing to draw: it begins with its members.
  const here = part === "" && !isDrawn ? (it?.parts[0]?.id ?? "") : part;
  return (
    <div class="anatomy">
      <div class="anatomy-main">
        <header class="file-head">
          <FileChoice file={file} />
          {it !== undefined && (
            <p>
              {it.description}, {byteCount(it.size)}
            </p>
          )}
        </header>
        <Failed words={overview.failed} />
        {it !== undefined && (
          <>
            <nav class="parts" aria-label="Parts of the file">
              {(isDrawn || here === "") && <Tab id="" title="Picture" part={here} />}
              {it.parts.map(({ id, title, count }) => (
                <Tab key={id} id={id} title={title} count={count} part={here} />
              ))}
              {it.machine !== "" && <Tab id="code" title="Code" part={here} />}
              <Tab id="sizes" title="Sizes" part={here} />
            </nav>
            <Problems problems={it.problems} most={3} />
            <Part overview={it} part={here} query={query} />
          </>
        )}
      </div>
      {it !== undefined && <BytesPane overview={it} query={query} />}
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

function Part({
  overview,
  part,
  query,
}: {
  overview: Overview;
  part: string;
  query: Readonly<Record<string, string>>;
}): JSX.Element {
  if (part === "code") return <CodePart overview={overview} query={query} />;
  if (part === "sizes") return <Sizes file={overview.file} query={query} />;
  const table = overview.parts.find(({ id }) => id === part);
  if (table !== undefined) return <Table file={overview.file} part={part} query={query} label={table.title} />;
  return (
    <div class="picture" tabIndex={0}>
      {overview.facts.length > 0 && (
        <dl class="facts">
          {overview.facts.map(([about, words]) => (
            <div key={about}>
              <dt>{about}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
      )}
      {overview.sections.length > 0 || overview.layout !== undefined ? (
        <AnatomyFigure overview={overview} query={query} />
      ) : (
        <Empty>
          <p>
            {overview.kind === "text"
              ? "This is a text."
              : "There is nothing to draw of this file; its bytes are beside."}
          </p>
        </Empty>
      )}
    </div>
  );
}

/** The file's name, to choose another from. */
function FileChoice({ file }: { file: string }): JSX.Element {
  const all = summaries.value.map(({ path }) => path);
  return (
    <h1>
      <label>
        <span class="hidden">File</span>
        <select
          value={file}
          onChange={(event) => {
            location.hash = `#/anatomy/${encodeURIComponent(event.currentTarget.value)}`;
          }}
        >
          {!all.includes(file) && <option value={file}>{file}</option>}
          {all.map((path) => (
            <option key={path} value={path}>
              {path}
            </option>
          ))}
        </select>
      </label>
    </h1>
  );
}

function Choice(): JSX.Element {
  const all = summaries.value;
  return (
    <Empty>
      <h1>Anatomy</h1>
      {all.length === 0 ? (
        <p>
          Give me a file first: <Go to={{ view: "files" }}>Files</Go>.
        </p>
      ) : (
        <>
          <p>Which file?</p>
          <ul class="choices">
            {all.map(({ path, description }) => (
              <li key={path}>
                <Go to={{ file: path }}>{path}</Go> {description}
              </li>
            ))}
          </ul>
        </>
      )}
    </Empty>
  );
}
