// scripts/test-tools.mjs installs what the tests ask for: a tool that is in no package of its table would be missing on every
// new machine, and its tests skipped there.

import { deepEqual, equal, match } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "./build.ts";
import { folder } from "./folder.ts";
import { run, tool } from "./run.ts";

const listed = Object.values(
  JSON.parse(tool(process.execPath, ["scripts/test-tools.mjs", "--list"], { cwd: repository })) as Record<
    string,
    readonly string[]
  >,
).flat();

const sources = ["test", "bench"]
  .flatMap((directory) =>
    readdirSync(join(repository, directory), { recursive: true }).map((file) => join(directory, String(file))),
  )
  .filter((file) => file.endsWith(".ts") && !file.endsWith("tools.test.ts"))
  .map((file) => ({ file, text: readFileSync(join(repository, file), "utf8") }));

/** Of every Linux machine, or of this one's Node: nothing to install. */
const GIVEN =
  /^(\/(proc|etc|dev|sys)\/|\/bin\/|\/usr\/bin\/env$|\/lib64\/|\/usr\/lib\/[\w-]+$|(tar|chroot|mkfifo|mknod|npm|apt-get|cat|cp)$)/;

/** What a file asks for by name: in needs(…), which(…), lists named `tools` or JUDGES, and behind eachTarget's body. */
function askedFor(text: string): string[] {
  const places = [
    ...text.matchAll(/\b(?:needs|needsToRun)\(([^()]*)\)/g),
    ...text.matchAll(/\bwhich\(("[^"]*")\)/g),
    ...text.matchAll(/\b(?:tools: |JUDGES[^=\n]* = )\[([^\]]*)\]/g),
    ...text.matchAll(/^\}, ((?:"[^"]*"(?:, )?)+)\);$/gm),
  ];
  return places.flatMap(([, words]) => [...words.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
}

test("every tool that a test asks for comes with a package of scripts/test-tools.mjs", () => {
  const known = new Set(listed);
  const missing = sources.flatMap(({ file, text }) =>
    askedFor(text).flatMap((name) => (known.has(name) || GIVEN.test(name) ? [] : [`${name} (${file})`])),
  );
  deepEqual([...new Set(missing)], []);
});

test("and every tool of the table is one that a test asks for", () => {
  const all = sources.map(({ text }) => text).join("\n");
  const isAsked = (name: string): boolean =>
    all.includes(`"${name}"`) || (name.startsWith("/") && all.includes(name.slice(name.lastIndexOf("/"))));
  deepEqual(
    listed.filter((name) => !isAsked(name)),
    [],
  );
});

test("a tool in none of them is noticed", () => {
  deepEqual(askedFor('test("x", needs("gcc", "no-such-tool"), () => {});'), ["gcc", "no-such-tool"]);
  deepEqual(askedFor('eachTarget("x", (target) => {\n}, "ld.other");'), ["ld.other"]);
  deepEqual(askedFor('const it = which("lld-99");'), ["lld-99"]);
});

test("the reporter behind npm test's last lines names what was skipped or failed, and why", () => {
  const at = folder("outcomes");
  at.write(
    "outcomes.test.mjs",
    `import { test } from "node:test";
test("of a name", { skip: "needs a tool" }, () => {});
test("that passes", () => {});
test("that fails", () => { throw new Error("it is wrong"); });
`,
  );
  const reporter = join(repository, "scripts/outcome-reporter.mjs");
  const { stdout } = run(process.execPath, ["--test", `--test-reporter=${reporter}`, "outcomes.test.mjs"], {
    cwd: at.path,
  });
  const lines = stdout.trim().split("\n");
  equal(lines.length, 2);
  match(lines[0], /^\{"reason":"needs a tool","name":"of a name","file":".*outcomes\.test\.mjs"\}$/);
  match(lines[1], /^\{"failed":"Error: it is wrong\\n.*","name":"that fails","file":".*outcomes\.test\.mjs"\}$/);
});
