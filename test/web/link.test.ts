// Linking, loading and asking in the page, as a person does, in Chromium.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { memoryFiles } from "../../src/host/memory-files.ts";
import { defaultInputState, defaultOptions, link } from "../../src/link/index.ts";
import { axeFindings, browserNeeded, example, giveFiles, goTo, openPage, startBrowser } from "./browser.ts";

let browser: Browser;
before(async () => {
  if (browserNeeded.skip === undefined) browser = await startBrowser();
});
after(() => browser?.close());

const NAMES = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];

test(
  "an archive is forgotten: the error and its cure; added, it links and says what changed",
  browserNeeded,
  async () => {
    const { tab, complaints } = await openPage(browser);
    await giveFiles(tab, NAMES.map(example));
    await tab.locator(".card").nth(4).waitFor();
    await goTo(tab, "/link?args=-o+program+start.o+main.o+greeting.o+libtiny.a");
    await tab.getByText("✕ not linked").waitFor();
    match(await tab.locator(".problems").innerText(), /error: .*greeting\.o.*undefined reference to `word'/s);
    await tab.getByRole("button", { name: "Add libwords.a" }).click();
    await tab.getByText("✓ linked").waitFor();
    match(await tab.locator(".changes").innerText(), /it links now.*words\.o.*takes part now/s);
    // Why is the member there? Its reason leads on.
    await tab.getByRole("link", { name: "Why each file" }).click();
    await tab.getByRole("link", { name: "libwords.a(words.o)" }).click();
    await tab.getByRole("heading", { name: "Why libwords.a(words.o)?" }).waitFor();
    match(await tab.locator(".answer").innerText(), /defines `word', which greeting\.o refers to/);
    await tab.locator(".answer").getByRole("link", { name: "word", exact: true }).click();
    await tab.getByRole("heading", { name: "Why word?" }).waitFor();
    match(await tab.locator(".answer").innerText(), /is defined in libwords\.a\(words\.o\)/);
    deepEqual(complaints, []);
    await tab.context().close();
  },
);

test("the page and Node give the same bytes for the same link", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, NAMES.map(example));
  await tab.locator(".card").nth(4).waitFor();
  await goTo(tab, `/link?args=${encodeURIComponent(`-static -o program ${NAMES.join(" ")}`)}`);
  await tab.getByText("✓ linked").waitFor();
  const saved = tab.waitForEvent("download");
  await tab.getByRole("button", { name: "Save" }).click();
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
  deepEqual(complaints, []);
  await tab.context().close();
});

test("what was linked is loaded, and an address leads to what is there", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, NAMES.map(example));
  await tab.locator(".card").nth(4).waitFor();
  await goTo(tab, "/link");
  await tab.getByRole("button", { name: "Load it" }).click();
  await tab.getByRole("heading", { name: "program", exact: true }).waitFor();
  match(await tab.locator(".link-map").innerText(), /1 object in the order of loading/);
  await tab.getByRole("link", { name: "Address space" }).click();
  await tab.locator(".band", { hasText: "r-xp" }).first().click();
  await tab.locator(".answer").waitFor();
  match(await tab.locator(".answer").innerText(), /0x401000 is in \/program/);
  deepEqual(complaints, []);
  await tab.context().close();
});

test("the key / asks from everywhere", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, NAMES.map(example));
  await tab.locator(".card").nth(4).waitFor();
  await tab.keyboard.press("/");
  await tab.keyboard.type("greetin");
  await tab.keyboard.press("Enter");
  // The cards of the files, which may still stand there, link to the name as well.
  await tab.locator(".why").getByRole("link", { name: "greeting", exact: true }).click();
  await tab.locator(".answer").waitFor();
  match(await tab.locator(".answer").innerText(), /`greeting' is defined in greeting\.o/);
  deepEqual(complaints, []);
  await tab.context().close();
});

test("axe-core finds nothing wrong with a link, a load and an answer", browserNeeded, async () => {
  for (const scheme of ["light", "dark"] as const) {
    const { tab, complaints } = await openPage(browser, { scheme, height: 500 });
    await giveFiles(tab, [...NAMES.map(example), process.execPath].slice(0, 5));
    await tab.locator(".card").nth(4).waitFor();
    for (const [hash, wanted] of [
      ["/link", ".stages"],
      ["/link?args=-o+x+main.o", ".problems"],
      ["/link//output", ".strip"],
      ["/link//names", ".rows .row"],
      ["/why?about=link&name=main", ".answer"],
    ] as const) {
      await goTo(tab, hash);
      await tab.locator(wanted).first().waitFor();
      deepEqual(await axeFindings(tab), [], `${hash}, ${scheme}`);
    }
    deepEqual(complaints, []);
    await tab.context().close();
  }
  equal(browser.isConnected(), true);
});
