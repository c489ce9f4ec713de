// Builds everything a checkout needs: the library (dist/, file by file with declarations), the tests (build/), and the
// bundled commands that bin/solder.js and libexec/ld start. Installs the locked packages first when they are missing.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { writeLinkerCache } from "./linker-cache.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: "inherit" });

const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const isMissing = Object.keys(devDependencies).some((name) => !existsSync(join(root, "node_modules", name)));
if (isMissing) run("npm", ["ci", "--no-audit", "--no-fund"]);

const tsc = join(root, "node_modules/typescript/bin/tsc");
// What each has compiled is noted beside it, so that it goes when the output goes; the next time takes a fifth of the work.
const compile = (project, output) =>
  run(process.execPath, [tsc, "-p", project, "--incremental", "--tsBuildInfoFile", `${output}/.tsbuildinfo`]);
compile("tsconfig.build.json", "dist");
compile("tsconfig.json", "build");
compile("web/tsconfig.json", "build/web");

// One bundle a command: a small link need not wait for the loader's code.
const commands = join(root, "dist/commands");
// A cache must never meet a bundle that it was not made from: V8 compares only their lengths.
rmSync(commands, { recursive: true, force: true });

const names = readdirSync(join(root, "src/cli/main"))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => name !== "start");

const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: names.map((name) => `src/cli/main/${name}.ts`),
  outdir: commands,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  // Node starts a CommonJS program 7 ms sooner than a module: a fifth of what a small link takes.
  format: "cjs",
  define: { "import.meta.url": "__filename" },
  target: "node20",
  packages: "external",
  // Text costs memory twice before it is compiled. Names stay: they are what a report of a crash has.
  minifySyntax: true,
  minifyWhitespace: true,
  // What Node would put around a CommonJS module. bin/solder.js would have to copy the whole text to do it.
  banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
  footer: { js: "})" },
  logLevel: "warning",
});

const { buildPage } = await import("./page.mjs");
await buildPage();

// What bin/solder.js starts from: every function compiled, not only those that run at once; of the linker those that links run. V8 takes a cache only under the
// flags under which it was written, so the linker's, which alone has any, comes last.
for (const name of names.filter((it) => it !== "ld")) writeCache(name);
createRequire(import.meta.url)("../bin/v8-flags.cjs").setFlags();
writeLinkerCache(root, commands);

run(process.execPath, [join(root, "scripts/client.mjs")]);

function writeCache(name) {
  const bundle = join(commands, `${name}.cjs`);
  setFlagsFromString("--no-lazy");
  const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle });
  setFlagsFromString("--lazy");
  writeFileSync(join(commands, `${name}.cache`), script.createCachedData());
}
