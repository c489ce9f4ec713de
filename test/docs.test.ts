// What a machine can check of the documents and of the layers that docs/architecture.md describes.

import { deepEqual, ok } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { repository } from "./support/build.ts";

const read = (path: string): string => readFileSync(join(repository, path), "utf8");

const documents = [
  "README.md",
  "CHANGELOG.md",
  "bench/README.md",
  ...readdirSync(join(repository, "docs")).map((name) => `docs/${name}`),
].filter((path) => path.endsWith(".md"));

/** A document's text without its blocks of code. */
const prose = (path: string): string => read(path).replace(/^```[\s\S]*?^```/gm, "");

/** `## Where it differs` is reached as `#where-it-differs`. */
function anchors(path: string): Set<string> {
  const headings = prose(path).matchAll(/^#+ +(.*)$/gm);
  return new Set(
    [...headings].map(([, title]) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("every relative link leads to a file, and to a heading in it", () => {
  const broken: string[] = [];
  for (const path of documents) {
    const links = prose(path)
      .replace(/`[^`\n]*`/g, "")
      .matchAll(/\]\(([^)\s]+)\)/g);
    for (const [, target] of links) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, anchor] = target.split("#");
      const found = file === "" ? path : join(dirname(path), file);
      const isThere = existsSync(join(repository, found)) && (anchor === undefined || anchors(found).has(anchor));
      if (!isThere) broken.push(`${path}: ${target}`);
    }
  }
  deepEqual(broken, []);
});

/** Files and folders of the repository as documents name them: `src/link/link.ts`, `src/explain/messages-*.ts`, `biome.json`. */
const NAMED = /`((?:src|web|test|docs|scripts|bench|bin|libexec)\/[\w.*/-]*|[\w-]+\.(?:json|md))`/g;

function exists(path: string): boolean {
  if (!path.includes("*")) return existsSync(join(repository, path));
  const [start, end] = basename(path).split("*");
  return readdirSync(join(repository, dirname(path))).some((name) => name.startsWith(start) && name.endsWith(end));
}

test("every file that a document names exists", () => {
  const written = documents.flatMap((path) => [...prose(path).matchAll(NAMED)].map(([, name]) => ({ path, name })));
  ok(written.length > 80, "the documents name files");
  deepEqual(
    written.filter(({ name }) => !exists(name)).map(({ path, name }) => `${path}: ${name}`),
    [],
  );
});

test("the table of passes in docs/architecture.md stands in the order of link.ts", () => {
  const section =
    read("docs/architecture.md")
      .split("\n## ")
      .find((text) => text.startsWith("The passes\n")) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  const passes = [...rows.join("\n").matchAll(/`(?:[\w-]+\/)*([\w-]+)\.ts`/g)].map(([, name]) => name);
  ok(passes.length > 20, "the table names the passes");
  const source = read("src/link/link.ts");
  const functions = new Map<string, string>();
  for (const [, names, file] of source.matchAll(/^import \{([^}]*)\} from "\.\/(?:[\w-]+\/)*([\w-]+)\.ts";$/gm)) {
    for (const name of names.split(",")) if (!/\btype\b/.test(name)) functions.set(name.trim(), file);
  }
  // layOut is called in a function of its own below.
  const body = source.slice(source.indexOf("export function link")).replace("settleLayout(", "layOut(");
  const called = [...body.matchAll(/\b(\w+)\(/g)]
    .map(([, name]) => functions.get(name))
    .filter((it) => it !== undefined);
  let at = 0;
  for (const pass of passes) {
    const next = called.indexOf(pass, at);
    ok(next >= 0, `link.ts does not call ${pass}.ts at this point`);
    at = next;
  }
});

/** Layer → what it may import. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  elf: [],
  demangle: [],
  arch: ["elf"],
  dwarf: ["elf", "arch"],
  link: ["elf", "arch", "dwarf", "demangle"],
  load: ["elf", "arch"],
  execute: ["elf", "arch", "load"],
  explain: ["elf", "arch", "dwarf", "demangle", "link", "load", "execute"],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typesOnly: boolean;
}

/** `import type { A } from "x"`, `export * from "x"`, `import "x"`, `import("x")`. */
const IMPORT =
  /(?:^(?:import|export)(?<types> type)? (?:\{[^}]*\}|[\w*]+(?: as \w+)?) from |^import |\bimport\()"(?<from>[^"]+)"/gm;

function importsOf(layer: string): Import[] {
  return sourcesOf(layer).flatMap((file) =>
    [...read(file).matchAll(IMPORT)].map(({ groups }) => {
      return { file, from: groups?.from ?? "", typesOnly: groups?.types !== undefined };
    }),
  );
}

function sourcesOf(layer: string): string[] {
  const names = readdirSync(join(repository, "src", layer), { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(".ts")).map((name) => join("src", layer, name));
}

for (const [layer, allowed] of Object.entries(LAYERS)) {
  test(`src/${layer} imports ${allowed.length === 0 ? "no other layer" : `only ${allowed.join(", ")}`}, and no package`, () => {
    const imports = importsOf(layer);
    ok(imports.length > 0, "imports were found");
    const wrong = imports.filter(({ file, from, typesOnly }) => {
      if (!from.startsWith(".")) return true;
      const [, target = ""] = join(dirname(file), from).split("/");
      // The linker is handed its files: it knows their shape and nothing else of the host.
      if (layer === "link" && join(dirname(file), from) === "src/host/files.ts") return !typesOnly;
      return target !== layer && !allowed.includes(target);
    });
    deepEqual(
      wrong.map(({ file, from }) => `${file}: ${from}`),
      [],
    );
  });
}

/** The rooms of src/link in the order of docs/architecture.md's table. */
function roomsOfTheLinker(): string[] {
  const text = read("docs/architecture.md");
  const section = text.slice(text.indexOf("### The rooms of the linker"), text.indexOf("## Machines"));
  return [...section.matchAll(/^\| `([\w-]+)` /gm)].map(([, room]) => room);
}

test("a room of the linker imports only from rooms before it in docs/architecture.md", () => {
  const rooms = roomsOfTheLinker();
  const folders = readdirSync(join(repository, "src/link"), { withFileTypes: true }).filter((it) => it.isDirectory());
  deepEqual(folders.map(({ name }) => name).sort(), [...rooms].sort(), "the table names every room");
  const backwards = importsOf("link").filter(({ file, from }) => {
    const [, , room = "", name] = file.split("/");
    const target = join(dirname(file), from);
    if (name === undefined || !target.startsWith("src/link/") || target === "src/link/options.ts") return false;
    const to = rooms.indexOf(target.split("/")[2]);
    return to < 0 || to > rooms.indexOf(room);
  });
  deepEqual(
    backwards.map(({ file, from }) => `${file}: ${from}`),
    [],
  );
});

test("a room of the instructions imports only from rooms before it in docs/architecture.md", () => {
  const base = "src/arch/x86/instructions";
  const text = read("docs/architecture.md");
  const section = text.slice(text.indexOf("### Instructions"), text.indexOf("### Processes"));
  const rooms = [...section.matchAll(/^\| `([\w-]+)` /gm)].map(([, room]) => room);
  const folders = readdirSync(join(repository, base), { withFileTypes: true }).filter((it) => it.isDirectory());
  deepEqual(folders.map(({ name }) => name).sort(), [...rooms].sort(), "the table names every room");
  const backwards = importsOf("arch").filter(({ file, from }) => {
    const target = join(dirname(file), from);
    if (!file.startsWith(`${base}/`) || !target.startsWith(`${base}/`) || file === `${base}/index.ts`) return false;
    const [room, to] = [file, target].map((path) => rooms.indexOf(path.slice(base.length + 1).split("/")[0]));
    return to < 0 || to > room;
  });
  deepEqual(
    backwards.map(({ file, from }) => `${file}: ${from}`),
    [],
  );
});

/** The rooms of src/load in the order of docs/architecture.md's list. */
function roomsOfTheLoader(): string[] {
  const section =
    read("docs/architecture.md")
      .split("\n## ")
      .find((text) => text.startsWith("The loader\n")) ?? "";
  return [...section.matchAll(/^ {3}(\w+)\/ /gm)].map(([, room]) => room);
}

test("a room of the loader imports only from rooms above it in docs/architecture.md", () => {
  const rooms = roomsOfTheLoader();
  const folders = readdirSync(join(repository, "src/load"), { withFileTypes: true }).filter((it) => it.isDirectory());
  deepEqual(folders.map(({ name }) => name).sort(), [...rooms].sort(), "the list names every room");
  const backwards = importsOf("load").filter(({ file, from }) => {
    const [, , room = "", name] = file.split("/");
    const [, layer, to = "", inner] = join(dirname(file), from).split("/");
    // load.ts and index.ts stand above all rooms; check asks load.ts.
    if (name === undefined || inner === undefined || layer !== "load") return false;
    return rooms.indexOf(to) > rooms.indexOf(room);
  });
  deepEqual(
    backwards.map(({ file, from }) => `${file}: ${from}`),
    [],
  );
});

for (const layer of ["link", "load"]) {
  test(`no files of src/${layer} import each other in a circle`, () => {
    const imports = new Map<string, Import[]>();
    for (const it of importsOf(layer)) imports.set(it.file, [...(imports.get(it.file) ?? []), it]);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      if (done.has(file) || path.includes(file)) return;
      for (const { from } of imports.get(file) ?? []) {
        const target = join(dirname(file), from);
        if (target.startsWith(`src/${layer}/`)) visit(target, [...path, file]);
      }
      done.add(file);
    };
    for (const file of imports.keys()) visit(file, []);
    deepEqual(circles, []);
  });
}

test("the core keeps no state between calls and reaches for nothing of the host", () => {
  // `process` may be a value of the loader's, or a simulated one with a pid and a umask: Node's is known by what it can do.
  const reaches =
    /^(?:export )?let |\b(?:console|globalThis)\.\w|\brequire\(|\bprocess\.(?:argv|binding|chdir|cwd|env|exit\(|getBuiltin|hrtime|kill|memoryUsage|nextTick|on\(|platform|std|uptime|versions?\b)/m;
  deepEqual(
    Object.keys(LAYERS)
      .flatMap(sourcesOf)
      .filter((file) => reaches.test(read(file))),
    [],
  );
});
