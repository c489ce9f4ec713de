// The output of the last link, of which only those pages are in memory that a relink writes to; and what it has changed of them.

/** Bytes to be put at `offset` of the output. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Touched {
  /** As large as the output. What has not been asked for by `need` is zero. */
  readonly image: Uint8Array;
  readonly view: DataView;
  /** By number of the page: what it was. */
  readonly before: Map<number, Uint8Array>;
  /** Bytes [from, to) of the output as it is. */
  readonly read: (from: number, to: number) => Uint8Array;
}

const PAGE = 1 << 12;

export function createTouched(size: number, read: Touched["read"]): Touched {
  const image = new Uint8Array(size);
  return { image, view: new DataView(image.buffer), before: new Map(), read };
}

/** Brings [from, to) of the output into memory. */
export function need({ image, before, read }: Touched, from: number, to: number): void {
  const last = Math.ceil(Math.min(to, image.length) / PAGE);
  for (let page = Math.floor(from / PAGE); page < last; page++) {
    if (before.has(page)) continue;
    let end = page + 1;
    while (end < last && !before.has(end)) end++;
    const start = page * PAGE;
    const bytes = read(start, Math.min(end * PAGE, image.length)).slice();
    image.set(bytes, start);
    for (let i = page; i < end; i++) before.set(i, bytes.subarray(i * PAGE - start, (i + 1) * PAGE - start));
  }
}

/** Runs shorter than this between two changes are written again: a call for each byte would cost more. */
const SHORTEST_GAP = 16;

/** What has changed, in ascending order. */
export function changesOf({ image, before }: Touched): Patch[] {
  const patches: Patch[] = [];
  let from = -1;
  let end = -1;
  const flush = (): void => {
    if (from >= 0) patches.push({ offset: from, bytes: image.slice(from, end) });
  };
  for (const page of [...before.keys()].sort((a, b) => a - b)) {
    const old = before.get(page) ?? new Uint8Array(0);
    const start = page * PAGE;
    for (let i = 0; i < old.length; i++) {
      if (old[i] === image[start + i]) continue;
      const at = start + i;
      if (from < 0 || at - end >= SHORTEST_GAP) {
        flush();
        from = at;
      }
      end = at + 1;
    }
  }
  flush();
  return patches;
}
