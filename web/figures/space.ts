// The address space of a process, to scale: ranges of pages from low to high addresses, with the empty stretches between them cut.

import type { LoadAnswer, ShownPages } from "../worker/protocol.ts";
import { scaleHeights, spread } from "./labels.ts";

export interface SpaceBand {
  readonly pages: ShownPages;
  readonly start: number;
  readonly end: number;
  /** The first range of its object. */
  readonly first: boolean;
  readonly label: number;
}

export interface SpaceGap {
  readonly y: number;
  readonly bytes: number;
}

export interface Space {
  readonly height: number;
  readonly bands: readonly SpaceBand[];
  readonly gaps: readonly SpaceGap[];
}

const GAP = 22;
const LEAST = 5;
const LABEL = 16;

export function spaceFigure({ pages }: Pick<LoadAnswer, "pages">): Space {
  const groups: ShownPages[][] = [];
  for (const range of pages) {
    const last = groups.at(-1);
    if (last !== undefined && last.at(-1)?.end === range.start) last.push(range);
    else groups.push([range]);
  }
  const count = pages.length;
  const inner = Math.max(420, count * LABEL);
  const heights = scaleHeights(
    pages.map(({ start, end }) => end - start),
    inner,
    LEAST,
    0,
  );
  const bands: Omit<SpaceBand, "label">[] = [];
  const gaps: SpaceGap[] = [];
  let shift = 8;
  let index = 0;
  groups.forEach((group, g) => {
    if (g > 0) {
      const before = groups[g - 1].at(-1);
      gaps.push({ y: heights[index].start + shift + GAP / 2, bytes: group[0].start - (before?.end ?? 0) });
      shift += GAP;
    }
    for (const range of group) {
      const { start, end } = heights[index];
      const first = index === 0 || pages[index - 1].object !== range.object;
      bands.push({ pages: range, start: start + shift, end: end + shift, first });
      index++;
    }
  });
  const height = inner + shift + 8;
  const labels = spread(
    bands.map(({ start, end }) => (start + end) / 2),
    LABEL,
    LABEL / 2,
    height - LABEL / 2,
  );
  return { height, bands: bands.map((band, i) => ({ ...band, label: labels[i] })), gaps };
}

/** What the protection allows, as a colour's name. */
export function accessOfProtection(text: string): "code" | "data" | "constants" | "none" {
  if (text.includes("x")) return "code";
  if (text.includes("w")) return "data";
  return text.includes("r") ? "constants" : "none";
}
