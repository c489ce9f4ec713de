// The page's figures, measured in Chromium: `node build/test/web/figures.js [ROUNDS]` after a build. Times are of this machine, under
// whatever else it does; each is a median with the shortest and longest.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { repository } from "../support/build.ts";
import { openPage, settled, startBrowser, viewOf } from "./browser.ts";

const rounds = Number(process.argv[2] ?? 7);
const out = join(repository, "dist/page");

function told(what: string, values: readonly number[], goal: string): void {
  const sorted = [...values].sort((a, b) => a - b);
  const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  const middle = sorted[sorted.length >> 1];
  console.log(`${what}: ${ms(middle)} (${ms(sorted[0])} to ${ms(sorted[sorted.length - 1])}, goal ${goal})`);
}

/** From the request to the first thing on the screen, without a cache. */
async function firstPaint(browser: Browser): Promise<void> {
  const server = createServer((request, response) => {
    const name = request.url === "/" ? "index.html" : (request.url ?? "").slice(1);
    const path = join(out, name);
    if (!/^[\w.]+$/.test(name) || !existsSync(path)) return void response.writeHead(404).end();
    const type = name.endsWith(".html") ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8";
    response.writeHead(200, { "content-type": type }).end(readFileSync(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const { tab } = await openPage(browser, { url: `http://127.0.0.1:${port}/` });
    times.push(
      Number(await tab.evaluate(`performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN`)),
    );
    await tab.context().close();
  }
  server.close();
  told("first paint on localhost", times, "200 ms");
}

async function give(tab: Page, paths: readonly string[]): Promise<number> {
  const started = performance.now();
  await viewOf(tab, "files")
    .locator('input[type="file"]')
    .first()
    .setInputFiles([...paths]);
  await settled(tab);
  return performance.now() - started;
}

/** What gcc links hello.o with; libc.so.6 needs the last. */
const PARTS = [
  "Scrt1.o",
  "crti.o",
  "crtbeginS.o",
  "libc.so.6",
  "libc_nonshared.a",
  "crtendS.o",
  "crtn.o",
  "ld-linux-x86-64.so.2",
];
const ORDER = [...PARTS.slice(0, 3), "hello.o", ...PARTS.slice(3, 5), "--as-needed", PARTS[7], ...PARTS.slice(5, 7)];

const named = (name: string): string =>
  spawnSync("gcc", [`-print-file-name=${name}`], { encoding: "utf8" }).stdout.trim();

/** hello world against the C library, as gcc links it; from the change of the command line to the outcome on the screen. */
async function hello(browser: Browser, scratch: string): Promise<void> {
  const object = join(scratch, "hello.o");
  spawnSync("gcc", ["-c", "-x", "c", "-", "-o", object], {
    input: '#include <stdio.h>\nint main(void) { puts("hello"); }\n',
  });
  const parts = PARTS.map(named);
  const { tab } = await openPage(browser);
  await give(tab, [object, ...parts]);
  const shown: number[] = [];
  const linked: number[] = [];
  for (let i = 0; i <= rounds; i++) {
    const args = `-pie -dynamic-linker /lib64/ld-linux-x86-64.so.2 -o program${i} ${ORDER.join(" ")}`;
    const took = await tab.evaluate(`(async () => {
      const started = performance.now();
      location.hash = ${JSON.stringify(`/link?args=${encodeURIComponent(args)}`)};
      const main = document.getElementById("main");
      while (main.dataset.at !== location.hash || main.getAttribute("aria-busy") !== "false")
        await new Promise((done) => setTimeout(done, 1));
      return performance.now() - started;
    })()`);
    const words = await viewOf(tab, "link").locator(".load-head").innerText();
    if (!words.includes("✓ linked")) throw new Error(words);
    // The first compiles the linker.
    if (i === 0) console.log(`hello linked the first time: ${Math.round(Number(took))} ms to the screen`);
    else {
      shown.push(Number(took));
      linked.push(Number(/in ([\d.]+) ms/.exec(words)?.[1]));
    }
  }
  told("hello linked in the page", linked, "100 ms");
  told("hello linked, to the outcome on the screen", shown, "100 ms");
  await tab.context().close();
}

/** The longest pauses between frames while the table is scrolled from end to end. */
async function scroll(browser: Browser, library: string, scratch: string): Promise<void> {
  const { tab } = await openPage(browser);
  const opened = await give(tab, [library]);
  console.log(`${library}, ${Math.round(statSync(library).size / 1e6)} MB, opened: ${Math.round(opened)} ms`);
  await tab.evaluate(
    `location.hash = ${JSON.stringify(`/anatomy/${encodeURIComponent(library.slice(library.lastIndexOf("/") + 1))}/dynamic-symbols`)}`,
  );
  const started = performance.now();
  await settled(tab);
  console.log(
    `its symbols shown: ${Math.round(performance.now() - started)} ms; ${await viewOf(tab, "anatomy").locator(".count").innerText()}`,
  );
  const frames = (await tab.evaluate(`(async () => {
    const element = document.querySelector(".scroller");
    const frames = [];
    let last = performance.now();
    const step = (element.scrollHeight - element.clientHeight) / 300;
    for (let i = 0; i < 300; i++) {
      element.scrollTop += step;
      await new Promise((done) => requestAnimationFrame(done));
      const now = performance.now();
      frames.push(now - last);
      last = now;
    }
    return frames;
  })()`)) as number[];
  frames.sort((a, b) => a - b);
  const over = frames.filter((it) => it > 50).length;
  console.log(
    `scrolled through in 300 steps: frames of ${frames[150].toFixed(1)} ms (median), longest ${Math.round(frames[299])} ms, ${over} over 50 ms (goal 0)`,
  );
  await tab.context().close();
  const large = join(scratch, "large.so");
  copyFileSync(library, large);
  truncateSync(large, Math.max(statSync(library).size, 210_000_000));
  const times: number[] = [];
  for (let i = 0; i < Math.min(rounds, 5); i++) {
    const { tab: other } = await openPage(browser);
    times.push(await give(other, [large]));
    await other.context().close();
  }
  told(`a file of ${Math.round(statSync(large).size / 1e6)} MB opened, from the choice to its card`, times, "1000 ms");
}

/** lld in WebAssembly from npm, in a directory of its own: how long it takes to start and to link the same hello. */
async function beside(scratch: string): Promise<void> {
  const installed = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", scratch, "@yowasp/clang"], {
    encoding: "utf8",
    timeout: 180_000,
  });
  if (installed.status !== 0) {
    console.log("@yowasp/clang cannot be installed here: nothing to compare with");
    return;
  }
  const script = `
    const started = performance.now();
    const { runLLVM } = await import(${JSON.stringify(join(scratch, "node_modules/@yowasp/clang/gen/bundle.js"))});
    const { readFileSync } = await import("node:fs");
    const files = {};
    for (const path of ${JSON.stringify(PARTS.map(named))})
      files[path.slice(path.lastIndexOf("/") + 1)] = new Uint8Array(readFileSync(path));
    files["hello.o"] = new Uint8Array(readFileSync(${JSON.stringify(join(scratch, "hello.o"))}));
    for (let i = 0; i < ${rounds + 1}; i++) {
      const begin = performance.now();
      let said = "";
      const told = (bytes) => { said += bytes === null ? "" : new TextDecoder().decode(bytes); };
      await runLLVM(["ld.lld", "-pie", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", "-o", "program", ...${JSON.stringify(ORDER)}], files, { stdout: told, stderr: told, synchronously: false });
      console.log(i === 0 ? "start " + (performance.now() - started) : "link " + (performance.now() - begin));
    }`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 300_000,
  });
  if (status !== 0) {
    console.log(
      `@yowasp/clang: no ELF linker to compare with: ${stderr.trim().split("\n").slice(-6).join(" | ").slice(0, 600)}`,
    );
    return;
  }
  const numbers = (word: string): number[] =>
    [...stdout.matchAll(new RegExp(`^${word} ([\\d.]+)`, "gm"))].map(([, it]) => Number(it));
  told("@yowasp/clang's lld, first link with start", numbers("start"), "none");
  told("@yowasp/clang's lld, further links", numbers("link"), "none");
}

const LIBRARIES = ["/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", "/usr/lib/x86_64-linux-gnu/libLLVM-15.so.1"];

if (process.argv[1]?.endsWith("figures.js") === true) {
  const scratch = mkdtempSync(join(tmpdir(), "solder-figures-"));
  const browser = await startBrowser();
  try {
    await firstPaint(browser);
    await hello(browser, scratch);
    await beside(scratch);
    const library = LIBRARIES.find((path) => existsSync(path));
    if (library === undefined) console.log("there is no libLLVM here to open");
    else await scroll(browser, library, scratch);
  } finally {
    await browser.close();
    rmSync(scratch, { recursive: true });
  }
}
