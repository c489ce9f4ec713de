// The arithmetic of what the page draws.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { addressText, changed, parseAddress } from "../../web/app/address.ts";
import { scaleHeights, spread } from "../../web/figures/labels.ts";
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
