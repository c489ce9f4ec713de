// The one test command: build, install what the tests want from Debian where that is allowed, lint, run every test.
// Tests whose tools are missing are skipped, and listed by reason and name when all is done; they never pass silently. What
// failed is listed last, with its reason: the end of a long output is what is kept of it.
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

const list = join(root, "build/outcomes.jsonl");
const { status, error } = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-concurrency=2",
    `--test-reporter=${process.stdout.isTTY ? "spec" : "tap"}`,
    "--test-reporter-destination=stdout",
    `--test-reporter=${join(root, "scripts/outcome-reporter.mjs")}`,
    `--test-reporter-destination=${list}`,
    ...tests,
  ],
  { cwd: root, stdio: "inherit", env },
);
server("status");
server("stop");
rmSync(runtime, { recursive: true, force: true });
if (error) throw error;
const outcomes = readFileSync(list, "utf8")
  .split("\n")
  .filter((it) => it !== "")
  .map((it) => JSON.parse(it));
tellSkipped(outcomes.filter(({ failed }) => failed === undefined));
tellFailed(outcomes.filter(({ failed }) => failed !== undefined));
process.exitCode = status ?? 1;

/** A test's file, as `npm test` takes it, and its name. */
function told({ file, name }) {
  return file === "" ? name : `${relative(join(root, "build"), file).replace(/\.js$/, "")}: ${name}`;
}

/** What did not run here, by reason and name: a green run of half the tests must not look like one of all. */
function tellSkipped(skipped) {
  const byReason = new Map();
  for (const test of skipped) {
    const tests = byReason.get(test.reason) ?? [];
    byReason.set(test.reason, tests);
    tests.push(told(test));
  }
  for (const [reason, names] of [...byReason].sort(([, a], [, b]) => b.length - a.length)) {
    console.log(`\nskipped, ${reason} (${names.length} test${names.length === 1 ? "" : "s"}):`);
    for (const name of names) console.log(`  ${name}`);
  }
}

function tellFailed(failed) {
  if (failed.length > 0) console.log(`\nfailed (${failed.length}):`);
  for (const test of failed) {
    console.log(`  ${told(test)}`);
    for (const line of test.failed.split("\n").slice(0, 12)) console.log(`    ${line}`);
  }
}
