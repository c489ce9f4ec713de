// The samples: classic experiments with files that come with the page.

import type { JSX } from "preact";
import { parseAddress } from "../app/address.ts";
import { addFiles, go, removeFiles, summaries, waitFor } from "../app/state.ts";
import { loadPart } from "../client/parts.ts";
import { SAMPLES, type Sample } from "../samples/list.ts";

export function Samples(): JSX.Element {
  return (
    <section class="samples" aria-label="Samples">
      <h2>Or begin with an experiment</h2>
      <ul>
        {SAMPLES.map((it) => (
          <li key={it.id}>
            <button type="button" onClick={() => waitFor(() => open(it))}>
              <b>{it.title}</b>
              <span>{it.words}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

async function open(sample: Sample): Promise<void> {
  const all = (await loadPart("samples")) as Readonly<Record<string, Readonly<Record<string, string>>>>;
  const files = Object.entries(all[sample.id] ?? {}).map(([path, text]) => ({
    path,
    contents: new Blob([bytesOf(text)]),
  }));
  const gone = summaries.value.map(({ path }) => path);
  if (gone.length > 0) await removeFiles(gone);
  await addFiles(files);
  go(parseAddress(sample.begin));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
