// The file's bytes, and what the selected one is: section, symbol, field, relocation, each a link to the table that has it.

import type { JSX } from "preact";
import { useAnswer } from "../../app/answer.ts";
import { Hex } from "../../parts/hex.tsx";
import { Led } from "../../parts/links.tsx";
import type { Overview } from "../../worker/protocol.ts";

export function BytesPane({
  overview,
  query,
}: {
  overview: Overview;
  query: Readonly<Record<string, string>>;
}): JSX.Element {
  const chosen = Number(query.at ?? Number.NaN);
  const at = Number.isInteger(chosen) && chosen >= 0 && chosen < overview.size ? chosen : -1;
  const facts = useAnswer("at", at < 0 ? undefined : { file: overview.file, offset: at });
  const { lines = [], leads = [], start = at, end = at + 1 } = facts.value ?? {};
  return (
    <section class="bytes" aria-label="Bytes of the file">
      <Hex file={overview.file} size={overview.size} at={at} start={start} end={end} />
      <div class="byte-facts" aria-live="polite">
        {at < 0 ? (
          <p class="dim">Choose a byte, or anything that stands somewhere: it is shown here.</p>
        ) : (
          <dl class="facts">
            {lines.map(([about, words], i) => (
              <div key={`${about}${words}`}>
                <dt>{about}</dt>
                <dd>
                  <Led text={words} lead={leads[i]} />
                </dd>
              </div>
            ))}
          </dl>
        )}
        <p class="hex-key">
          <span class="swatch field" /> field of the format <span class="swatch relocated" /> changed by a relocation{" "}
          <span class="swatch symbol" /> a symbol begins
        </p>
      </div>
    </section>
  );
}
