// The arithmetic of what the page draws.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { SizeNode } from "../../src/explain/sizes.ts";
import { addressText, changed, parseAddress } from "../../web/app/address.ts";
import { scaleHeights, spread } from "../../web/figures/labels.ts";
import { treemapTiles } from "../../web/figures/treemap.ts";
import { scrollFor, stretchAt } from "../../web/parts/rows.ts";

test("labels keep their distance and their order, and move no further than they must", () => {
  deepEqual(spread([10, 11, 50], 10, 0, 100), [10, 20, 50]);
  deepEqual(spread([95, 96, 97], 10, 0, 100), [80, 90, 100]);
  deepEqual(spread([], 10, 0, 100), []);
});

test("heights are to scale, and what is small can still be seen", () => {
  const [a, b, c] = scaleHeights([1, 1000, 3000], 403, 3, 0);
  deepEqual([a.start, a.end], [0, 3]);
  equal(b.end - b.start, 100);
  equal(c.end - c.start, 300);
  equal(c.end, 403);
});

test("parts of nothing have a place too", () => {
  deepEqual(
    scaleHeights([0, 0], 10, 3, 0).map(({ start }) => start),
    [0, 3],
  );
});

test("a map of sizes: areas as large as the parts, near to squares, and only what can be seen", () => {
  const leaf = (name: string, size: number): SizeNode => ({ name, kind: "code", size, children: [] });
  // The example of Bruls, Huizing and van Wijk: 6, 6, 4, 3, 2, 2, 1 in six by four.
  const parts = [6, 2, 4, 3, 6, 2, 1].map((size, i) => leaf(`part ${i}`, size));
  const tiles = treemapTiles({ ...leaf("whole", 24), children: [...parts, leaf("nothing", 0)] }, 600, 400);
  deepEqual(
    tiles.map(({ node, x, y, width, height }) => [node.size, x, y, width, height].map(Math.round)),
    [
      [6, 0, 0, 299, 199],
      [6, 0, 200, 299, 199],
      [4, 300, 0, 170, 232],
      [3, 471, 0, 128, 232],
      [2, 300, 233, 119, 166],
      [2, 420, 233, 119, 166],
      [1, 540, 233, 59, 166],
    ],
  );
  const inside = { ...leaf("outer", 99_999), children: [leaf("inner", 99_998), leaf("speck", 1)] };
  const nested = treemapTiles({ ...leaf("whole", 100_000), children: [inside, leaf("dust", 1)] }, 600, 400);
  deepEqual(
    nested.map(({ path }) => path),
    [["outer"], ["outer", "inner"]],
  );
  ok(nested[1].y >= nested[0].y + 15, "a title has its room");
});

test("a list of a million rows scrolls from the first to the last", () => {
  const view = 600;
  const top = stretchAt(1_000_000, 0, view);
  equal(top.first, 0);
  ok(top.height < 17_000_000, "no browser makes a higher element");
  const bottom = stretchAt(1_000_000, top.height - view, view);
  equal(bottom.last, 1_000_000);
  const middle = stretchAt(1_000_000, scrollFor(500_000, 1_000_000, view), view);
  ok(middle.first < 500_000 && middle.last > 500_000);
});

test("what is shown has an address, and an address shows it", () => {
  const address = {
    view: "anatomy",
    file: "lib/libx.a(a b.o)",
    part: "symbols",
    query: { filter: "foo@@V", at: "0x10" },
  } as const;
  deepEqual(parseAddress(addressText(address)), address);
  equal(parseAddress("#/no/such").view, "files");
});

test("another table keeps the place in the bytes and forgets the filter; another file forgets both", () => {
  const address = { view: "anatomy", file: "a.o", part: "symbols", query: { filter: "x", at: "0x10" } } as const;
  deepEqual(changed(address, { part: "sections" }).query, { at: "0x10" });
  deepEqual(changed(address, { file: "b.o" }), { view: "anatomy", file: "b.o", part: "", query: {} });
});
