// `solder view`: the server, gone when the page is closed, and the page with everything in it, opened from disk.

import { equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { repository } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";
import { browserNeeded, example, follow, goTo, PAGE, settled, testWindow, viewOf } from "./browser.ts";

const open = testWindow();

const solder = join(repository, "bin/solder.js");
const NAMES = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];

test("what is on the screen before the program has begun is what the program shows", browserNeeded, async () => {
  const tab = await open();
  const html = JSON.stringify(readFileSync(fileURLToPath(PAGE), "utf8"));
  await tab.evaluate(`globalThis.first = new DOMParser().parseFromString(${html}, "text/html")`);
  for (const part of [".brand", "nav", ".files-head h1", ".files-head .lead"]) {
    const before = await tab.evaluate(`first.querySelector(${JSON.stringify(part)}).textContent`);
    equal(before, await tab.locator(part).textContent(), part);
  }
});

test("an exported page is opened from disk, with its files", browserNeeded, async () => {
  const at = folder("export");
  const page = join(at.path, "page.html");
  const { status, stderr } = run(process.execPath, [solder, "view", "--export", page, ...NAMES.map(example)]);
  equal(status, 0, stderr);
  const tab = await open({ url: pathToFileURL(page).href });
  equal(await viewOf(tab, "files").locator(".card").count(), 5);
  await follow(tab, tab.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Link", exact: true }));
  equal(await viewOf(tab, "link").getByRole("heading", { level: 1 }).innerText(), "✓ linked");
});

test("a record opens as the link that it records", browserNeeded, async () => {
  const at = folder("record-page");
  const record = join(at.path, "link.solder");
  const inputs = NAMES.filter((name) => name !== "libwords.a").map(example);
  run(process.execPath, [solder, "ld", "-o", join(at.path, "prog"), `--explain=${record}`, ...inputs]);
  const page = join(at.path, "page.html");
  equal(run(process.execPath, [solder, "view", "--export", page, record]).status, 0);
  const tab = await open({ url: pathToFileURL(page).href });
  equal(await viewOf(tab, "link").getByRole("heading", { level: 1 }).innerText(), "✕ not linked");
  match(await viewOf(tab, "link").locator(".problems").innerText(), /undefined reference to `word'/);
});

test("a record's variables take part in its link", browserNeeded, async () => {
  const at = folder("record-variables");
  const record = join(at.path, "link.solder");
  const words = [
    "ld",
    "-shared",
    "-o",
    "libprint.so",
    `--explain=${record}`,
    join(repository, "examples/samples/print.o"),
  ];
  run(process.execPath, [solder, ...words], { env: { ...process.env, LD_RUN_PATH: "/from/variable" }, cwd: at.path });
  const page = join(at.path, "page.html");
  equal(run(process.execPath, [solder, "view", "--export", page, record]).status, 0);
  const tab = await open({ url: pathToFileURL(page).href });
  await follow(tab, viewOf(tab, "link").getByRole("button", { name: "Look into it" }));
  await goTo(tab, "/anatomy/libprint.so/dynamic");
  match(await viewOf(tab, "anatomy").locator(".rows").innerText(), /\/from\/variable/);
});

test("the server has a secret in its address, and ends when the page is closed", browserNeeded, async () => {
  const server = spawn(process.execPath, [solder, "view", "--no-open", example("main.o")], { stdio: "pipe" });
  const ended = once(server, "exit");
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const url = String(line).trim();
  match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\da-f]{32}\/$/);
  const status = async (at: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(at, { headers })).status;
  equal(await status(new URL("/", url).href), 404);
  equal(await status(url.replace(/[\da-f]{32}/, "0".repeat(32))), 404);
  equal(await status(`${url}file/7`), 404);
  equal(await status(`${url}../package.json`), 404);
  const tab = await (await open()).context().newPage();
  await tab.goto(url);
  await settled(tab);
  match(await viewOf(tab, "anatomy").locator(".file-head").innerText(), /relocatable object/);
  await tab.close();
  const [code] = (await ended) as [number];
  equal(code, 0);
});
