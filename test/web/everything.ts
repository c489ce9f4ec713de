// Every view and part of the page, light and dark, looked at by axe-core and walked through by the Tab key; prints what either finds.
// `npm test` looks at a chosen few; this takes some minutes.
//
//   node build/test/web/everything.js                 # all; of dark the contrast, where nothing else can differ
//   node build/test/web/everything.js dark /load      # in dark, addresses that contain a word

import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { SAMPLES } from "../../web/samples/list.ts";
import { axeFindings, example, goTo, openPage, settled, startBrowser, viewOf } from "./browser.ts";

interface Visit {
  readonly files: readonly string[];
  /** The parts of each, its tabs, are visited too. */
  readonly hashes: readonly string[];
}

const OBJECTS = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"].map(example);

/** A program with its C library and dynamic linker, and a library of two versions. */
function compiled(scratch: string): readonly string[] {
  const make = (name: string, text: string, ...options: readonly string[]): string => {
    const { status, stderr } = spawnSync("gcc", [...options, "-x", "c", "-", "-o", name], {
      input: text,
      encoding: "utf8",
      cwd: scratch,
    });
    if (status !== 0) throw new Error(stderr);
    return join(scratch, name);
  };
  writeFileSync(join(scratch, "two.map"), "ONE { global: old; local: *; }; TWO { global: young; } ONE;\n");
  const named = (name: string): string =>
    realpathSync(spawnSync("gcc", [`-print-file-name=${name}`], { encoding: "utf8" }).stdout.trim());
  return [
    make("hello", '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n', "-g", "-Wl,-z,lazy"),
    make("libtwo.so", "void old(void) {}\nvoid young(void) {}\n", "-shared", "-Wl,--version-script=two.map"),
    named("libc.so.6"),
    named("ld-linux-x86-64.so.2"),
  ];
}

const visits = (scratch: string): readonly Visit[] => [
  { files: [], hashes: ["#/files", "#/anatomy", "#/link", "#/load", "#/bind", "#/check", "#/why"] },
  {
    files: OBJECTS,
    hashes: [
      "#/files",
      "#/anatomy",
      "#/anatomy/main.o?at=0x42",
      "#/anatomy/libwords.a",
      "#/anatomy/main.o/sizes?other=greeting.o",
      "#/link",
      "#/link?args=-o+x+main.o",
      "#/load//objects",
      "#/bind",
      "#/check",
      "#/why?about=link&name=main",
      "#/why?about=link&name=.text",
      "#/why?about=link&name=no-such-thing",
    ],
  },
  {
    files: compiled(scratch),
    hashes: [
      "#/files",
      "#/anatomy/hello",
      "#/anatomy/libtwo.so",
      "#/load/hello",
      "#/load/hello?env=LD_DEBUG%3Dall",
      "#/bind/hello/foreseen?name=puts&step=3",
      "#/bind/hello/executed?name=puts&step=6",
      "#/check?cell=hello%0Adebian%3A11",
      "#/why/hello?about=load&name=puts",
      "#/why/hello?about=load&name=libc.so.6",
    ],
  },
];

/** What the Tab key does not reach on its way around, and what only a mouse can press. */
async function unreached(tab: Page): Promise<string[]> {
  const CANDIDATES = `(() => {
    const words = (it) => it.tagName.toLowerCase() + " " + (it.getAttribute("aria-label") ?? it.textContent ?? "").trim().slice(0, 60);
    const seen = (it) => it.checkVisibility({ visibilityProperty: true }) && it.getBoundingClientRect().width > 0;
    const all = [...document.querySelectorAll("a[href], button:not(:disabled), input, select, textarea, summary, [tabindex='0']")];
    globalThis.candidates = all.filter((it) => it.tabIndex >= 0 && seen(it));
    const focusable = "a[href], button, input, select, textarea, summary, label, [tabindex]";
    const mouse = [...document.querySelectorAll("main *")].filter((it) =>
      getComputedStyle(it).cursor === "pointer" && it.closest(focusable) === null && it.closest("[aria-hidden='true']") === null);
    globalThis.reached = new Set();
    // From the start of the document.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    return [candidates.length, mouse.map((it) => "only by mouse: " + words(it))];
  })()`;
  const [count, onlyByMouse] = (await tab.evaluate(CANDIDATES)) as [number, string[]];
  for (let i = 0; i < count + 10; i++) {
    await tab.keyboard.press("Tab");
    const again = await tab.evaluate(`(() => {
      const it = document.activeElement;
      if (it === null || it === document.body) return reached.size > 0;
      const again = reached.has(it);
      reached.add(it);
      return again;
    })()`);
    if (again === true) break;
  }
  const missed = (await tab.evaluate(`candidates
    .filter((it) => it.isConnected && !reached.has(it))
    .map((it) => "not by keyboard: " + it.outerHTML.slice(0, 120))`)) as string[];
  return [...onlyByMouse.slice(0, 3), ...missed.slice(0, 3)];
}

/** The page's address with those of its parts. */
async function partsOf(tab: Page): Promise<readonly string[]> {
  const found = await tab.evaluate(
    `[...document.querySelectorAll("main nav.parts a, main .facts-parts a")].map((it) => it.getAttribute("href"))`,
  );
  return found as string[];
}

async function main(): Promise<number> {
  const scheme = process.argv.includes("dark") ? "dark" : "light";
  const words = process.argv.slice(2).filter((it) => it !== "light" && it !== "dark");
  const isWanted = (hash: string): boolean => words.length === 0 || words.some((word) => hash.includes(word));
  const scratch = mkdtempSync(join(tmpdir(), "solder-everything-"));
  const browser = await startBrowser();
  let looked = 0;
  let found = 0;
  const look = async (tab: Page, where: string): Promise<void> => {
    looked++;
    for (const line of [...(await axeFindings(tab)), ...(await unreached(tab))]) {
      found++;
      console.log(`${where}: ${line}`);
    }
  };
  try {
    for (const { files, hashes } of visits(scratch)) {
      const { tab, complaints } = await openPage(browser, { scheme, height: 700 });
      if (files.length > 0) {
        await viewOf(tab, "files").locator('input[type="file"]').first().setInputFiles(files);
        await settled(tab);
      }
      for (const base of hashes.filter(isWanted)) {
        await goTo(tab, base);
        const parts = await partsOf(tab);
        for (const hash of new Set([base, ...parts])) {
          await goTo(tab, hash);
          await look(tab, `${scheme} ${hash}`);
        }
      }
      for (const line of complaints) console.log(`${scheme} complaint: ${line}`);
      found += complaints.length;
      await tab.context().close();
    }
    for (const { id, title, begin } of SAMPLES.filter(({ begin }) => isWanted(begin))) {
      const { tab } = await openPage(browser, { scheme, height: 700 });
      await viewOf(tab, "files").getByRole("button", { name: title }).click();
      await settled(tab);
      await look(tab, `${scheme} sample ${id} ${begin}`);
      await tab.context().close();
    }
  } finally {
    await browser.close();
    rmSync(scratch, { recursive: true });
  }
  console.log(`${looked} views looked at, ${found} findings`);
  return found === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith("everything.js") === true) process.exitCode = await main();
