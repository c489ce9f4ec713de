// The first call of a function as it is executed, from the dynamic linker's first instruction on, in Chromium.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { repository } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { axeFindings, follow, giveFiles, goTo, press, testWindow, viewOf } from "./browser.ts";

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const needed = needs("chromium", "gcc", "/lib64/ld-linux-x86-64.so.2");

const open = testWindow(needed);
const at = folder("bind-page");
let files: { name: string; bytes: Uint8Array }[] = [];
before(async () => {
  if (needed.skip !== undefined) return;
  writeFileSync(
    join(at.path, "twice.c"),
    '#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("one"); puts("two"); return getpid() > 0 ? 3 : 4; }\n',
  );
  const built = run("gcc", ["-O1", "-Wl,-z,lazy", join(at.path, "twice.c"), "-o", join(at.path, "twice")]);
  equal(built.status, 0, built.stderr);
  // Where the loader finds the C library, it lies beside it.
  const libc = realpathSync(LOADER).replace(/[^/]+$/, "libc.so.6");
  const file = (name: string, path: string) => ({ name, bytes: new Uint8Array(readFileSync(path)) });
  files = [file("twice", join(at.path, "twice")), file("libc.so.6", libc), file("ld-linux-x86-64.so.2", LOADER)];
});

test(
  "puts is bound by the real dynamic linker: pushed index, hash words, slot; then it goes straight",
  needed,
  async () => {
    const tab = await open({ height: 700 });
    await giveFiles(tab, files);
    await goTo(tab, "/bind/twice?name=puts");
    const bind = viewOf(tab, "bind");
    const story = bind.getByRole("region", { name: "What is executed" });
    const text = await story.innerText();
    match(text, /the call; it goes back to 0x[\da-f]+, main\+0x/);
    match(text, /a jump through the slot 0x[\da-f]+, which holds 0x[\da-f]+, twice\+0x/);
    match(
      text,
      /what is pushed says which relocation[\s\S]*push \$0[\s\S]*GOT\[1\], the link_map[\s\S]*resolver, by GOT\[2\]/,
    );
    match(text, /_dl_fixup, with link_map 0x[\da-f]+ \(l_addr 0x[\da-f]+, l_name ""\) and index 0x0/);
    match(text, /twice: word \d+ of the Bloom filter[\s\S]*libc\.so\.6: bucket \d+ begins with symbol \d+/);
    match(text, /this writes the slot[\s\S]*the slot holds 0x[\da-f]+, puts of libc\.so\.6/);
    match(text, /Called again 1 instruction [\s\S]*puts of libc\.so\.6 is reached: straight/);
    // The machine at the moment of the write, and after it.
    const machine = bind.getByRole("region", { name: "The machine" });
    await follow(tab, story.locator("li", { hasText: "this writes the slot" }).getByRole("link"));
    match(await machine.locator(".slot").innerText(), /holds\s+0x[\da-f]+\s+twice\+0x/);
    await follow(tab, machine.getByRole("button", { name: "Step →" }));
    match(await machine.locator(".slot").innerText(), /holds\s+0x[\da-f]+\s+puts of libc\.so\.6/);
    await follow(tab, machine.getByRole("button", { name: "← Back" }));
    match(await machine.locator(".slot").innerText(), /holds\s+0x[\da-f]+\s+twice\+0x/);
    deepEqual(await axeFindings(tab), []);
    // Bound at start, and through a word of the GOT.
    await follow(tab, bind.getByRole("link", { name: /^With BIND_NOW/ }));
    match(await story.innerText(), /which holds 0x[\da-f]+, puts of libc\.so\.6[\s\S]*is reached: straight/);
    await follow(tab, bind.getByRole("link", { name: /^Through the GOT/ }));
    match(await story.innerText(), /twice calls __libc_start_main[\s\S]*call[\s\S]*is reached: straight/);
  },
);

test("any symbol is a breakpoint, and the program runs to its end with its output", needed, async () => {
  const tab = await open();
  await giveFiles(tab, files);
  await goTo(tab, "/bind/twice/executed?name=puts&step=0");
  const machine = viewOf(tab, "bind").getByRole("region", { name: "The machine" });
  match(await machine.locator(".moment").innerText(), /after 0 instructions: _?.*ld-linux-x86-64\.so\.2/);
  const breakpoints = machine.getByRole("textbox", { name: "Breakpoints: symbols or addresses" });
  await breakpoints.fill("main");
  await press(tab, machine.getByRole("button", { name: "Run to there" }));
  match(await machine.locator(".moment").innerText(), /: main of twice$/);
  await breakpoints.fill("write");
  await press(tab, machine.getByRole("button", { name: "Run to there" }));
  match(await machine.locator(".moment").innerText(), /: \w*write\w* of libc\.so\.6$/);
  await breakpoints.fill("");
  await press(tab, machine.getByRole("button", { name: "Run to the end" }));
  match(await machine.locator(".moment").innerText(), /it has exited with status 3$/);
  equal(await machine.locator(".output-text").innerText(), "one\ntwo\n");
});

test("a program that does not end is stopped, and the page goes on", needed, async () => {
  const built = run("gcc", ["-nostdlib", "-static", "-x", "c", "-", "-o", join(at.path, "forever")], {
    input: "void _start(void) { for (;;) ; }\n",
  });
  equal(built.status, 0, built.stderr);
  const tab = await open();
  await giveFiles(tab, [join(at.path, "forever")]);
  await goTo(tab, "/load/forever/run");
  await viewOf(tab, "load").getByRole("button", { name: "Run", exact: true }).click();
  const bar = tab.locator(".busy");
  await bar.getByText(/million instructions/).waitFor();
  await press(tab, bar.getByRole("button", { name: "Stop" }));
  match(await viewOf(tab, "load").innerText(), /It was stopped\./);
  await goTo(tab, "/anatomy/forever/symbols");
  match(await viewOf(tab, "anatomy").locator(".count").innerText(), /rows/);
});

test("what is called once is named, though the program ends behind it", needed, () => {
  const solder = join(repository, "bin/solder.js");
  const { stdout } = run(process.execPath, [solder, "load", "--call", "getpid", "--execute", join(at.path, "twice")]);
  match(
    stdout,
    /: push \$0x[\s\S]*the slot becomes 0x[\da-f]+ \(getpid of libc\.so\.6\)[\s\S]*It was not called again/,
  );
});
