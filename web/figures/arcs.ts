// An arc diagram: objects in a column, in the order of loading; an arc from each to every object that it needs.

export interface Arc {
  readonly from: number;
  readonly to: number;
  /** How far out it goes: arcs of the same span share a width. */
  readonly reach: number;
  /** It is how the object came into the process. */
  readonly first: boolean;
}

export interface ArcNode {
  readonly id: number;
  readonly requester: number;
  readonly needed: readonly number[];
}

/** @param nodes in their order; ids as elsewhere */
export function arcsOf(nodes: readonly ArcNode[]): Arc[] {
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  return nodes.flatMap(({ id, needed }, from) =>
    [...new Set(needed)].flatMap((target): Arc[] => {
      const to = places.get(target);
      if (to === undefined || target === id) return [];
      return [{ from, to, reach: Math.abs(to - from), first: nodes[to].requester === id }];
    }),
  );
}
