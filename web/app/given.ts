// What the page was given before it began: files of `solder view`, or those inside an exported page. And records, wherever they come
// from: a link or load with its files, which the page does again.

import { isRecord, readRecord, type SolderRecord } from "../../src/cli/record/record.ts";
import type { GivenFile } from "../worker/protocol.ts";
import { addressText, HOME } from "./address.ts";
import { commandText } from "./asks.ts";

interface GivenPage {
  /** Address to begin with, if the page's own has none. */
  readonly begin: string;
  readonly files: readonly { readonly path: string; readonly url?: string; readonly packed?: string }[];
  /** Kept open while the page is, so that the server knows. */
  readonly alive?: string;
}

/** The files, and where to begin; undefined where nothing was given. */
export async function givenAtStart(): Promise<{ readonly files: GivenFile[]; readonly begin: string } | undefined> {
  const given = globalThis.solderParts?.given as GivenPage | undefined;
  if (given === undefined) return undefined;
  if (given.alive !== undefined) new EventSource(given.alive);
  const files = await Promise.all(
    given.files.map(async ({ path, url, packed }): Promise<GivenFile> => {
      const contents = url === undefined ? await unpacked(packed ?? "") : await (await fetch(url)).blob();
      return { path, contents };
    }),
  );
  return { files, begin: given.begin };
}

/** Deflated bytes in base64. */
function unpacked(base64: string): Promise<Blob> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).blob();
}

/** Undefined where the browser may not read it, or it is not there any more. */
function bytesOf(contents: Blob): Promise<Uint8Array | undefined> {
  return contents.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    () => undefined,
  );
}

/** Records among the files are opened: their files, and the address that does the same again. */
export async function openRecords(
  files: readonly GivenFile[],
): Promise<{ readonly files: GivenFile[]; readonly begin: string | undefined; readonly wrong: string[] }> {
  const opened: GivenFile[] = [];
  const wrong: string[] = [];
  let begin: string | undefined;
  for (const file of files) {
    const start = await bytesOf(file.contents.slice(0, 512));
    const isOne = start !== undefined && isRecord(start);
    const whole = isOne ? await bytesOf(file.contents) : start;
    if (whole === undefined) {
      wrong.push(`${file.path}: the browser may not read it, or it is not there any more`);
      continue;
    }
    if (!isOne) {
      opened.push(file);
      continue;
    }
    const record = readRecord(whole);
    if (typeof record === "string") {
      wrong.push(`${file.path}: ${record}`);
      continue;
    }
    for (const { path, bytes } of record.files) opened.push({ path, contents: new Blob([new Uint8Array(bytes)]) });
    begin = addressOfRecord(record.record);
  }
  return { files: opened, begin, wrong };
}

/** Where the page does what a record has recorded. */
export function addressOfRecord(record: SolderRecord): string {
  const environment = Object.entries(record.environment).map(([name, value]) => `${name}=${value}`);
  if (record.kind === "load") {
    const query = { env: environment.join("\n"), profile: record.profile, now: record.bindNow ? "1" : "" };
    return addressText({ ...HOME, view: "load", file: record.program, query });
  }
  const query = {
    args: commandText(record.arguments),
    dir: record.directory,
    sys: record.systemLibraryPaths.join(":"),
    vars: environment.join("\n"),
  };
  return addressText({ ...HOME, view: "link", query });
}
