// Objects before a link: sections at the addresses that one gives them, and every relocation with its numbers, bytes before and after.

import type { JSX } from "preact";
import { useAnswer } from "../../app/answer.ts";
import { basesOf } from "../../app/asks.ts";
import { address, go, summaries } from "../../app/state.ts";
import { byteCount, hex } from "../../app/words.ts";
import { Go } from "../../parts/links.tsx";
import { Failed, Problems } from "../../parts/notes.tsx";

export function ObjectsView(): JSX.Element {
  const { query } = address.value;
  const files = summaries.value.flatMap(({ path, kind }) => (kind === "elf-relocatable" ? [path] : []));
  const { value, failed } = useAnswer("objects", { files, bases: basesOf(query.bases ?? "") });
  return (
    <div class="load">
      <form class="settings" aria-label="Where to put them" onSubmit={(event) => event.preventDefault()}>
        <label>
          addresses, NAME=ADDRESS a line
          <textarea
            rows={5}
            spellcheck={false}
            placeholder={files.map((name, i) => `${name}=0x${(i + 2).toString(16)}0000`).join("\n")}
            value={query.bases ?? ""}
            onChange={(event) => go({ query: { bases: event.currentTarget.value } })}
          />
        </label>
        <p class="dim">
          Objects are placed as a just-in-time linker would place them; nothing is linked. To make a program of them:{" "}
          <Go to={{ view: "link", file: "" }}>Link</Go>.
        </p>
      </form>
      <div class="load-main">
        <div class="picture" tabIndex={0}>
          <h1>Objects in memory</h1>
          <Failed words={failed} />
          {value !== undefined && <Problems problems={value.problems} />}
          {value?.objects.map((it) => (
            <section class="search" key={it.name}>
              <h2>
                <Go to={{ view: "anatomy", file: it.name }}>{it.name}</Go>
              </h2>
              <p class="dim">
                {it.machine}, {hex(it.base)} to {hex(it.end)}:{" "}
                {it.sections
                  .map(({ name, address: at, size }) => `${name} at ${hex(at)} (${byteCount(size)})`)
                  .join(", ")}
              </p>
              {it.rows.length === 0 ? (
                <p class="dim">It has no relocations.</p>
              ) : (
                <div class="figure-scroll">
                  <table class="list applied">
                    <caption class="hidden">Relocations of {it.name}</caption>
                    <thead>
                      <tr>
                        {it.columns.map((title) => (
                          <th scope="col" key={title}>
                            {title}
                          </th>
                        ))}
                      </tr>
                    </thead>
                    <tbody>
                      {it.rows.map((cells) => (
                        <tr key={cells.join()}>
                          {cells.map((cell, i) => (
                            <td class="mono" key={it.columns[i]}>
                              {cell}
                            </td>
                          ))}
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </section>
          ))}
          {value !== undefined && value.symbols.length > 0 && (
            <section class="search">
              <h2>Symbols that they share</h2>
              <ul class="mono">
                {value.symbols.map(({ name, address: at, definer }) => (
                  <li key={name}>
                    {hex(at)} {name} <span class="dim">{definer === "" ? "" : `of ${definer}`}</span>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      </div>
    </div>
  );
}
