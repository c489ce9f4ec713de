// The package as it would be published: its entry points resolve, with types, for the tools that people use.

import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository, scratch } from "./support/build.ts";
import { run, tool } from "./support/run.ts";
import { needs } from "./support/tools.ts";

const directory = scratch("package");
const modules = (path: string): string => join(repository, "node_modules", path);

/** Packed without its scripts: a build in the middle of a test run would pull the linker from under the other tests. */
const [packed] = JSON.parse(
  tool("npm", ["pack", "--silent", "--ignore-scripts", "--json", "--pack-destination", directory], { cwd: repository }),
) as [{ filename: string; files: { path: string }[] }];
const tarball = join(directory, packed.filename);

const publint = modules("publint/src/cli.js");

test("publint has nothing to say", needs(publint), () => {
  const { status, stdout, stderr } = run(process.execPath, [publint, "run", "--strict", tarball]);
  equal(status, 0, stdout + stderr);
  match(stdout, /All good/);
});

const attw = modules("@arethetypeswrong/cli/dist/index.js");

test("are the types wrong? No, for ESM as Node and bundlers resolve it", needs(attw), () => {
  const { status, stdout, stderr } = run(process.execPath, [attw, tarball, "--profile", "esm-only"]);
  equal(status, 0, stdout + stderr);
});

test("it holds the library, the command and the drop-in linker, and neither tests nor sources of others", () => {
  const paths = packed.files.map(({ path }) => path);
  for (const wanted of [
    "dist/index.js",
    "dist/index.d.ts",
    "dist/commands/ld.cjs",
    "dist/commands/help.cjs",
    "bin/solder.js",
    ...["ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold"].flatMap((name) => [`libexec/${name}`, `libexec/plain/${name}`]),
  ]) {
    equal(paths.includes(wanted), true, `${wanted} is missing`);
  }
  deepEqual(
    paths.filter((path) => !/^(dist|bin|libexec)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path)),
    [],
  );
});

test("every entry point can be imported where the package is installed", () => {
  const project = join(directory, "project");
  mkdirSync(join(project, "node_modules"), { recursive: true });
  tool("tar", ["xf", tarball, "-C", directory]);
  symlinkSync(join(directory, "package"), join(project, "node_modules/solder"));
  const { exports, dependencies } = JSON.parse(readFileSync(join(directory, "package/package.json"), "utf8")) as {
    exports: Record<string, unknown>;
    dependencies?: Record<string, string>;
  };
  deepEqual(dependencies ?? {}, {}, "the core has no run-time dependency");
  const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
  const names = entries.map((entry) => entry.replace(/^\./, "solder"));
  writeFileSync(
    join(project, "main.mjs"),
    names.map((name) => `console.log(Object.keys(await import("${name}")).length > 0, "${name}");\n`).join(""),
  );
  equal(tool(process.execPath, ["main.mjs"], { cwd: project }), names.map((name) => `true ${name}\n`).join(""));
  equal(existsSync(join(directory, "package/dist/link/index.d.ts")), true);
});
