// Files and Anatomy as a person uses them, in Chromium, with the page read from disk.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import {
  axeFindings,
  browserNeeded,
  example,
  follow,
  giveFiles,
  goTo,
  settled,
  tabTo,
  testWindow,
  viewOf,
} from "./browser.ts";

const open = testWindow();

const EXAMPLES = ["main.o", "greeting.o", "libwords.a"].map(example);

test("files that are dropped are told apart, with what they define and want", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [...EXAMPLES, { name: "notes.txt", bytes: new TextEncoder().encode("a text\n") }]);
  const files = viewOf(tab, "files");
  const card = (name: string) => files.locator(".card", { has: tab.getByRole("heading", { name, exact: true }) });
  match(await card("main.o").innerText(), /relocatable object for x86-64.*defines.*main.*wants.*greeting.*puts/s);
  match(await card("libwords.a").innerText(), /archive of 2 members/);
  match(await card("notes.txt").innerText(), /text, perhaps a linker script, 7 bytes/);
  await card("libwords.a").getByText("2 members", { exact: true }).click();
  await follow(tab, card("libwords.a").getByRole("link", { name: "words.o", exact: true }));
  match(await viewOf(tab, "anatomy").locator(".file-head").innerText(), /relocatable object/);
});

test("a damaged file says what is wrong where it stands, and the others are shown", browserNeeded, async () => {
  const tab = await open();
  const cut = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 62, 0]);
  await giveFiles(tab, [{ name: "cut.o", bytes: cut }, example("main.o")]);
  const files = viewOf(tab, "files");
  match(await files.locator(".card.wrong").innerText(), /cut\.o.*damaged ELF header.*elf-header-damaged/s);
  equal(await files.locator(".card").count(), 2);
  await follow(tab, files.getByRole("heading", { name: "cut.o", exact: true }).getByRole("link"));
  await viewOf(tab, "anatomy").locator("#byte0").getByText("7f").waitFor();
});

test(
  "a damaged member is told on its archive's card, and the archive opens with its members",
  browserNeeded,
  async () => {
    const tab = await open();
    const bytes = Uint8Array.from(readFileSync(example("libwords.a")));
    // e_shoff of the first member leads nowhere.
    const at = Buffer.from(bytes).indexOf("\x7fELF") + 0x28;
    bytes.fill(0x7f, at, at + 7);
    await giveFiles(tab, [{ name: "bad.a", bytes }]);
    const card = viewOf(tab, "files").locator(".card.wrong");
    match(await card.innerText(), /archive of 2 members[\s\S]*error: bad\.a\(\w+\.o\)/);
    await follow(tab, card.getByRole("heading").getByRole("link"));
    match(await viewOf(tab, "anatomy").locator(".sheet .body").innerText(), /words\.o/);
  },
);

test("a file that is no program is not loaded, and it is said what it is", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [{ name: "noise", bytes: Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251) }]);
  await goTo(tab, "/load/noise");
  match(await viewOf(tab, "load").innerText(), /noise[\s\S]*(invalid ELF header|not an ELF file)/i);
});

test("a byte leads to its relocation and symbol, and a row of a table leads to the byte", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [example("main.o")]);
  await goTo(tab, "/anatomy/main.o");
  const anatomy = viewOf(tab, "anatomy");
  // The second byte of main is a call whose target is relocated: .text is at 0x40.
  await follow(tab, anatomy.locator("#byte66"));
  const facts = anatomy.locator(".byte-facts");
  match(
    await facts.innerText(),
    /section\s+\.text\+0x2.*stands at\s+main\+0x2.*relocation\s+R_X86_64_PLT32: greeting/s,
  );
  match(tab.url(), /at=0x42/);
  await follow(tab, facts.getByRole("link", { name: /R_X86_64_PLT32/ }));
  const table = anatomy.getByRole("table", { name: ".rela.text", exact: true });
  await table.getByRole("cell", { name: "main+0x2", exact: true }).waitFor();
  // Back the other way: the offset of the row selects the byte.
  await follow(tab, anatomy.locator("#byte0"));
  await follow(tab, table.getByRole("link", { name: "0x2", exact: true }));
  await anatomy.locator("#byte66.chosen").waitFor();
  // Fields of the format: e_shoff of the header.
  await goTo(tab, "/anatomy/main.o?at=0x28");
  match(await facts.innerText(), /field\s+e_shoff = 0x[\da-f]+, of the ELF header \(Elf64_Ehdr, 8 bytes\)/);
});

test(
  "code is disassembled from the function on that holds the chosen byte, with its relocations",
  browserNeeded,
  async () => {
    const tab = await open();
    await giveFiles(tab, [example("main.o")]);
    await goTo(tab, "/anatomy/main.o/code?at=0x42");
    const code = viewOf(tab, "anatomy").getByRole("table", { name: "Instructions of .text" });
    match(await code.innerText(), /main\s+0x0\s[\s\S]*call[\s\S]*R_X86_64_PLT32: greeting/);
    // An instruction leads to its bytes.
    await follow(tab, code.getByRole("link", { name: "0x0", exact: true }));
    await viewOf(tab, "anatomy").locator("#byte64.chosen").waitFor();
  },
);

test("tables sort and filter, and the address says how", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [example("main.o")]);
  await goTo(tab, "/anatomy/main.o/symbols");
  const anatomy = viewOf(tab, "anatomy");
  const names = async (): Promise<string[]> =>
    anatomy
      .locator(".sheet .body .row")
      .evaluateAll((rows) => rows.map((row) => row.lastElementChild?.textContent ?? ""));
  await follow(tab, anatomy.getByRole("columnheader", { name: "name", exact: true }).getByRole("button"));
  await anatomy.locator('[aria-sort="ascending"]').waitFor();
  const sorted = await names();
  ok(sorted.includes(".LC0") && sorted.includes("greeting"), sorted.join(" "));
  deepEqual(sorted, [...sorted].sort());
  await anatomy.getByRole("searchbox", { name: "Filter Symbols" }).fill("greet");
  await settled(tab);
  match(await anatomy.locator(".count").innerText(), /^1 of \d+ rows$/);
  deepEqual(await names(), ["greeting"]);
  match(tab.url(), /sort=8.*filter=greet|filter=greet.*sort=8/);
});

test("by keyboard alone: from the start to a byte's facts", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [example("main.o")]);
  await tabTo(tab, /^A main\.o$/);
  await tab.keyboard.press("Enter");
  await viewOf(tab, "anatomy").locator("#byte0").waitFor();
  await settled(tab);
  await tabTo(tab, /^grid Bytes$/);
  // From no byte down to the first, and three lines of sixteen further on: e_flags.
  for (const place of [16, 32, 48]) {
    await tab.keyboard.press("ArrowDown");
    await viewOf(tab, "anatomy").locator(`#byte${place}.chosen`).waitFor();
  }
  await settled(tab);
  match(await viewOf(tab, "anatomy").locator(".byte-facts").innerText(), /field\s+e_flags/);
  equal(await viewOf(tab, "anatomy").locator(".byte.chosen").count(), 1);
});

test("axe-core finds nothing wrong, light and dark", browserNeeded, async () => {
  // A low window: what is seen is checked, and of bytes there are many.
  const tab = await open({ height: 430 });
  deepEqual(await axeFindings(tab), [], "the start");
  await giveFiles(tab, EXAMPLES);
  deepEqual(await axeFindings(tab), [], "files");
  for (const hash of [
    "/anatomy/main.o?at=0x42",
    "/anatomy/main.o/symbols",
    "/anatomy/main.o/code?at=0x42",
    "/anatomy/main.o/sizes",
    "/anatomy/libwords.a/members",
  ]) {
    await goTo(tab, hash);
    await viewOf(tab, "anatomy").locator(".picture svg, .rows .row, .list tr").first().waitFor();
    deepEqual(await axeFindings(tab), [], hash);
  }
});

test("the picture has every section", browserNeeded, async () => {
  const tab = await open();
  await giveFiles(tab, [example("main.o")]);
  await goTo(tab, "/anatomy/main.o");
  const names = await viewOf(tab, "anatomy").locator(".figure .band .name").allTextContents();
  ok(names.includes(".text") && names.includes(".symtab"), names.join(" "));
});

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
    const tab = await open();
    await giveFiles(tab, [{ name: "packed.o", bytes: new Uint8Array(readFileSync(packed)) }]);
    equal(await tab.evaluate("solderParts.zstd === undefined"), true);
    await goTo(tab, "#/anatomy/packed.o/units");
    match(await viewOf(tab, "anatomy").locator(".rows").innerText(), /GNU C/);
    equal(await tab.evaluate("solderParts.zstd === undefined"), false);
  },
);
