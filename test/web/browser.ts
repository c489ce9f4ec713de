// Chromium for the tests of the page: driven by playwright-core, with the page read from disk as a user may read it.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { repository } from "../support/build.ts";
import { needs, which } from "../support/tools.ts";

/** Options for `test()`: skipped where there is no browser. */
export const browserNeeded: { skip?: string } = needs("chromium");

export const PAGE: string = pathToFileURL(join(repository, "dist/page/index.html")).href;

export function startBrowser(): Promise<Browser> {
  // Root has no sandbox of Chromium's.
  return chromium.launch({ executablePath: which("chromium") ?? "chromium", args: ["--no-sandbox"] });
}

export interface Opened {
  readonly tab: Page;
  /** What the page complained of; to be empty at the end. */
  readonly complaints: readonly string[];
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
  const context = await browser.newContext({ viewport: { width: 1440, height }, colorScheme: scheme });
  const tab = await context.newPage();
  tab.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  tab.on("pageerror", (error) => complaints.push(String(error.stack)));
  tab.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await tab.goto(url);
  return { tab, complaints };
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
  await tab.locator('input[type="file"]').first().setInputFiles(payload);
}

/** Goes to an address of the page: what stands behind its `#`. */
export async function goTo(tab: Page, hash: string): Promise<void> {
  await tab.evaluate(`location.hash = ${JSON.stringify(hash)}`);
}

/** What axe-core finds wrong with what is on the screen: rule, and the elements. */
export async function axeFindings(tab: Page): Promise<string[]> {
  const source = readFileSync(join(repository, "node_modules/axe-core/axe.min.js"), "utf8");
  await tab.evaluate(source);
  const found = await tab.evaluate(
    `axe.run({ exclude: ${JSON.stringify(REPEATED)} }, { resultTypes: ["violations"] })`,
  );
  const { violations } = found as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`),
  );
}

/** Lines and rows behind the first few are like those; looking at all of them takes a minute. */
const REPEATED = [
  [".hex-line:nth-child(n+4)"],
  [".sheet .rows .row:nth-child(n+4)"],
  [".list tbody tr:nth-child(n+4)"],
];

export const example = (name: string): string => join(repository, "examples/prebuilt", name);
