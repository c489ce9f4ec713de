// Which pages of a file have been read into memory that has room for all of it. By pages, since memory is filled by pages.

export const PAGE = 0x1000;

/** Reads the file's bytes from `start` to `end` (not included) to the same place in memory. */
export type ReadRange = (start: number, end: number) => void;

/** @returns what reads those pages of a range that have not been read yet, neighbours together; beyond `size` there are none */
export function createPages(size: number, read: ReadRange): ReadRange {
  const pages = new Uint8Array(Math.ceil(size / PAGE));
  return (start, end) => {
    const last = Math.ceil(Math.min(end, size) / PAGE);
    for (let page = Math.floor(start / PAGE); page < last; page++) {
      if (pages[page] !== 0) continue;
      const first = page;
      while (page < last && pages[page] === 0) pages[page++] = 1;
      read(first * PAGE, Math.min(page * PAGE, size));
    }
  };
}
