// The order of relocation, constructors and destructors: an object after everything that it depends on, as far as cycles
// let it (glibc elf/dl-sort-maps.c). glibc 2.35 replaced an insertion sort by a depth-first search; cycles come out
// differently, so both are here.

import type { LoadedObject } from "./objects.ts";

/** How the loader that is simulated sorts. */
export interface SortRules {
  /** Since 2.35, unless the tunable glibc.rtld.dynamic_sort is 1. */
  readonly depthFirst: boolean;
  /** Since 2.37: the first object of the list stays first. */
  readonly forceFirst: boolean;
}

/**
 * Sorts a search list: dependents before their dependencies. Constructors run from the end.
 * @param forDestructors objects that were bound to without being needed count as dependencies too
 */
export function sortObjects(list: readonly LoadedObject[], rules: SortRules, forDestructors = false): LoadedObject[] {
  return rules.depthFirst ? sortDepthFirst(list, rules.forceFirst, forDestructors) : sortByMoving(list, forDestructors);
}

function sortDepthFirst(list: readonly LoadedObject[], forceFirst: boolean, forDestructors: boolean): LoadedObject[] {
  let sorted = reversePostorder(list, forDestructors);
  // Bindings may form cycles that needs do not: what is needed decides then, beginning with the order just found.
  if (forDestructors && list.some(({ bound }) => bound.size > 0)) sorted = reversePostorder(sorted, false);
  if (forceFirst && !forDestructors && sorted[0] !== list[0]) {
    sorted = [list[0], ...sorted.filter((object) => object !== list[0])];
  }
  return sorted;
}

/** Depth first from the end of the list; an object is put in front of all that were reached from it. */
function reversePostorder(list: readonly LoadedObject[], withBound: boolean): LoadedObject[] {
  const members = new Set(list);
  const visited = new Set<LoadedObject>();
  const finished: LoadedObject[] = [];
  for (let i = list.length - 1; i >= 0; i--) visit(list[i], members, visited, finished, withBound);
  return finished.reverse();
}

/** Chains of dependencies may be long (ten thousand libraries), so there is a stack of our own. */
function visit(
  root: LoadedObject,
  members: ReadonlySet<LoadedObject>,
  visited: Set<LoadedObject>,
  finished: LoadedObject[],
  withBound: boolean,
): void {
  if (visited.has(root)) return;
  visited.add(root);
  const stack = [{ object: root, next: dependenciesOf(root, withBound), at: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.at === top.next.length) {
      if (members.has(top.object)) finished.push(top.object);
      stack.pop();
      continue;
    }
    const object = top.next[top.at++];
    if (visited.has(object) || object.kind === "program") continue;
    visited.add(object);
    stack.push({ object, next: dependenciesOf(object, withBound), at: 0 });
  }
}

function dependenciesOf(object: LoadedObject, withBound: boolean): readonly LoadedObject[] {
  return withBound ? [...object.initfini, ...[...object.bound].reverse()] : object.initfini;
}

/**
 * glibc up to 2.34: each object is moved behind the last one that depends on it, until nothing moves. An object that was at
 * a place more often than there are objects left is in a cycle, and stays. The first object, the program, is not moved.
 */
function sortByMoving(list: readonly LoadedObject[], forDestructors: boolean): LoadedObject[] {
  const maps = list.slice(1);
  const count = maps.length;
  const seen = new Uint32Array(count + 1);
  let i = 0;
  while (i < count) {
    seen[i]++;
    const object = maps[i];
    const behind = lastDependent(maps, i, object, forDestructors);
    if (behind < 0) {
      i++;
      seen.fill(0, i);
      continue;
    }
    maps.copyWithin(i, i + 1, behind + 1);
    maps[behind] = object;
    if (seen[i + 1] > count - i) {
      i++;
      seen.fill(0, i);
      continue;
    }
    const own = seen[i];
    seen.copyWithin(i, i + 1, behind + 1);
    seen[behind] = own;
  }
  return list.length === 0 ? [] : [list[0], ...maps];
}

/** Index of the last object behind `from` that depends on `object`; -1 if there is none. */
function lastDependent(
  maps: readonly LoadedObject[],
  from: number,
  object: LoadedObject,
  forDestructors: boolean,
): number {
  for (let k = maps.length - 1; k > from; k--) {
    if (maps[k].initfini.includes(object)) return k;
    if (forDestructors && maps[k].bound.has(object) && !object.initfini.includes(maps[k])) return k;
  }
  return -1;
}
