// An order into which much is put in the middle: output sections and statements while tens of thousands of orphans look for their
// places, for which an array would move half of itself each time.

interface Link<T> {
  readonly item: T;
  before: Link<T> | undefined;
  behind: Link<T> | undefined;
}

/** Items are in it once each. */
export interface Sequence<T> {
  readonly links: Map<T, Link<T>>;
  first: Link<T> | undefined;
  last: Link<T> | undefined;
}

export function createSequence<T>(items: Iterable<T>): Sequence<T> {
  const sequence: Sequence<T> = { links: new Map(), first: undefined, last: undefined };
  for (const it of items) insertBehind(sequence, it, sequence.last?.item);
  return sequence;
}

/** @param before undefined: in front of all; what is not in the sequence counts as that */
export function insertBehind<T>(sequence: Sequence<T>, item: T, before: T | undefined): void {
  const link: Link<T> = { item, before: undefined, behind: undefined };
  putLink(sequence, link, before);
  sequence.links.set(item, link);
}

function putLink<T>(sequence: Sequence<T>, link: Link<T>, before: T | undefined): void {
  const previous = before === undefined ? undefined : sequence.links.get(before);
  const next = previous === undefined ? sequence.first : previous.behind;
  link.before = previous;
  link.behind = next;
  if (previous === undefined) sequence.first = link;
  else previous.behind = link;
  if (next === undefined) sequence.last = link;
  else next.before = link;
}

/** @param before undefined: in front of all. An item that is not there is left alone, as is one that is to stand behind itself. */
export function moveBehind<T>(sequence: Sequence<T>, item: T, before: T | undefined): void {
  const link = sequence.links.get(item);
  if (link === undefined || item === before) return;
  if (link.before === undefined) sequence.first = link.behind;
  else link.before.behind = link.behind;
  if (link.behind === undefined) sequence.last = link.before;
  else link.behind.before = link.before;
  putLink(sequence, link, before);
}

/** @param item undefined: the first of all @returns undefined: there is none */
export function itemBehind<T>({ links, first }: Sequence<T>, item: T | undefined): T | undefined {
  return item === undefined ? first?.item : links.get(item)?.behind?.item;
}

/** @returns undefined: there is none */
export function itemBefore<T>({ links }: Sequence<T>, item: T): T | undefined {
  return links.get(item)?.before?.item;
}

/** From the first to the last, or from behind `after` on. */
export function* itemsOf<T>(sequence: Sequence<T>, after?: T): IterableIterator<T> {
  let link = after === undefined ? sequence.first : sequence.links.get(after)?.behind;
  for (; link !== undefined; link = link.behind) yield link.item;
}
