// Chromium for the tests of the page: driven by playwright-core, with the page read from disk as a user may read it.

import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, afterEach, before } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import type { ViewName } from "../../web/app/address.ts";
import { repository } from "../support/build.ts";
import { needs, which } from "../support/tools.ts";

/** Options for `test()`: skipped where there is no browser. */
export const browserNeeded: { skip?: string } = needs("chromium");

export const PAGE: string = pathToFileURL(join(repository, "dist/page/index.html")).href;

export function startBrowser(): Promise<Browser> {
  // Root has no sandbox of Chromium's.
  return chromium.launch({ executablePath: which("chromium") ?? "chromium", args: ["--no-sandbox"] });
}

/** Only what never comes takes this long. Milliseconds. */
const LONGEST = 60_000;

export interface Opened {
  readonly tab: Page;
  /** What the page complained of; to be empty at the end. */
  readonly complaints: string[];
}

export interface OpenOptions {
  readonly url?: string;
  readonly scheme?: "light" | "dark";
  readonly height?: number;
}

export async function openPage(
  browser: Browser,
  { url = PAGE, scheme = "light", height = 900 }: OpenOptions = {},
): Promise<Opened> {
  // Without motion, colours are at once what they become.
  const context = await browser.newContext({
    viewport: { width: 1440, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const tab = await context.newPage();
  tab.setDefaultTimeout(LONGEST);
  const complaints: string[] = [];
  context.on("weberror", (it) => complaints.push(String(it.error().stack)));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await tab.goto(url);
  await settled(tab);
  return { tab, complaints };
}

/** What `testWindow` opens: the page, as it is for somebody who comes to it. */
export type OpenWindow = (options?: OpenOptions) => Promise<Page>;

/**
 * One window for all tests of a file. Each begins with the page anew, without files; that takes a quarter of what a new window takes.
 * After each, the page must not have complained of anything.
 */
export function testWindow({ skip }: { skip?: string } = browserNeeded): OpenWindow {
  let opened: Opened | undefined;
  before(async () => {
    if (skip === undefined) opened = await openPage(await startBrowser());
  });
  afterEach(() => deepEqual(opened?.complaints.splice(0), opened && []));
  after(() => opened?.tab.context().browser()?.close());
  return async ({ url = PAGE, scheme = "light", height = 900 } = {}) => {
    if (opened === undefined) throw new Error("there is no browser");
    const { tab } = opened;
    await tab.setViewportSize({ width: 1440, height });
    await tab.emulateMedia({ colorScheme: scheme });
    // The same page again would only be another place in it.
    if (tab.url().replace(/#.*/, "") === url) {
      await tab.evaluate("history.replaceState(null, '', '#')");
      await tab.reload();
    } else await tab.goto(url);
    await settled(tab);
    return tab;
  };
}

/**
 * Waits until the page shows what its address says: the view is that of the address (`data-at`), and no question is without its
 * answer (`aria-busy`). Without this, a locator may find what still stands there of the view that is being left.
 */
export async function settled(tab: Page): Promise<void> {
  await until(
    tab,
    `(() => {
      const main = document.getElementById("main");
      return main?.dataset.at === location.hash && main.getAttribute("aria-busy") === "false";
    })()`,
  );
}

/** Waits for an expression to be true. Not `waitForFunction`, which needs what the page of `solder view` forbids: eval. */
async function until(tab: Page, expression: string): Promise<void> {
  const given = Date.now() + LONGEST;
  while ((await tab.evaluate(expression)) !== true) {
    if (Date.now() > given) throw new Error(`it never came to ${expression}`);
    await delay(20);
  }
}

/** Where a view is drawn; nothing of another view is in it. */
export function viewOf(tab: Page, name: ViewName): Locator {
  return tab.locator(`main[data-view="${name}"]`);
}

/** Clicks what leads to another address, and waits until that is shown. */
export async function follow(tab: Page, link: Locator): Promise<void> {
  const before = await tab.evaluate("location.hash");
  await link.click();
  await until(tab, `location.hash !== ${JSON.stringify(before)}`);
  await settled(tab);
}

/** Presses what does something here, and waits until it is done. */
export async function press(tab: Page, button: Locator): Promise<void> {
  await button.click();
  await settled(tab);
}

/** Presses Tab until what has the focus is as wanted: its role or element, and its name. */
export async function tabTo(tab: Page, wanted: RegExp, most = 80): Promise<void> {
  for (let i = 0; i < most; i++) {
    await tab.keyboard.press("Tab");
    const name = await tab.evaluate(`(() => {
      const it = document.activeElement;
      return (it.getAttribute("role") ?? it.tagName) + " " + (it.getAttribute("aria-label") ?? it.textContent);
    })()`);
    if (wanted.test(String(name))) return;
  }
  throw new Error(`nothing like ${wanted} can be reached`);
}

/** Gives the page files as the dialog would. */
export async function giveFiles(
  tab: Page,
  files: readonly (string | { name: string; bytes: Uint8Array })[],
): Promise<void> {
  const payload = files.map((file) =>
    typeof file === "string"
      ? { name: basename(file), mimeType: "", buffer: readFileSync(file) }
      : { name: file.name, mimeType: "", buffer: Buffer.from(file.bytes) },
  );
  await viewOf(tab, "files").locator('input[type="file"]').first().setInputFiles(payload);
  await settled(tab);
}

/** Drops files on the page, with paths as those in a folder have. @param files path and base64 */
export async function dropFiles(tab: Page, files: readonly (readonly [path: string, base64: string])[]): Promise<void> {
  await tab.evaluate(`((given) => {
    const entryOf = (path, text) => {
      const bytes = Uint8Array.from(atob(text), (it) => it.charCodeAt(0));
      const file = new File([bytes], path.slice(path.lastIndexOf("/") + 1));
      return { isFile: true, name: path, file: (take) => take(file) };
    };
    const items = given.map(([path, text]) => ({ webkitGetAsEntry: () => entryOf(path, text) }));
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(drop, "dataTransfer", { value: { items, files: [] } });
    document.body.dispatchEvent(drop);
  })(${JSON.stringify(files)})`);
  await settled(tab);
}

/** Goes to an address of the page, what stands behind its `#`, and waits until that is shown. */
export async function goTo(tab: Page, hash: string): Promise<void> {
  await tab.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await settled(tab);
}

/**
 * What axe-core finds wrong with what is on the screen: rule, and the elements. In the other of light and dark the contrast only,
 * since all else is the same there.
 */
export async function axeFindings(tab: Page): Promise<string[]> {
  if ((await tab.evaluate("globalThis.axe === undefined")) === true)
    await tab.evaluate(readFileSync(join(repository, "node_modules/axe-core/axe.min.js"), "utf8"));
  const isDark = await tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches");
  const [scheme, other] = isDark === true ? (["dark", "light"] as const) : (["light", "dark"] as const);
  const found = await axeRun(tab, scheme, "");
  await tab.emulateMedia({ colorScheme: other });
  found.push(...(await axeRun(tab, other, 'runOnly: ["color-contrast"],')));
  await tab.emulateMedia({ colorScheme: scheme });
  return found;
}

/** Styles are in the page, so nothing is to be loaded for the rules; and no selectors are shown. */
async function axeRun(tab: Page, scheme: string, options: string): Promise<string[]> {
  const found = await tab.evaluate(
    `axe.run({ exclude: ${JSON.stringify(REPEATED)} }, { ${options} resultTypes: ["violations"], preload: false, selectors: false })`,
  );
  const { violations } = found as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `${id}, ${scheme}: ${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`),
  );
}

/** Lines and rows behind the first few are like those; looking at all of them takes a minute. */
const REPEATED = [
  [".hex-line:nth-child(n+4)"],
  [".sheet .rows .row:nth-child(n+4)"],
  [".list tbody tr:nth-child(n+4)"],
];

export const example = (name: string): string => join(repository, "examples/prebuilt", name);
