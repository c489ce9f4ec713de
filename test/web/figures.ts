// The page's figures, measured in Chromium: `node build/test/web/figures.js [ROUNDS] [paint] [hello] [beside] [scroll] [large]` after a
// build. Times are of this machine, under whatever else it does; each is a median with the shortest and longest. Beside them stand what
// an empty page takes, and the time for which the page's thread had a processor (from Chromium's trace): what is the machine's, and what ours.

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
const parts = process.argv.slice(3);
const out = join(repository, "dist/page");

function told(what: string, values: readonly number[], goal: string): void {
  const sorted = [...values].sort((a, b) => a - b);
  const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  const middle = sorted[sorted.length >> 1];
  console.log(`${what}: ${ms(middle)} (${ms(sorted[0])} to ${ms(sorted[sorted.length - 1])}, goal ${goal})`);
}

/** Of Chromium's trace: microseconds, those of `tdur` on a processor. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly documentLoaderURL?: string } };
}

/** What Chromium does meanwhile. */
async function traced(browser: Browser, tab: Page, work: () => Promise<void>): Promise<readonly TraceEvent[]> {
  await browser.startTracing(tab, { categories: ["toplevel", "loading", "blink.user_timing", "devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return traceEvents;
}

/** Milliseconds that the thread of two events had a processor between them. */
function busyBetween(events: readonly TraceEvent[], from: TraceEvent, to: TraceEvent): number {
  let sum = 0;
  let end = 0;
  for (const { pid, tid, name, ts, dur = 0, tdur = 0 } of events) {
    if (pid !== to.pid || tid !== to.tid || name !== "ThreadControllerImpl::RunTask") continue;
    // Tasks may lie in each other; a task that holds one of the two counts by its share.
    if (ts < end || ts + dur <= from.ts || ts >= to.ts || dur === 0) continue;
    end = ts + dur;
    sum += (tdur * (Math.min(end, to.ts) - Math.max(ts, from.ts))) / dur;
  }
  return sum / 1000;
}

/** From the request to the first thing on the screen, without a cache. */
async function firstPaint(browser: Browser): Promise<void> {
  const server = createServer((request, response) => {
    const name = request.url === "/" ? "index.html" : (request.url ?? "").slice(1);
    if (name === "empty.html") return void response.writeHead(200, { "content-type": "text/html" }).end("<p>empty");
    const path = join(out, name);
    if (!/^[\w.]+$/.test(name) || !existsSync(path)) return void response.writeHead(404).end();
    const type = name.endsWith(".html") ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8";
    response.writeHead(200, { "content-type": type }).end(readFileSync(path));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  for (const [what, path] of [
    ["first paint on localhost", ""],
    ["an empty page's", "empty.html"],
  ]) {
    const times: number[] = [];
    const busy: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const tab = await context.newPage();
      const events = await traced(browser, tab, async () => {
        await tab.goto(`http://127.0.0.1:${port}/${path}`);
        while ((await tab.evaluate(PAINTED)) === null) await new Promise((done) => setTimeout(done, 20));
      });
      times.push(Number(await tab.evaluate(PAINTED)));
      const painted = events.find(({ name }) => name === "firstContentfulPaint");
      // A picture that is SVG has a document, with a start, of its own.
      const begun = events.findLast(
        ({ name, pid, ts, args }) =>
          name === "navigationStart" &&
          pid === painted?.pid &&
          ts < painted.ts &&
          args?.data?.documentLoaderURL === tab.url(),
      );
      if (painted !== undefined && begun !== undefined) busy.push(busyBetween(events, begun, painted));
      await context.close();
    }
    told(what, times, path === "" ? "200 ms" : "none");
    if (busy.length > 0) told("  of them its thread's", busy, "none");
  }
  server.close();
}

const PAINTED = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null`;

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
  const files = PARTS.map(named);
  const { tab } = await openPage(browser);
  await give(tab, [object, ...files]);
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

/** Scrolls an element from end to end in 300 steps, a step a frame. */
const SCROLL = `(async () => {
  const element = document.querySelector(".scroller");
  const frames = [];
  const step = (element.scrollHeight - element.clientHeight) / 300;
  await new Promise((done) => requestAnimationFrame(done));
  let last = performance.now();
  performance.mark("frame");
  for (let i = 0; i < 300; i++) {
    element.scrollTop += step;
    await new Promise((done) => requestAnimationFrame(done));
    performance.mark("frame");
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames;
})()`;

/** Pauses between frames while something is scrolled, and for how much of them the page's thread had a processor. */
async function scrolled(browser: Browser, tab: Page, what: string): Promise<void> {
  let frames: number[] = [];
  const events = await traced(browser, tab, async () => {
    frames = (await tab.evaluate(SCROLL)) as number[];
  });
  const marks = events.filter(({ name, tid }) => name === "frame" && tid !== 0).sort((a, b) => a.ts - b.ts);
  const busy = marks.slice(1).map((mark, i) => busyBetween(events, marks[i], mark));
  const words = (times: readonly number[]): string => {
    const sorted = [...times].sort((a, b) => a - b);
    const over = sorted.filter((it) => it > 50).length;
    return `${sorted[sorted.length >> 1]?.toFixed(1)} ms (median), longest ${sorted.at(-1)?.toFixed(0)} ms, ${over} over 50 ms`;
  };
  console.log(`${what} scrolled in 300 steps: frames of ${words(frames)}`);
  console.log(`  of them the thread's: ${words(busy)}`);
}

/** A library of 100 MB: its symbols are scrolled from end to end. Beside it a list of the same height in which nothing happens. */
async function scroll(browser: Browser, library: string): Promise<void> {
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
  await scrolled(browser, tab, "its symbols");
  await tab.context().close();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const still = await context.newPage();
  await still.setContent(
    '<div class="scroller" style="height: 700px; overflow: auto"><div style="height: 989604px">nothing</div></div>',
  );
  await scrolled(browser, still, "an empty list");
  await context.close();
}

/** A file of 210 MB, from the choice to its card. */
async function large(browser: Browser, library: string, scratch: string): Promise<void> {
  const file = join(scratch, "large.so");
  copyFileSync(library, file);
  truncateSync(file, Math.max(statSync(library).size, 210_000_000));
  const small = join(scratch, "small.o");
  copyFileSync(named("crti.o"), small);
  for (const [what, path] of [
    [`a file of ${Math.round(statSync(file).size / 1e6)} MB opened, from the choice to its card`, file],
    ["a file of 1 kB", small],
  ]) {
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const { tab } = await openPage(browser);
      times.push(await give(tab, [path]));
      await tab.context().close();
    }
    told(what, times, path === file ? "1000 ms" : "none");
  }
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
  const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const library = LIBRARIES.find((path) => existsSync(path));
  try {
    if (isWanted("paint")) await firstPaint(browser);
    if (isWanted("hello") || isWanted("beside")) await hello(browser, scratch);
    if (isWanted("beside")) await beside(scratch);
    if (library === undefined) console.log("there is no libLLVM here to open");
    if (library !== undefined && isWanted("scroll")) await scroll(browser, library);
    if (library !== undefined && isWanted("large")) await large(browser, library, scratch);
  } finally {
    await browser.close();
    rmSync(scratch, { recursive: true });
  }
}
