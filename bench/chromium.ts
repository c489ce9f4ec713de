// How long programs take in the page: from the question to the answer in a new worker of Chromium's, as somebody who presses Run
// waits, and how long the page itself does not answer meanwhile.
//
//   node build/bench/chromium.js [ROUNDS]      after a build, and `npm run page`

import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { nodeLoadFiles } from "../src/host/load-files.ts";
import { load, loadCache, profileOf } from "../src/load/index.ts";
import { openPage, startBrowser } from "../test/web/browser.ts";

interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  readonly says: RegExp;
  /** Seconds that issue 10 asks for. */
  readonly goal: number;
}

/** The program, its loader and its libraries: by the path where they are looked for. */
function filesOf(program: string): string[] {
  const options = { profile: profileOf("glibc", [2, 36]), environment: {}, currentDirectory: "/", secure: false };
  const result = load(program, { ...options, hwcaps: [], platform: "x86_64" }, loadCache(nodeLoadFiles()));
  if (!result.loaded) throw new Error(result.problem.code);
  return [
    ...new Set([program, "/lib64/ld-linux-x86-64.so.2", ...result.process.objects.map(({ name }) => name)]),
  ].filter((path) => path.startsWith("/"));
}

interface Measured {
  /** Milliseconds from the question to the answer, with a new worker that has not run anything. */
  readonly waited: number;
  /** The longest that the page did nothing else meanwhile. */
  readonly still: number;
  readonly text: string;
}

/** In the page: a worker as the page makes one, files, and the question. */
const ASK = `async ({ paths, program, args }) => {
  const files = [...document.getElementById("bench-files").files];
  if (globalThis.solderParts?.run === undefined) {
    const script = document.createElement("script");
    script.src = "run.js";
    await new Promise((done) => { script.onload = done; document.head.append(script); });
  }
  const url = URL.createObjectURL(new Blob([globalThis.solderParts.run], { type: "text/javascript" }));
  const worker = new Worker(url);
  const ask = (id, question, ask) => new Promise((done, fail) => {
    const take = ({ data }) => {
      if (data.id !== id || "progress" in data) return;
      worker.removeEventListener("message", take);
      if ("failed" in data) fail(new Error(data.failed));
      else done(data.answer);
    };
    worker.addEventListener("message", take);
    worker.postMessage({ id, question, ask });
  });
  await ask(1, "add", { files: files.map((contents, n) => ({ path: paths[n], contents })) });
  let still = 0, last = performance.now();
  const ticks = setInterval(() => { const now = performance.now(); still = Math.max(still, now - last); last = now; }, 4);
  const begun = performance.now();
  const answer = await ask(2, "run", { program, args, environment: "" });
  const waited = performance.now() - begun;
  clearInterval(ticks);
  worker.terminate();
  return { waited, still, text: answer.output.map(({ text }) => text).join("") + answer.words };
}`;

async function measure(tab: Page, { argv, says }: Case): Promise<Measured> {
  const [program = "", ...args] = argv;
  const paths = filesOf(program);
  await tab.evaluate(`(() => {
    document.getElementById("bench-files")?.remove();
    const input = document.createElement("input");
    Object.assign(input, { type: "file", multiple: true, id: "bench-files" });
    document.body.append(input);
  })()`);
  await tab.locator("#bench-files").setInputFiles(paths.map((path) => realpathSync(path)));
  const measured = (await tab.evaluate(`(${ASK})(${JSON.stringify({ paths, program, args })})`)) as Measured;
  if (!says.test(measured.text)) throw new Error(`${program} said: ${measured.text}`);
  return measured;
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(2);

const rounds = Number(process.argv[2] ?? 5);
const directory = mkdtempSync(join(tmpdir(), "bench-chromium-"));
writeFileSync(join(directory, "hello.c"), '#include <stdio.h>\nint main(void) { puts("hello, world"); return 0; }\n');
execFileSync("gcc", ["-O2", "-o", "hello", "hello.c"], { cwd: directory });
const QUERY = "create table t(a, b); insert into t values (1, 2.5), (3, 4.5); select sum(a), avg(b) from t";
const cases: readonly Case[] = [
  { name: "hello, dynamic", argv: [join(directory, "hello")], says: /hello, world/, goal: 0.5 },
  { name: "sqlite3, a query", argv: ["/usr/bin/sqlite3", ":memory:", QUERY], says: /4\|3\.5/, goal: 5 },
];
const browser = await startBrowser();
try {
  const { tab } = await openPage(browser);
  console.log(`load ${loadavg()[0].toFixed(1)}, ${rounds} rounds\n`);
  console.log("| program | waited (shortest to longest), s | goal, s | page still at most, s |");
  console.log("|---|---:|---:|---:|");
  for (const one of cases) {
    const measured: Measured[] = [];
    for (let round = 0; round < rounds; round++) measured.push(await measure(tab, one));
    const waited = measured.map((it) => it.waited);
    const spread = `${seconds(middle(waited))} (${seconds(Math.min(...waited))} to ${seconds(Math.max(...waited))})`;
    const still = Math.max(...measured.map((it) => it.still));
    console.log(`| ${one.name} | ${spread} | ${one.goal} | ${seconds(still)} |`);
  }
} finally {
  await browser.close();
  rmSync(directory, { recursive: true });
}
