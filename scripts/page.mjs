// Builds the page into dist/page: `index.html`, which shows something before any program is there; `app.js`, the frame and all views;
// and the parts that come later, each a script that leaves its text or data in `solderParts` (web/client/parts.ts says why). Needs no
// compiler and no network.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist/page");

/**
 * esbuild writes a constant's number in place of its name only where no import could read it too early. Numbers depend on nothing, so
 * those of a module go to one of their own that imports nothing.
 */
const numbersApart = {
  name: "numbers-apart",
  setup({ onLoad, onResolve }) {
    const modules = new Map();
    onLoad({ filter: /\/(src|web)\/.*\.tsx?$/, namespace: "file" }, ({ path }) => {
      const [all, exported, numbers] = [[], [], []];
      const text = readFileSync(path, "utf8").replace(NUMBER, (_, isExported, name, value) => {
        all.push(name);
        if (isExported !== undefined) exported.push(name);
        numbers.push(`export const ${name} = ${value};`);
        return "";
      });
      const from = `from ${JSON.stringify(`numbers:${path}`)};`;
      const lines = [`import { ${all} } ${from}`, `export { ${exported} } ${from}`];
      modules.set(path, numbers.join("\n"));
      return {
        contents: numbers.length === 0 ? text : `${lines.join("\n")}\n${text}`,
        loader: path.endsWith("x") ? "tsx" : "ts",
      };
    });
    onResolve({ filter: /^numbers:/ }, ({ path }) => ({ path: path.slice("numbers:".length), namespace: "numbers" }));
    onLoad({ filter: /./, namespace: "numbers" }, ({ path }) => ({ contents: modules.get(path), loader: "js" }));
  },
};
const NUMBER = /^(export )?const (\w+)(?:: number)? = (-?[\d_]+|-?0x[\da-f_]+|1 << \d+|1e\d+);$/gm;

/** The text of one bundle. */
async function bundle(entry, { plugins = [], ...options } = {}) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: ["chrome123", "firefox120", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    // One character of another alphabet, and the browser keeps (and reads) the whole text in 16 bits a character.
    charset: "ascii",
    logLevel: "warning",
    plugins: [...plugins, numbersApart],
    ...options,
  });
  return outputFiles[0].text;
}

/**
 * Names given anew by how often they stand in the whole text: compressed, a fortieth less than as esbuild gives them. It takes a third of the
 * time that all bundles take, so only what everybody loads is worth it.
 */
async function renamed(text) {
  const { code } = await minify(text, { ecma: 2022, compress: false, mangle: { toplevel: true } });
  return code;
}

/** A script that leaves a value under a name. In a page, `</script` would end it. */
const part = (name, value) =>
  `solderParts[${JSON.stringify(name)}]=${literal(value).replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--")};`;

/** A text is read twice as fast between quotes as between backquotes, and code is shortest between single ones. */
function literal(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  return `'${value
    .replace(/[\\']/g, (it) => `\\${it}`)
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")}'`;
}

/** iced-x86 reads its WebAssembly from a file when it is loaded; here it is handed in. */
const handedIn = {
  name: "handed-in",
  setup({ onLoad }) {
    onLoad({ filter: /iced_x86\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8").replace("const { TextDecoder, TextEncoder } = require(`util`);", "");
      const end = text.lastIndexOf("const path = require('path')");
      if (end < 0) throw new Error(`${path} is not as expected`);
      const begin =
        "module.exports.begin = (bytes) => { wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports; };";
      return { contents: text.slice(0, end) + begin, loader: "js" };
    });
  },
};

/** Words of problems that a worker never has: of the other workers'. */
const withoutMessages = (...areas) => ({
  name: "without-messages",
  setup({ onLoad }) {
    const filter = new RegExp(`explain/messages/(${areas.join("|")})\\.ts$`);
    onLoad({ filter }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/(export const \w+)[\s\S]*/, "$1 = {};"),
      loader: "ts",
    }));
  },
});

/** What a link keeps for the next one is the server's affair; the page links anew. */
const withoutRelink = {
  name: "without-relink",
  setup({ onLoad }) {
    onLoad({ filter: /link\/relink\/relink\.ts$/ }, () => ({
      contents: "export const keepForRelink = () => 'not-kept'; export const relink = undefined;",
      loader: "ts",
    }));
  },
};

/** Rows of the other machines, a line each; and how many there are at least. */
const OTHER_ROWS = [
  [/src\/(arch|load\/machines)\/index\.ts$/, /aarch64|armel|arm\b|riscv64|ppc64le|loongarch64|s390x|mips64/i, 14],
  [/disassembly\/capstone-modes\.ts$/, /^ {2}\w+: \{ arch: /, 7],
  [/explain\/dump\/dynamic\.ts$/, /^ {2}(PPC64|RISCV|AARCH64|MIPS)_\w+: \[/, 10],
];

/** Most files are of x86. The other machines are in a worker that is started when such a file comes. */
const onlyX86 = {
  name: "only-x86",
  setup({ onLoad }) {
    for (const [filter, row, least] of OTHER_ROWS) {
      onLoad({ filter }, ({ path }) => {
        const lines = readFileSync(path, "utf8").split("\n");
        const kept = lines.filter((line) => !row.test(line));
        if (lines.length - kept.length < least) throw new Error(`${path} has no longer a machine a line`);
        return { contents: kept.join("\n"), loader: "ts" };
      });
    }
    onLoad({ filter: /elf\/names\/other-machines\.ts$/ }, () => ({
      contents: "export const OTHER_MACHINES = [];",
      loader: "ts",
    }));
    // The GOT that MIPS relocates without entries.
    onLoad({ filter: /load\/file\/got-entries\.ts$/ }, () => ({
      contents: "export const withGotEntries = (elf) => ({ elf, range: undefined });",
      loader: "ts",
    }));
  },
};

/** Packages that disassemble: x86's, and that of other machines. Undefined where they are not installed. */
async function disassembler(entry, wasm) {
  const path = join(root, "node_modules", wasm);
  if (!existsSync(path)) return undefined;
  const code = await bundle(entry, { plugins: [handedIn], external: ["node:fs", "node:path", "node:url"] });
  return { code, wasm: readFileSync(path).toString("base64") };
}

export async function buildPage() {
  const [app, first, style, worker, machines, check, run, x86, others, zstd] = await Promise.all([
    bundle("web/app/main.tsx"),
    bundle("web/style/first.css", { format: undefined }),
    bundle("web/style/page.css", { format: undefined }),
    bundle("web/worker/main.ts", { plugins: [withoutMessages("check", "run"), withoutRelink, onlyX86] }),
    bundle("web/worker/main.ts", { plugins: [withoutMessages("check", "run"), withoutRelink] }),
    bundle("web/check/main.ts", {
      plugins: [withoutMessages("run", "link", "layout", "script", "options", "objects")],
    }),
    bundle("web/run/main.ts", { plugins: [withoutMessages("check", "link", "layout", "script", "options"), onlyX86] }),
    disassembler("web/disassembly/x86.ts", "iced-x86/iced_x86_bg.wasm"),
    disassembler("web/disassembly/others.ts", "@alexaltea/capstone-js/dist/capstone.wasm"),
    existsSync(join(root, "node_modules/fzstd")) ? bundle("web/zstd/main.ts") : undefined,
  ]);
  const { samples } = await import("./samples.mjs");
  const template = readFileSync(join(root, "web/index.html"), "utf8").replace(/^ *(\/\/.*|<!-- biome.*)\n/gm, "");
  const html = template.replace("/*STYLE*/", () => first.trim());
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  // The page begins before this is there, and asks for it when it is.
  writeFileSync(join(out, "index.html"), html);
  // In parentheses, a function is compiled at once, not read over first.
  const styled = `document.head.appendChild(document.createElement("style")).textContent=${literal(style.trim())};`;
  const program = `${styled}${app.trim()}`.replaceAll("</script", "<\\/script");
  writeFileSync(join(out, "app.js"), `solderParts.app=(()=>{${program}});`);
  writeFileSync(join(out, "worker.js"), part("worker", await renamed(worker)));
  writeFileSync(join(out, "machines.js"), part("machines", machines));
  // With the symbol tables of C libraries.
  writeFileSync(join(out, "check.js"), part("check", check));
  writeFileSync(join(out, "run.js"), part("run", run));
  if (x86 !== undefined) writeFileSync(join(out, "x86.js"), part("x86", x86));
  if (others !== undefined) writeFileSync(join(out, "others.js"), part("others", others));
  if (zstd !== undefined) writeFileSync(join(out, "zstd.js"), part("zstd", { code: zstd, wasm: "" }));
  writeFileSync(join(out, "samples.js"), part("samples", await samples()));
}

/** What is loaded when, compressed as a web server would: bytes by file. */
export function pageSizes() {
  const names = readdirSync(out).sort();
  return new Map(names.map((name) => [name, brotliCompressSync(readFileSync(join(out, name))).length]));
}

/** What a person loads who looks at files, links and loads programs of x86. */
export const USUAL = ["index.html", "app.js", "worker.js"];

/** What of it is loaded before the page can be used; the first of them shows something already. */
export const FIRST = ["index.html", "app.js"];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // The samples are linked by the library.
  if (!existsSync(join(root, "dist/cli/ld/command-line.js"))) {
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { cwd: root });
  }
  await buildPage();
  const sizes = pageSizes();
  const kilo = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  for (const [name, bytes] of sizes) console.log(`${name.padEnd(12)} ${kilo(bytes).padStart(9)} compressed`);
  const sum = (names) => kilo(names.reduce((total, name) => total + sizes.get(name), 0));
  console.log(`before it can be used ${sum(FIRST)}; with the library ${sum(USUAL)}`);
  console.log("dist/page/index.html is the page: open it in a browser, or put the folder on any web server");
}
