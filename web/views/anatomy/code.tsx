// Instructions of a file: the function that holds the chosen byte, with its relocations; each leads to its bytes.

import type { JSX } from "preact";
import type { BranchTarget } from "../../../src/explain/branches.ts";
import { useAnswer } from "../../app/answer.ts";
import { client } from "../../app/state.ts";
import { hex } from "../../app/words.ts";
import { useDisassembler } from "../../client/disassembler.ts";
import { Go } from "../../parts/links.tsx";
import { Empty, Failed } from "../../parts/notes.tsx";
import type { Overview } from "../../worker/protocol.ts";

/** Where a jump or call goes: listed from there. */
function Target({ target: { name, offset } }: { target: BranchTarget }): JSX.Element {
  return (
    <span class="target">
      {" "}
      {offset === undefined ? name : <Go to={{ query: { at: hex(offset), from: "" } }}>{name}</Go>}
    </span>
  );
}

export function CodePart({
  overview: { file, machine },
  query,
}: {
  overview: Overview;
  query: Readonly<Record<string, string>>;
}): JSX.Element {
  const readiness = useDisassembler(client, machine);
  // Where the listing begins may be said apart from the byte that is chosen in it.
  const chosen = Number(query.at ?? -1);
  const from = query.from === undefined || query.from === "" ? chosen : Number(query.from);
  const { value, failed } = useAnswer("code", readiness === "loading" ? undefined : { file, offset: from });
  if (readiness === "missing") {
    return (
      <Empty>
        <p>This page was built without a disassembler for {machine}.</p>
      </Empty>
    );
  }
  if (value === undefined) return <Failed words={failed} />;
  return (
    <div class="picture code-view" tabIndex={0}>
      <p class="dim">
        {value.section}, {hex(value.first)} to {hex(value.last)} of the file. The listing begins where the function of
        the chosen byte begins.
      </p>
      {value.lines.length === 0 ? (
        <p class="dim">There is no disassembler for {value.machine}.</p>
      ) : (
        <table class="list code-lines">
          <caption class="hidden">Instructions of {value.section}</caption>
          <thead>
            <tr>
              <th scope="col">address</th>
              <th scope="col">bytes</th>
              <th scope="col">instruction</th>
            </tr>
          </thead>
          <tbody>
            {value.lines.map((it) => (
              <>
                {it.label !== "" && (
                  <tr key={`${it.offset} label`} class="label-line">
                    <th colSpan={3} scope="rowgroup">
                      <Go to={{ view: "why", query: { name: it.label } }}>{it.label}</Go>
                    </th>
                  </tr>
                )}
                <tr key={it.offset} class={it.offset === chosen ? "taken" : undefined}>
                  <th scope="row">
                    <Go to={{ query: { at: hex(it.offset), from: String(value.start) } }}>{hex(it.address)}</Go>
                  </th>
                  <td class="dim code-bytes">{it.bytes}</td>
                  <td class="code-text">
                    {it.text}
                    {it.target !== undefined && <Target target={it.target} />}
                    {it.relocations.map((words) => (
                      <div class="relocated-words" key={words}>
                        {words}
                      </div>
                    ))}
                  </td>
                </tr>
              </>
            ))}
          </tbody>
        </table>
      )}
      <p class="choice">
        <Go to={{ query: { from: String(value.first), at: hex(value.first) } }}>the section's start</Go>
        {value.end < value.last && (
          <Go to={{ query: { from: String(value.end), at: hex(value.end) } }}>on from {hex(value.end)}</Go>
        )}
      </p>
    </div>
  );
}
