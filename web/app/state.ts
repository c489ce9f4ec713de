// What the page knows: its address, the files, what the worker is doing. Views read these signals and ask the worker; nothing else is
// kept.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { FileSummary } from "../../src/explain/summary.ts";
import { type Client, createClient, type Progress, Stopped } from "../client/client.ts";
import { startWorker } from "../client/parts.ts";
import type { GivenFile, Lead } from "../worker/protocol.ts";
import { type Address, addressText, type Change, changed, parseAddress, VIEWS } from "./address.ts";
import { givenAtStart, openRecords } from "./given.ts";
import { isOfOtherMachine } from "./machines.ts";

/** Of the page's address what is behind and with its `#`; what is shown follows from it. */
export const hash = signal(location.hash);
export const address: ReadonlySignal<Address> = computed(() => parseAddress(hash.value));
/** The files that the page was given, by path. */
export const given = signal<ReadonlyMap<string, Blob>>(new Map());
export const summaries = signal<readonly FileSummary[]>([]);
/** Counts what was given, so that answers about earlier files are asked for again. */
export const edition = signal(0);
/** What a worker is doing, and how to end it. */
export interface Work extends Progress {
  readonly stop: () => void;
}

/** What is being done, if it takes long enough to be said. */
export const busy = signal<Work | undefined>(undefined);
/** Questions and files on which the page waits: while there are any, it does not show yet what its address says. */
const unanswered = signal(0);
/** For `aria-busy`. */
export const isWaiting: ReadonlySignal<"true" | "false"> = computed(() => (unanswered.value > 0 ? "true" : "false"));
/** Said once, to screen readers. */
export const notice = signal("");
/** What of the files that were given could not be taken, and why; until it is put away. */
export const trouble = signal<readonly string[]>([]);

export const paths: ReadonlySignal<readonly string[]> = computed(() => summaries.value.map(({ path }) => path));

export function countWaiting(change: 1 | -1): void {
  unanswered.value += change;
}

/** The page waits while this is done. */
export async function waitFor<T>(work: () => Promise<T>): Promise<T> {
  countWaiting(1);
  try {
    return await work();
  } finally {
    countWaiting(-1);
  }
}

/** The part with the worker: one that knows x86, or one that knows all machines. */
let workerPart: "worker" | "machines" = "worker";

export const client: Client = createClient(
  () => startWorker(workerPart),
  () => givenFiles(),
  countWaiting,
);

export function givenFiles(): GivenFile[] {
  return [...given.value].map(([path, contents]) => ({ path, contents }));
}

addEventListener("hashchange", () => {
  hash.value = location.hash;
});

/** Goes there. @param replace without a step in the browser's history */
export function go(change: Change, replace = false): void {
  const text = addressText(changed(address.value, change));
  if (text === location.hash) return;
  if (replace) {
    history.replaceState(null, "", text);
    hash.value = text;
  } else location.hash = text;
}

/** What `href` to give to something that leads there. */
export function href(change: Change): string {
  return addressText(changed(address.value, change));
}

/** A worker's lead as a change of address. */
export function leadChange({ view, file, part, at, filter, name }: Lead): Change {
  const query: Record<string, string> = {};
  if (at !== undefined) query.at = `0x${at.toString(16)}`;
  if (filter !== undefined) query.filter = filter;
  if (name !== undefined) query.name = name;
  const known = VIEWS.find((it) => it === view);
  return {
    ...(known === undefined ? {} : { view: known }),
    ...(file === undefined ? {} : { file }),
    ...(part === undefined ? {} : { part }),
    query,
  };
}

/**
 * Takes files in; those of the same path are replaced.
 * @param left what could not be taken, and why
 */
export function addFiles(dropped: readonly GivenFile[], left: readonly string[] = []): Promise<void> {
  // One after the other: a drop of files of another machine ends the worker, and with it what that is reading. What became of the
  // files before these was said to who gave them.
  const take = (): Promise<void> => waitFor(() => takeFiles(dropped, left));
  taken = taken.then(take, take);
  return taken;
}

let taken: Promise<void> = Promise.resolve();

async function takeFiles(dropped: readonly GivenFile[], left: readonly string[]): Promise<void> {
  const { files, begin, wrong } = await openRecords(dropped);
  trouble.value = [...left, ...wrong];
  if (files.length === 0) return;
  try {
    if (
      workerPart === "worker" &&
      (await Promise.all(files.map((it) => isOfOtherMachine(it.contents)))).includes(true)
    ) {
      workerPart = "machines";
      client.stop();
    }
    const summed = await client.ask("add", { files }, showProgress(client));
    const all = new Map(given.value);
    for (const { path, contents } of files) all.set(path, contents);
    shows(all, summed);
    if (begin !== undefined) location.hash = begin;
  } catch (cause) {
    // The next worker knows nothing of these files either.
    if (!(cause instanceof Stopped)) trouble.value = [...trouble.value, String(cause)];
  } finally {
    busy.value = undefined;
  }
}

/** What the page was given before it began. */
export function addGiven(): Promise<void> {
  return waitFor(beginWithGiven);
}

async function beginWithGiven(): Promise<void> {
  const it = await givenAtStart();
  if (it === undefined) return;
  const isFresh = location.hash === "" || location.hash === "#";
  await addFiles(it.files);
  if (isFresh && it.begin !== "") location.hash = it.begin;
}

export async function removeFiles(gone: readonly string[]): Promise<void> {
  const all = new Map(given.value);
  for (const path of gone) all.delete(path);
  shows(all, summaries.value);
  try {
    await client.ask("remove", { paths: gone });
  } catch (cause) {
    // The next worker is not given them.
    if (!(cause instanceof Stopped)) throw cause;
  }
}

/** These are the files from now on. @param summed in their order; others may be among them that have been removed since */
function shows(files: ReadonlyMap<string, Blob>, summed: readonly FileSummary[]): void {
  given.value = files;
  summaries.value = summed.filter(({ path }) => files.has(path));
  notice.value = files.size === 1 ? "1 file is here" : `${files.size} files are here`;
  edition.value++;
}

/** Says what this client's worker does; there is more than one, and Stop ends that which is talked about. */
export function showProgress(of: Client): (progress: Progress) => void {
  return (progress) => {
    busy.value = { ...progress, stop: () => of.stop() };
  };
}

effect(() => {
  const { view, file } = address.value;
  document.title = `${file === "" ? "" : `${file} · `}${view[0].toUpperCase()}${view.slice(1)} · Solder`;
});
