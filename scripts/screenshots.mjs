// The pictures of docs/page.md: every view with a sample, light and dark, by Chromium. Run after `npm run build`.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const page = pathToFileURL(join(root, "dist/page/index.html")).href;
const out = join(root, "docs/pictures");
mkdirSync(out, { recursive: true });

/** A program with its C library and dynamic linker: what is executed is this machine's. */
const scratch = mkdtempSync(join(tmpdir(), "solder-pictures-"));
writeFileSync(
  join(scratch, "hello.c"),
  '#include <stdio.h>\nint main(void) { puts("hello"); return puts("again") < 0; }\n',
);
execFileSync(
  "gcc",
  ["-O1", "-g", "-Wl,-z,lazy", "-fcf-protection=none", `-fdebug-prefix-map=${scratch}=.`, "-o", "hello", "hello.c"],
  { cwd: scratch },
);
const named = (name) => realpathSync(execFileSync("gcc", [`-print-file-name=${name}`], { encoding: "utf8" }).trim());
const HELLO = [join(scratch, "hello"), named("libc.so.6"), named("ld-linux-x86-64.so.2")];

/** Name of the picture, the sample's title or files, where to go (one after the other), what to wait for. */
const PICTURES = [
  ["files", /objects and archives/, "#/files", ".card"],
  ["anatomy", /first call of printf/, "#/anatomy/numbers?at=0x18", ".figure svg"],
  ["code", /objects and archives/, "#/anatomy/main.o/code?at=0x40", ".code-lines"],
  ["sizes", HELLO, "#/anatomy/libc.so.6/sizes", ".treemap, svg"],
  ["units", HELLO, "#/anatomy/hello/units", ".rows .row"],
  // With another output first: what compiles the linker is not what a link takes.
  ["link", /objects and archives/, ["#/link?args=-o+other+start.o", "#/link//output"], ".strip"],
  ["load", /Interposition/, "#/load/program/space", ".figure svg"],
  ["bind", /first call of printf/, "#/bind/numbers?name=printf&step=4", ".looks li"],
  ["executed", HELLO, "#/bind/hello?name=puts&step=6", ".machine, .registers"],
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
    const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, colorScheme });
    const tab = await context.newPage();
    await tab.goto(page);
    if (sample instanceof RegExp) await tab.getByRole("button", { name: sample }).click();
    else await tab.locator('main[data-view] input[type="file"]').first().setInputFiles(sample);
    await settled(tab);
    for (const one of [hash].flat()) {
      await tab.evaluate(`location.hash = ${JSON.stringify(one)}`);
      await settled(tab);
    }
    await tab.locator(wanted).first().waitFor();
    await settled(tab);
    await tab.screenshot({ path: join(out, `${name}-${colorScheme}.png`) });
    await context.close();
  }
}
await browser.close();
rmSync(scratch, { recursive: true });
