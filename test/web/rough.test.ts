// What people do to a page: small windows, damaged files, Stop, files that are not there.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { writeRecord } from "../../src/cli/record/record.ts";
import { axeFindings, browserNeeded, example, giveFiles, goTo, settled, testWindow, viewOf } from "./browser.ts";

const open = testWindow();

const NAMES = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];

for (const width of [360, 768]) {
  test(`nothing is wider than a window of ${width} pixels`, browserNeeded, async () => {
    const tab = await open();
    await giveFiles(tab, NAMES.map(example));
    await tab.setViewportSize({ width, height: 740 });
    for (const hash of ["/files", "/anatomy/main.o", "/link", "/link//output", "/load//objects", "/check", "/why"]) {
      await goTo(tab, hash);
      const widest = `Math.max(...["html", "#main"].map((it) => document.querySelector(it).scrollWidth))`;
      equal(await tab.evaluate(widest), width, hash);
    }
    deepEqual(await axeFindings(tab), []);
  });
}

test("a record that is cut off is refused in words, on the screen", browserNeeded, async () => {
  const tab = await open();
  const files = [{ path: "/main.o", bytes: new Uint8Array(readFileSync(example("main.o"))) }];
  const asked = { directory: "/", arguments: ["main.o"], environment: {}, systemLibraryPaths: [], outcome: {} };
  const whole = writeRecord({ kind: "link", ...asked }, files);
  await giveFiles(tab, [{ name: "half.solder", bytes: whole.subarray(0, whole.length - 2048) }]);
  const trouble = tab.getByRole("alert");
  equal(await trouble.locator("p").nth(1).isVisible(), true);
  match(await trouble.innerText(), /half\.solder: it is cut off or damaged: no more than 0 files of it can be read/);
  deepEqual(await axeFindings(tab), []);
  await trouble.getByRole("button", { name: "Close" }).click();
  equal(await trouble.isVisible(), false);
});

/** Drops many small files at once, and does not wait. */
async function dropMany(tab: Page, count: number): Promise<void> {
  const text = readFileSync(example("main.o")).toString("base64");
  await tab.evaluate(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(text)}), (it) => it.charCodeAt(0));
    const items = Array.from({ length: ${count} }, (_, i) => {
      const file = new File([bytes], "part" + i + ".o");
      return { webkitGetAsEntry: () => ({ isFile: true, name: file.name, file: (take) => take(file) }) };
    });
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(drop, "dataTransfer", { value: { items, files: [] } });
    document.body.dispatchEvent(drop);
  })()`);
}

test("files whose reading is stopped are not there; others are, and can be added", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [example("greeting.o")]);
  // As soon as it is there: reading does not take long enough for a test to find it.
  await tab.evaluate(`new MutationObserver((_, observer) => {
    const button = document.querySelector(".busy button");
    if (button === null) return;
    observer.disconnect();
    button.click();
  }).observe(document.body, { childList: true, subtree: true })`);
  await dropMany(tab, 1500);
  await settled(tab);
  await giveFiles(tab, [example("libwords.a")]);
  deepEqual(await viewOf(tab, "files").locator(".card h2").allInnerTexts(), ["greeting.o", "libwords.a"]);
  await goTo(tab, "/link");
  match(await viewOf(tab, "link").locator(".stages").innerText(), /2 objects, 0 shared/);
});
