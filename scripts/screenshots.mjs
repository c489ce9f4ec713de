// The pictures of docs/page.md: every view with a sample, light and dark, by Chromium. Run after `npm run build`.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const page = pathToFileURL(join(root, "dist/page/index.html")).href;
const out = join(root, "docs/pictures");
mkdirSync(out, { recursive: true });

/** Name of the picture, the sample's title, where to go, what to wait for. */
const PICTURES = [
  ["files", /objects and archives/, "#/files", ".card"],
  ["anatomy", /first call of printf/, "#/anatomy/numbers?at=0x18", ".figure svg"],
  ["link", /objects and archives/, "#/link//output", ".strip"],
  ["load", /Interposition/, "#/load/program/space", ".figure svg"],
  ["bind", /first call of printf/, "#/bind/numbers?name=printf&step=4", ".looks li"],
  ["check", /another C library/, "#/check?cell=addon.node%0Adebian%3A12", ".reasons"],
  ["why", /Interposition/, "#/why/program?about=load&name=helper", ".answer"],
];

/** Waits until the page shows what its address says, with every question answered (test/web/browser.ts). */
async function settled(tab) {
  const shown = `(() => {
    const main = document.getElementById("main");
    return main?.dataset.at === location.hash && main.getAttribute("aria-busy") === "false";
  })()`;
  while (!(await tab.evaluate(shown))) await tab.waitForTimeout(30);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
for (const colorScheme of ["light", "dark"]) {
  for (const [name, sample, hash, wanted] of PICTURES) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 700 }, colorScheme });
    const tab = await context.newPage();
    await tab.goto(page);
    await tab.getByRole("button", { name: sample }).click();
    await settled(tab);
    await tab.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await tab.locator(wanted).first().waitFor();
    await settled(tab);
    await tab.screenshot({ path: join(out, `${name}-${colorScheme}.png`) });
    await context.close();
  }
}
await browser.close();
