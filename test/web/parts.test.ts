// Parts of the page that come when something needs them.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { giveFiles, goTo, openPage, startBrowser, viewOf } from "./browser.ts";

test(
  "what zstd has packed: its decoder comes when it is asked about",
  needs("chromium", "gcc", "objcopy"),
  async (t: TestContext) => {
    const at = folder("zstd");
    const [plain, packed] = ["plain.o", "packed.o"].map((name) => join(at.path, name));
    equal(
      run("gcc", ["-g", "-c", "-x", "c", "-", "-o", plain], { input: "int answer(void) { return 42; }\n" }).status,
      0,
    );
    if (run("objcopy", ["--compress-debug-sections=zstd", plain, packed]).status !== 0)
      return t.skip("this objcopy knows no zstd");
    const browser = await startBrowser();
    const { tab, complaints } = await openPage(browser);
    await giveFiles(tab, [{ name: "packed.o", bytes: new Uint8Array(readFileSync(packed)) }]);
    equal(await tab.evaluate("solderParts.zstd === undefined"), true);
    await goTo(tab, "#/anatomy/packed.o/units");
    match(await viewOf(tab, "anatomy").locator(".rows").innerText(), /GNU C/);
    equal(await tab.evaluate("solderParts.zstd === undefined"), false);
    deepEqual(complaints, []);
    await browser.close();
  },
);
