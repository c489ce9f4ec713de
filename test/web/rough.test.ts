// What people do to a page: small windows, damaged files, Stop, files that are not there.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { writeRecord } from "../../src/cli/record/record.ts";
import {
  axeFindings,
  browserNeeded,
  example,
  follow,
  giveFiles,
  goTo,
  settled,
  testWindow,
  viewOf,
} from "./browser.ts";

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

test("a record that goes away while it is read is named, and other files can be added", browserNeeded, async () => {
  const tab = await open();
  const load = { kind: "load", program: "/x", environment: {}, profile: "", bindNow: false, outcome: 0 } as const;
  const start = Buffer.from(writeRecord(load, []).subarray(0, 512)).toString("base64");
  await tab.evaluate(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(start)}), (it) => it.charCodeAt(0));
    const gone = { name: "gone.solder", slice: () => new Blob([bytes]), arrayBuffer: () => Promise.reject(new Error()) };
    const items = [{ webkitGetAsEntry: () => ({ isFile: true, name: gone.name, file: (take) => take(gone) }) }];
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(drop, "dataTransfer", { value: { items, files: [] } });
    document.body.dispatchEvent(drop);
  })()`);
  await settled(tab);
  match(await tab.getByRole("alert").innerText(), /gone\.solder: .* it is not there any more/);
  await giveFiles(tab, [example("greeting.o")]);
  deepEqual(await viewOf(tab, "files").locator(".card h2").allInnerTexts(), ["greeting.o"]);
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

/** An archive without an index. */
function archiveOf(members: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const parts = members.flatMap(([name, bytes]) => [
    Buffer.from(`${`${name}/`.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"644".padEnd(8)}`),
    Buffer.from(`${String(bytes.length).padEnd(10)}\`\n`),
    Buffer.from(bytes),
    Buffer.from(bytes.length % 2 === 0 ? "" : "\n"),
  ]);
  return new Uint8Array(Buffer.concat([Buffer.from("!<arch>\n"), ...parts]));
}

test("members of one name are told apart, and names may have parentheses", browserNeeded, async () => {
  const tab = await open();
  const [main, greeting] = [readFileSync(example("main.o")), readFileSync(example("greeting.o"))];
  const bytes = archiveOf([
    ["same.o", main],
    ["same.o", greeting],
    ["copy(1).o", main],
  ]);
  await giveFiles(tab, [{ name: "libsame.a", bytes }]);
  const symbols: string[] = [];
  for (const row of [1, 2, 3]) {
    await goTo(tab, "/anatomy/libsame.a/members");
    await follow(tab, viewOf(tab, "anatomy").locator(`.rows .row:nth-child(${row}) a`).first());
    const file = String(await tab.evaluate("decodeURIComponent(location.hash.split('/')[2])"));
    await goTo(tab, `/anatomy/${encodeURIComponent(file)}/symbols`);
    symbols.push(await viewOf(tab, "anatomy").locator(".rows").innerText());
  }
  match(symbols[0], /\bmain\b/);
  match(symbols[1], /\bgreeting\b/);
  match(symbols[2], /\bmain\b/);
});

test("a name that takes no part is shown where it stands", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, NAMES.map(example));
  await goTo(tab, "/why?about=link&name=libwords.a&args=-o+x+main.o");
  const why = viewOf(tab, "why");
  match(await why.innerText(), /Nothing in the link is called libwords\.a\. The link failed[\s\S]*libwords\.a is here/);
  await goTo(tab, "/why?about=link&name=word&args=-o+x+main.o+--unresolved-symbols%3Dignore-all");
  await follow(tab, why.locator(".elsewhere").getByRole("link", { name: "libwords.a defines it" }));
  match(await viewOf(tab, "anatomy").locator(".rows").innerText(), /word\s+words\.o/);
});

test("an address that names what is not here says so", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, NAMES.map(example));
  await tab.evaluate(`location.hash = "/link"`);
  await settled(tab);
  await viewOf(tab, "link").getByRole("button", { name: "Load it" }).click();
  await viewOf(tab, "load").waitFor();
  await goTo(tab, "/load/other");
  match(await viewOf(tab, "load").locator(".said").innerText(), /other is not among the files; this is program/);
  await goTo(tab, "/check?systems=debian:12+nowhere:1");
  match(
    await viewOf(tab, "check").getByRole("alert").innerText(),
    /No system is known as nowhere:1\. Known are .*debian:12/,
  );
});

test("a file may be called as the page calls a load", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [{ name: "load:x.o", bytes: new Uint8Array(readFileSync(example("main.o"))) }]);
  await goTo(tab, `/anatomy/${encodeURIComponent("load:x.o")}/symbols`);
  match(await viewOf(tab, "anatomy").locator(".table, .sheet").first().innerText(), /\bmain\b/);
});
