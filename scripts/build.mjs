// Builds everything a checkout needs: the library (dist/, file by file with declarations), the tests (build/), and the
// bundled command that bin/solder.js and libexec/ld start. Installs the locked packages first when they are missing.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: "inherit" });

if (!existsSync(join(root, "node_modules/typescript"))) run("npm", ["ci", "--no-audit", "--no-fund"]);

const tsc = join(root, "node_modules/typescript/bin/tsc");
run(process.execPath, [tsc, "-p", "tsconfig.build.json"]);
run(process.execPath, [tsc, "-p", "tsconfig.json"]);

const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/command.cjs",
  bundle: true,
  platform: "node",
  // Node starts a CommonJS program 7 ms sooner than a module: a fifth of what a small link takes.
  format: "cjs",
  define: { "import.meta.url": "__filename" },
  target: "node20",
  packages: "external",
  minifySyntax: true,
  logLevel: "warning",
});
