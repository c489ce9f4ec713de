// The output of the last link, of which only those pages are in memory that relinks write to; and what one has changed of them. It
// is kept from relink to relink: room for a large output costs more to get, and to give back, than a small change.

/** Bytes to be put at `offset` of the output. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Touched {
  /** As large as the output. What has not been asked for by `need` is zero. */
  readonly image: Uint8Array;
  readonly view: DataView;
  /** By number of the page: 1 if it is in the image. */
  readonly known: Uint8Array;
  /** By number of the page: what it was when this relink began. */
  readonly before: Map<number, Uint8Array>;
  /** Bytes [from, to) of the output as it is. */
  readonly read: (from: number, to: number) => Uint8Array;
}

const PAGE = 1 << 12;

/** @param previous of the relink before, which has come to its end */
export function createTouched(size: number, read: Touched["read"], previous: Touched | undefined): Touched {
  if (previous !== undefined) return { ...previous, before: new Map(), read };
  const image = new Uint8Array(size);
  const known = new Uint8Array(Math.ceil(size / PAGE));
  return { image, view: new DataView(image.buffer), known, before: new Map(), read };
}

/** Brings [from, to) of the output into memory. */
export function need({ image, known, before, read }: Touched, from: number, to: number): void {
  const last = Math.ceil(Math.min(to, image.length) / PAGE);
  for (let page = Math.floor(from / PAGE); page < last; page++) {
    if (before.has(page)) continue;
    const start = page * PAGE;
    if (known[page] === 0) {
      let end = page + 1;
      while (end < last && known[end] === 0) end++;
      image.set(read(start, Math.min(end * PAGE, image.length)), start);
      known.fill(1, page, end);
    }
    before.set(page, image.slice(start, start + PAGE));
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
