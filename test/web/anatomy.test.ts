// Files and Anatomy as a person uses them, in Chromium, with the page read from disk.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { axeFindings, browserNeeded, example, giveFiles, goTo, openPage, startBrowser } from "./browser.ts";

let browser: Browser;
before(async () => {
  if (browserNeeded.skip === undefined) browser = await startBrowser();
});
after(() => browser?.close());

const EXAMPLES = ["main.o", "greeting.o", "libwords.a"].map(example);

test("files that are dropped are told apart, with what they define and want", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, [...EXAMPLES, { name: "notes.txt", bytes: new TextEncoder().encode("a text\n") }]);
  const card = (name: string) => tab.locator(".card", { has: tab.getByRole("link", { name, exact: true }) });
  match(await card("main.o").innerText(), /relocatable object for x86-64.*defines.*main.*wants.*greeting.*puts/s);
  match(await card("libwords.a").innerText(), /archive of 2 members/);
  match(await card("notes.txt").innerText(), /text, perhaps a linker script, 7 bytes/);
  await card("libwords.a").getByText("2 members", { exact: true }).click();
  await card("libwords.a").getByRole("link", { name: "words.o" }).click();
  match(await tab.locator(".file-head").innerText(), /relocatable object/);
  deepEqual(complaints, []);
  await tab.context().close();
});

test("a damaged file says what is wrong where it stands, and the others are shown", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  const cut = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 62, 0]);
  await giveFiles(tab, [{ name: "cut.o", bytes: cut }, example("main.o")]);
  match(await tab.locator(".card.wrong").innerText(), /cut\.o.*damaged ELF header.*elf-header-damaged/s);
  equal(await tab.locator(".card").count(), 2);
  await tab.getByRole("link", { name: "cut.o" }).click();
  await tab.locator(".hex-line").first().waitFor();
  deepEqual(complaints, []);
  await tab.context().close();
});

test("a byte leads to its relocation and symbol, and a row of a table leads to the byte", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, [example("main.o")]);
  await goTo(tab, "/anatomy/main.o");
  // The second byte of main is a call whose target is relocated: .text is at 0x40.
  await tab.locator("#byte66").click();
  const facts = tab.locator(".byte-facts");
  await facts.getByText("R_X86_64_PLT32").waitFor();
  match(
    await facts.innerText(),
    /section\s+\.text\+0x2.*stands at\s+main\+0x2.*relocation\s+R_X86_64_PLT32: greeting/s,
  );
  match(tab.url(), /at=0x42/);
  await facts.getByRole("link", { name: /R_X86_64_PLT32/ }).click();
  await tab.getByRole("table", { name: ".rela.text" }).getByRole("cell", { name: "main+0x2", exact: true }).waitFor();
  // Back the other way: the offset of the row selects the byte.
  await tab.locator("#byte0").click();
  await tab.getByRole("link", { name: "0x2", exact: true }).click();
  await tab.locator("#byte66.chosen").waitFor();
  // Fields of the format: e_shoff of the header.
  await goTo(tab, "/anatomy/main.o?at=0x28");
  await facts.getByText(/e_shoff/).waitFor();
  match(await facts.innerText(), /field\s+e_shoff = 0x[\da-f]+, of the ELF header \(Elf64_Ehdr, 8 bytes\)/);
  deepEqual(complaints, []);
  await tab.context().close();
});

test("tables sort and filter, and the address says how", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, [example("main.o")]);
  await goTo(tab, "/anatomy/main.o/symbols");
  const names = async (): Promise<string[]> =>
    tab.locator(".sheet .body .row").evaluateAll((rows) => rows.map((row) => row.lastElementChild?.textContent ?? ""));
  await tab.getByRole("columnheader", { name: "name" }).getByRole("button").click();
  await tab.locator('[aria-sort="ascending"]').waitFor();
  await tab.waitForFunction('document.querySelector(".sheet .body .row")?.lastElementChild?.textContent === ".LC0"');
  const sorted = await names();
  deepEqual(sorted, [...sorted].sort());
  await tab.getByRole("searchbox", { name: "Filter Symbols" }).fill("greet");
  await tab.getByText(/^1 of \d+ rows$/).waitFor();
  deepEqual(await names(), ["greeting"]);
  match(tab.url(), /sort=8.*filter=greet|filter=greet.*sort=8/);
  await tab.goBack();
  deepEqual(complaints, []);
  await tab.context().close();
});

test("by keyboard alone: from the start to a byte's facts", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, [example("main.o")]);
  await tab.getByRole("link", { name: "main.o" }).waitFor();
  const press = async (wanted: RegExp, most = 40): Promise<void> => {
    for (let i = 0; i < most; i++) {
      await tab.keyboard.press("Tab");
      const name = await tab.evaluate(`(() => {
        const it = document.activeElement;
        return (it.getAttribute("role") ?? it.tagName) + " " + (it.getAttribute("aria-label") ?? it.textContent);
      })()`);
      if (wanted.test(String(name))) return;
    }
    throw new Error(`nothing like ${wanted} can be reached`);
  };
  await press(/^A main\.o$/);
  await tab.keyboard.press("Enter");
  await tab.locator(".hex-line").first().waitFor();
  await press(/^grid Bytes$/, 60);
  for (let i = 0; i < 3; i++) await tab.keyboard.press("ArrowDown");
  await tab.getByText(/e_flags|e_shoff|e_ehsize/).waitFor();
  equal(await tab.locator(".byte.chosen").count(), 1);
  deepEqual(complaints, []);
  await tab.context().close();
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe-core finds nothing wrong, ${scheme}`, browserNeeded, async () => {
    // A low window: what is seen is checked, and of bytes there are many.
    const { tab, complaints } = await openPage(browser, { scheme, height: 430 });
    deepEqual(await axeFindings(tab), [], "the start");
    await giveFiles(tab, EXAMPLES);
    await tab.locator(".card").nth(2).waitFor();
    deepEqual(await axeFindings(tab), [], "files");
    for (const hash of [
      "/anatomy/main.o?at=0x42",
      "/anatomy/main.o/symbols",
      "/anatomy/main.o/sizes",
      "/anatomy/libwords.a/members",
    ]) {
      await goTo(tab, hash);
      await tab.locator(".hex-line").first().waitFor();
      await tab.locator(".picture svg, .sheet .row.odd, .list tr").first().waitFor();
      deepEqual(await axeFindings(tab), [], hash);
    }
    deepEqual(complaints, []);
    await tab.context().close();
  });
}

test("the picture has every section", browserNeeded, async () => {
  const { tab, complaints } = await openPage(browser);
  await giveFiles(tab, [example("main.o")]);
  await goTo(tab, "/anatomy/main.o");
  await tab.locator(".figure svg").waitFor();
  const names = await tab.locator(".figure .band .name").allTextContents();
  ok(names.includes(".text") && names.includes(".symtab"), names.join(" "));
  deepEqual(complaints, []);
  await tab.context().close();
});
