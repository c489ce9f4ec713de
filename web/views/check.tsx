// Will they load there? Files against systems; each cell with its reason and cure.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { address, busy, countWaiting, given, givenFiles, go, showProgress, waitFor } from "../app/state.ts";
import { type Client, createClient, Stopped } from "../client/client.ts";
import { startWorker } from "../client/parts.ts";
import { Go } from "../parts/links.tsx";
import { Empty, Failed, Problems } from "../parts/notes.tsx";
import type { Answer } from "../worker/protocol.ts";

const USUAL = "debian:11 debian:12 ubuntu:22.04 ubuntu:24.04 almalinux:9 alpine:3.20";

/** The worker with the tables, started when somebody first looks. */
let client: Client | undefined;

export function CheckView(): JSX.Element {
  const { query } = address.value;
  const answer = useSignal<Answer<"check"> | undefined>(undefined);
  const failed = useSignal<string | undefined>(undefined);
  const systems = (query.systems ?? USUAL).split(" ").filter((name) => name !== "");
  const files = given.value;
  useLayoutEffect(() => {
    if (files.size === 0) return;
    let current = true;
    // It begins with the files of now; of another set another worker is made.
    client?.end();
    client = createClient(() => startWorker("check"), givenFiles, countWaiting);
    const ask = async (asked: Client): Promise<void> => {
      await asked.ask("add", { files: givenFiles() });
      const value = await asked.ask("check", { systems }, showProgress(asked));
      if (current) answer.value = value;
    };
    const asked = client;
    waitFor(() => ask(asked))
      .catch((cause: unknown) => {
        if (current && !(cause instanceof Stopped))
          failed.value = cause instanceof Error ? cause.message : String(cause);
      })
      .finally(() => {
        busy.value = undefined;
      });
    return () => {
      current = false;
    };
  }, [files, systems.join(" ")]);
  if (files.size === 0) {
    return (
      <Empty>
        <h1>Check</h1>
        <p>
          Give me programs, libraries or Node.js addons first: <Go to={{ view: "files", file: "" }}>Files</Go>.
        </p>
      </Empty>
    );
  }
  return (
    <div class="picture check-view">
      <header>
        <h1>Will they load there?</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
          }}
        >
          <label>
            systems{" "}
            <input
              type="text"
              class="wide"
              value={systems.join(" ")}
              spellcheck={false}
              list="systems"
              onChange={(event) => go({ query: { systems: event.currentTarget.value } })}
            />
          </label>
          <datalist id="systems">
            {answer.value?.known.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </form>
      </header>
      <Failed words={failed.value} />
      {answer.value !== undefined && answer.value.unknown.length > 0 && (
        <p class="failed" role="alert">
          No system is known as {answer.value.unknown.join(", ")}. Known are {answer.value.known.join(", ")}.
        </p>
      )}
      {answer.value !== undefined && <Matrix value={answer.value} chosen={query.cell ?? ""} />}
    </div>
  );
}

function Matrix({ value, chosen }: { value: Answer<"check">; chosen: string }): JSX.Element {
  if (value.files.length === 0) return <p class="dim">There is no program, library or addon among the files.</p>;
  const words =
    value.left.length === 0
      ? ""
      : `Every system has a C library of its own: ${value.left.join(", ")} ${value.left.length === 1 ? "is" : "are"} left out.`;
  const [file, system] = chosen.split("\n");
  const row = value.files.find((it) => it.file === file);
  const cell = row?.cells.find((it) => it.system === system);
  return (
    <>
      <div class="figure-scroll">
        <table class="list matrix">
          <thead>
            <tr>
              <th scope="col">file</th>
              {value.systems.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value.files.map((it) => (
              <tr key={it.file}>
                <th scope="row">
                  <Go to={{ view: "anatomy", file: it.file }}>{it.file}</Go>{" "}
                  <span class="dim">
                    {it.role.replaceAll("-", " ")} {it.machine}
                  </span>
                </th>
                {it.cells.map((one) => (
                  <td key={one.system}>
                    <Go
                      to={{ query: { cell: `${it.file}\n${one.system}` } }}
                      class={one.loads ? "cell good" : "cell bad"}
                      aria-current={one === cell ? true : undefined}
                    >
                      {one.loads ? "✓ loads" : "✕ no"}
                    </Go>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {words !== "" && <p class="dim">{words}</p>}
      {cell !== undefined && row !== undefined && (
        <section class="reasons" aria-live="polite">
          <h2>
            {row.file} on {cell.system}: {cell.loads ? "it loads" : "it does not load"}
          </h2>
          {cell.findings.length === 0 ? (
            <p class="dim">There is nothing to say against it.</p>
          ) : (
            <Problems problems={cell.findings} />
          )}
        </section>
      )}
      {value.files.flatMap((it) => it.problems).length > 0 && (
        <section class="reasons">
          <h2>Wherever they are</h2>
          <Problems problems={value.files.flatMap((it) => it.problems)} />
        </section>
      )}
    </>
  );
}
