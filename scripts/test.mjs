// The one test command: build, install what the tests want from Debian where that is allowed, lint, run every test.
// Tests whose tools are missing are skipped, and listed by reason and name when all is done; they never pass silently.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
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

// The tests link through a server of their own: most of the time would go to starting Node for each small link, and what it
// links has to be what the plain command links. SOLDER_SERVER=off tests the plain command.
const runtime = mkdtempSync(join(tmpdir(), "solder-test-"));
const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
const server = (...words) =>
  spawnSync(process.execPath, [join(root, "bin/solder.js"), "server", ...words], { stdio: "inherit", env });
if (process.env.SOLDER_SERVER !== "off") server("start", "--slots", "2", "--idle", "3600");

const list = join(root, "build/skipped.jsonl");
const { status, error } = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-concurrency=2",
    `--test-reporter=${process.stdout.isTTY ? "spec" : "tap"}`,
    "--test-reporter-destination=stdout",
    `--test-reporter=${join(root, "scripts/skipped-reporter.mjs")}`,
    `--test-reporter-destination=${list}`,
    ...tests,
  ],
  { cwd: root, stdio: "inherit", env },
);
server("status");
server("stop");
rmSync(runtime, { recursive: true, force: true });
if (error) throw error;
tellSkipped(readFileSync(list, "utf8"));
process.exitCode = status ?? 1;

/** What did not run here, by reason and name: a green run of half the tests must not look like one of all. */
function tellSkipped(lines) {
  const byReason = new Map();
  for (const line of lines.split("\n").filter((it) => it !== "")) {
    const { reason, name, file } = JSON.parse(line);
    const tests = byReason.get(reason) ?? [];
    byReason.set(reason, tests);
    tests.push(file === "" ? name : `${relative(join(root, "build"), file).replace(/\.js$/, "")}: ${name}`);
  }
  for (const [reason, names] of [...byReason].sort(([, a], [, b]) => b.length - a.length)) {
    console.log(`\nskipped, ${reason} (${names.length} test${names.length === 1 ? "" : "s"}):`);
    for (const name of names) console.log(`  ${name}`);
  }
}
