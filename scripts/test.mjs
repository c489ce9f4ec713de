// The one test command: build, install what the tests want from Debian where that is allowed, lint, run every test.
// Tests whose tools are missing are reported as skipped by name and reason; they never pass silently.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
};

run(process.execPath, ["scripts/build.mjs"]);
run(process.execPath, ["scripts/test-tools.mjs"]);
run(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "ci", "--diagnostic-level=warn", "."]);

const wanted = process.argv.slice(2);
const tests = readdirSync(join(root, "build/test"), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".test.js") && (wanted.length === 0 || wanted.some((word) => name.includes(word))))
  .sort()
  .map((name) => join("build/test", name));
run(process.execPath, ["--test", "--test-concurrency=2", ...tests]);
