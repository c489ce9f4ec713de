// Sizes as areas (a squarified treemap by d3-hierarchy). Only what can be seen is drawn: parts of less than a few pixels are left to
// their parent, so that a large library's map has hundreds of rectangles, not a hundred thousand.

import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import type { SizeNode } from "../../src/explain/sizes.ts";

export interface Tile {
  readonly path: readonly string[];
  readonly node: SizeNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Has parts of its own that are drawn over it. */
  readonly opened: boolean;
  readonly depth: number;
}

const TITLE = 18;
const LEAST_AREA = 30;

/** @param root what fills the whole  @param width in pixels  @param height in pixels */
export function treemapTiles(root: SizeNode, width: number, height: number): Tile[] {
  const tree = hierarchy<SizeNode>(root, ({ children }) => children)
    .sum((node) => (node.children.length === 0 ? node.size : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const laid = treemap<SizeNode>()
    .tile(treemapSquarify)
    .size([width, height])
    .paddingTop((node) => (node.depth > 0 && node.children !== undefined ? TITLE : 0))
    .paddingInner(1)(tree);
  const tiles: Tile[] = [];
  laid.each((node) => {
    if (node.depth === 0) return;
    const [w, h] = [node.x1 - node.x0, node.y1 - node.y0];
    if (w * h < LEAST_AREA || w < 2 || h < 2) return;
    const path = node
      .ancestors()
      .reverse()
      .slice(1)
      .map(({ data }) => data.name);
    tiles.push({
      path,
      node: node.data,
      x: node.x0,
      y: node.y0,
      width: w,
      height: h,
      opened: node.children !== undefined && w > 60 && h > 40,
      depth: node.depth,
    });
  });
  return tiles.filter(({ depth, path }) => depth < 2 || isOpen(tiles, path));
}

function isOpen(tiles: readonly Tile[], path: readonly string[]): boolean {
  const parent = path.slice(0, -1).join("\0");
  return tiles.some((tile) => tile.opened && tile.path.join("\0") === parent);
}
