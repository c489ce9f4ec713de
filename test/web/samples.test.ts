// The samples, each as somebody who takes it: what it is there to show is on the screen.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import type { Page } from "playwright-core";
import { messageAreas } from "../../src/explain/messages/messages.ts";
import { SAMPLES } from "../../web/samples/list.ts";
import { repository } from "../support/build.ts";
import { axeFindings, browserNeeded, dropFiles, follow, goTo, press, settled, testWindow, viewOf } from "./browser.ts";

const open = testWindow();

/** Takes a sample by its title. */
async function take(tab: Page, id: string): Promise<void> {
  const sample = SAMPLES.find((it) => it.id === id);
  ok(sample !== undefined);
  await press(tab, viewOf(tab, "files").getByRole("button", { name: sample.title }));
}

interface Shown {
  readonly id: string;
  /** What is waited for, and what it has to say. */
  readonly where: string;
  readonly says: RegExp;
}

const SHOWN: readonly Shown[] = [
  { id: "hello", where: ".load-head .good", says: /✓ linked/ },
  { id: "bases", where: ".applied", says: /0x20000 \(twice\) - 4 - 0x3000b/ },
  { id: "relocated", where: ".rows .row:nth-child(2)", says: /R_386_32|R_386_PC32/ },
  {
    id: "preload",
    where: ".answer",
    says: /is bound to 0x[\da-f]+ in \/libhundred\.so|will be bound at its first call: .* in \/libhundred\.so/,
  },
  { id: "version", where: ".said", says: /libgreet\.so: version `GREET_2\.0' not found \(required by/ },
  { id: "mangled", where: ".problems", says: /undefined reference to `twice\(int\)'[\s\S]*extern "C"/ },
  { id: "addon", where: ".reasons", says: /musl/ },
];

for (const { id, where, says } of SHOWN) {
  test(`the sample ${id} shows what it is there for`, browserNeeded, async () => {
    const tab = await open();
    await take(tab, id);
    match(await tab.locator("main").locator(where).first().innerText(), says);
  });
}

test("a version that is missing: who needs it, and for which symbol", browserNeeded, async () => {
  const tab = await open();
  await take(tab, "version");
  await follow(tab, viewOf(tab, "load").getByRole("link", { name: "Why GREET_2.0?" }));
  match(
    await viewOf(tab, "why").locator(".answer").innerText(),
    /\/program needs GREET_2\.0 of libgreet\.so, for greet_loudly[\s\S]*libgreet\.so does not have it: its newest is GREET_1\.0/,
  );
});

test("a library that was linked with -Bsymbolic keeps its own function", browserNeeded, async () => {
  const tab = await open();
  await take(tab, "preload");
  await goTo(
    tab,
    "/why/program?about=load&name=helper&env=LD_PRELOAD%3D%2Flibhundred.so%0ALD_LIBRARY_PATH%3D%2Fsymbolic",
  );
  match(
    await viewOf(tab, "why").locator(".answer").innerText(),
    /No object in the process refers to helper[\s\S]*\/symbolic\/libadd\.so: helper/,
  );
  await goTo(tab, "/load/program/scopes");
  match(
    await viewOf(tab, "load").innerText(),
    /dlpi_name\s+dlpi_addr\s+dlpi_phdr\s+dlpi_phnum[\s\S]*"" \(the program\)\s+0x/,
  );
});

test("a folder with what a root has is the root", browserNeeded, async () => {
  const tab = await open();
  await take(tab, "lazy");
  // The same files as in a directory that was dropped whole.
  const files = (await tab.evaluate(`(async () => {
    const all = solderParts.samples.lazy;
    return [["image/usr/bin/numbers", all.numbers], ["image/usr/lib/libprint.so", all["libprint.so"]]];
  })()`)) as [string, string][];
  await tab.reload();
  await settled(tab);
  await dropFiles(tab, files);
  await goTo(tab, "/load/image%2Fusr%2Fbin%2Fnumbers");
  match(await viewOf(tab, "load").innerText(), /The folder image is taken for the root directory/);
  match(await viewOf(tab, "load").locator(".link-map").innerText(), /2 objects in the order of loading/);
});

test("printf, from its first call to its definition: step by step, then straight", browserNeeded, async () => {
  const tab = await open({ height: 600 });
  await take(tab, "lazy");
  const bind = viewOf(tab, "bind");
  equal(await bind.getByRole("heading", { level: 1 }).innerText(), "The first call of printf");
  match(await bind.locator(".slot").innerText(), /back in the PLT of numbers/);
  const step = bind.getByRole("button", { name: "Step →" });
  while (await step.isEnabled()) await follow(tab, step);
  match(await bind.locator(".steps .here").innerText(), /Called again: .*the resolver is not asked/);
  match(await bind.locator(".slot.bound").innerText(), /the function/);
  match(await bind.locator(".looks .found").innerText(), /libprint\.so[\s\S]*bucket[\s\S]*its name is printf/);
  deepEqual(await axeFindings(tab), []);
  await follow(tab, bind.getByRole("link", { name: "Why printf?" }));
  match(await viewOf(tab, "why").locator(".answer").innerText(), /taken: \/libprint\.so, printf/);
});

// What a web server would send; scripts/page.mjs prints all of it. Where this fails, esbuild's metafile tells what a
// bundle has in it.
test("little is loaded before the page can be used, and not much more with library, linker and loader", () => {
  const size = (name: string): number => brotliCompressSync(readFileSync(join(repository, "dist/page", name))).length;
  const first = size("index.html") + size("app.js");
  ok(first <= 60_000, `${first} bytes`);
  const usual = first + size("worker.js");
  ok(usual <= 300_000, `${usual} bytes`);
  equal(SAMPLES.length, 8);
});

// scripts/page.mjs leaves areas of words out of each worker.
test("every problem that a worker can find has its words in it", () => {
  const codes = messageAreas.flatMap(({ table }) => Object.keys(table));
  for (const name of ["worker", "machines", "check", "run"]) {
    const text = readFileSync(join(repository, "dist/page", `${name}.js`), "utf8");
    const wordless = codes.filter((code) => text.includes(`"${code}"`) && !text.includes(`"${code}":{message:`));
    deepEqual(wordless, [], name);
  }
});
