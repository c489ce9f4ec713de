// Sizes as areas: a squarified treemap (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000). Only what can be seen is laid out:
// parts of less than a few pixels are left to their parent, so that a large library's map has hundreds of rectangles, not a hundred
// thousand.

import type { SizeNode } from "../../src/explain/sizes.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Tile extends Box {
  readonly path: readonly string[];
  readonly node: SizeNode;
  readonly depth: number;
}

const TITLE = 18;
/** Between parts of one whole. */
const GAP = 1;
const LEAST_AREA = 30;

/** @param root what fills the whole  @param width in pixels  @param height in pixels */
export function treemapTiles(root: SizeNode, width: number, height: number): Tile[] {
  const tiles: Tile[] = [];
  fill(root, { x: 0, y: 0, width, height }, [], tiles);
  return tiles;
}

function fill(whole: SizeNode, box: Box, path: readonly string[], tiles: Tile[]): void {
  const parts = whole.children.filter(({ size }) => size > 0).sort((a, b) => b.size - a.size);
  squarified(
    parts.map(({ size }) => size),
    box,
  ).forEach((its, i) => {
    const node = parts[i];
    const tile = { path: [...path, node.name], node, depth: path.length + 1, ...its };
    const { x, y, width, height } = tile;
    if (width * height < LEAST_AREA || width < 2 || height < 2) return;
    tiles.push(tile);
    if (width > 60 && height > 40)
      fill(node, { x: x + GAP, y: y + TITLE, width: width - GAP, height: height - TITLE }, tile.path, tiles);
  });
}

/**
 * Divides a box among sizes, the largest first. They are put in rows along the box's shorter side; a row takes parts as long as the
 * longest rectangle in it comes nearer to a square.
 */
function squarified(sizes: readonly number[], box: Box): Box[] {
  let { x, y, width, height } = box;
  const scale = (width * height) / sizes.reduce((sum, size) => sum + size, 0);
  const boxes: Box[] = [];
  while (boxes.length < sizes.length) {
    const first = boxes.length;
    const side = Math.min(width, height);
    let sum = 0;
    let worst = Number.POSITIVE_INFINITY;
    let end = first;
    for (; end < sizes.length; end++) {
      const next = sum + sizes[end] * scale;
      // The row is `next / side` thick: the ratios of the largest and of the smallest in it.
      const ratio = Math.max(
        (side * side * sizes[first] * scale) / next ** 2,
        next ** 2 / (side * side * sizes[end] * scale),
      );
      if (ratio > worst) break;
      worst = ratio;
      sum = next;
    }
    const thick = sum / side;
    const upright = width >= height;
    let along = upright ? y : x;
    for (let i = first; i < end; i++) {
      const long = (sizes[i] * scale) / thick;
      boxes.push(
        upright
          ? { x, y: along, width: thick - GAP, height: long - GAP }
          : { x: along, y, width: long - GAP, height: thick - GAP },
      );
      along += long;
    }
    if (upright) {
      x += thick;
      width -= thick;
    } else {
      y += thick;
      height -= thick;
    }
  }
  return boxes;
}
