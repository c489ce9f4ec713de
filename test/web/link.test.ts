// Linking, loading and asking in the page, as a person does, in Chromium.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { memoryFiles } from "../../src/host/memory-files.ts";
import { defaultInputState, defaultOptions, link } from "../../src/link/index.ts";
import {
  axeFindings,
  browserNeeded,
  example,
  follow,
  giveFiles,
  goTo,
  press,
  settled,
  testWindow,
  viewOf,
} from "./browser.ts";

const open = testWindow();

const NAMES = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];

test(
  "an archive is forgotten: the error and its cure; added, it links and says what changed",
  browserNeeded,
  async () => {
    const tab = await open();
    await giveFiles(tab, NAMES.map(example));
    await goTo(tab, "/link?args=-o+program+start.o+main.o+greeting.o+libtiny.a");
    const view = viewOf(tab, "link");
    equal(await view.getByRole("heading", { level: 1 }).innerText(), "✕ not linked");
    match(await view.locator(".problems").innerText(), /error: .*greeting\.o.*undefined reference to `word'/s);
    match(await view.locator(".offer").innerText(), /Cure: libwords\.a, which is here but not linked, defines word\./);
    await follow(tab, view.getByRole("button", { name: "Link libwords.a too" }));
    equal(await view.getByRole("heading", { level: 1 }).innerText(), "✓ linked");
    match(await view.locator(".changes").innerText(), /it links now.*words\.o.*takes part now/s);
    // Why is the member there? Its reason leads on.
    await follow(tab, view.getByRole("link", { name: "Why each file" }));
    await follow(tab, view.locator(".tree").getByRole("link", { name: "libwords.a(words.o)", exact: true }));
    const why = viewOf(tab, "why");
    equal(await why.getByRole("heading", { level: 1 }).innerText(), "Why libwords.a(words.o)?");
    match(await why.locator(".answer").innerText(), /defines `word', which greeting\.o refers to/);
    await follow(tab, why.locator(".answer").getByRole("link", { name: "word", exact: true }));
    equal(await why.getByRole("heading", { level: 1 }).innerText(), "Why word?");
    match(await why.locator(".answer").innerText(), /is defined in libwords\.a\(words\.o\)/);
  },
);

test("the page and Node give the same bytes for the same link", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, NAMES.map(example));
  await goTo(tab, `/link?args=${encodeURIComponent(`-static -o program ${NAMES.join(" ")}`)}`);
  equal(await viewOf(tab, "link").getByRole("heading", { level: 1 }).innerText(), "✓ linked");
  const saved = tab.waitForEvent("download");
  await viewOf(tab, "link").getByRole("button", { name: "Save" }).click();
  const bytes = readFileSync(await (await saved).path());
  const files = memoryFiles(
    Object.fromEntries(NAMES.map((name) => [name, new Uint8Array(readFileSync(example(name)))])),
  );
  const inputs = NAMES.map(
    (path) => ({ kind: "file", path, state: { ...defaultInputState, preferStatic: true } }) as const,
  );
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const { image } = link(
    inputs,
    {
      ...defaultOptions,
      output: "executable",
      staticFirst: true,
      outputName: "program",
      linkerComment: `Linker: Solder ${version}`,
    },
    files,
  );
  ok(image !== undefined && Buffer.from(image).equals(bytes), "the bytes differ");
});

test("what was linked is loaded, and an address leads to what is there", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, NAMES.map(example));
  await goTo(tab, "/link");
  await press(tab, viewOf(tab, "link").getByRole("button", { name: "Load it" }));
  const load = viewOf(tab, "load");
  equal(await load.getByRole("heading", { level: 1 }).innerText(), "program");
  match(await load.locator(".link-map").innerText(), /1 object in the order of loading/);
  await follow(tab, load.getByRole("link", { name: "Address space" }));
  await follow(tab, load.locator(".band", { hasText: "r-xp" }).first());
  match(await viewOf(tab, "why").locator(".answer").innerText(), /0x401000 is in \/program/);
});

test("the key / asks from everywhere", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, NAMES.map(example));
  await tab.keyboard.press("/");
  await tab.keyboard.type("greetin");
  await tab.keyboard.press("Enter");
  const why = viewOf(tab, "why");
  await why.waitFor();
  await settled(tab);
  await follow(tab, why.getByRole("link", { name: "greeting", exact: true }));
  match(await why.locator(".answer").innerText(), /`greeting' is defined in greeting\.o/);
});

test("axe-core finds nothing wrong with a link and an answer, light and dark", browserNeeded, async () => {
  const tab = await open({ height: 500 });
  await giveFiles(tab, NAMES.map(example));
  for (const [view, hash, wanted] of [
    ["link", "/link", ".stages"],
    ["link", "/link?args=-o+x+main.o", ".problems"],
    ["link", "/link//output", ".strip"],
    ["link", "/link//names", ".rows .row"],
    ["why", "/why?about=link&name=main", ".answer"],
  ] as const) {
    await goTo(tab, hash);
    await viewOf(tab, view).locator(wanted).first().waitFor();
    deepEqual(await axeFindings(tab), [], hash);
  }
});
