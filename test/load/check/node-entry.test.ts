// How an addon says that it is one, and for which Node.js; the Node.js that runs the tests is asked too.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { compile, i386, x86_64 } from "../../support/build.ts";
import { folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs, needsToRun } from "../../support/tools.ts";
import { check, checkText, codes, verdict } from "./checking.ts";

const OWN = process.versions.modules;

/** struct node_module of src/node.h, and a constructor that hands one over. */
const registering = (version: number | string): string => `
  struct module { int version; unsigned flags; void *dso; const char *file; void *init, *context; const char *name; void *priv, *link; };
  static void init(void *exports, void *module, void *priv, void *context) {}
  static struct module module = { ${version}, 0, 0, "../src/addon.cc", 0, init, "addon", 0, 0 };
  void node_module_register(void *);
  __attribute__((constructor)) static void hand_over(void) { node_module_register(&module); }
`;

/** What an addon is, and what is said of it: no code if it loads. */
const ADDONS: readonly (readonly [what: string, source: string, code: string | undefined, said: RegExp])[] = [
  ["Node-API", "void *napi_register_module_v1(void *e, void *x) { return x; }", undefined, /^$/],
  ["an entry point for this version", `void node_register_module_v${OWN}(void) {}`, undefined, /^$/],
  ["one for another", "void node_register_module_v93(void) {}", "check-node-version", /did not self-register/],
  ["for both", `void node_register_module_v93(void) {} void node_register_module_v${OWN}(void) {}`, undefined, /^$/],
  ["a constructor for this version", registering(OWN), undefined, /^$/],
  ["a constructor for another", registering(93), "check-node-version", /NODE_MODULE_VERSION 93/],
  [
    "a constructor for another, and an entry point",
    `${registering(93)} void node_register_module_v${OWN}(void) {}`,
    undefined,
    /^$/,
  ],
  [
    "nothing of all this",
    "int add(int a, int b) { return a + b; }",
    "check-node-entry-missing",
    /did not self-register/,
  ],
];

function opened(addon: string): string {
  const script = "try { process.dlopen({ exports: {} }, process.argv[1]); } catch (e) { console.log(e.message); }";
  return run(process.execPath, ["-e", script, addon]).stdout;
}

for (const [what, source, code, said] of ADDONS) {
  for (const flags of [[], ["-Wl,-z,pack-relative-relocs"]]) {
    test(`an addon with ${[what, ...flags].join(", ")}`, needs(...x86_64.tools), () => {
      const addon = folder("entry").at("a.node");
      const object = compile(x86_64, "entry.c", source, ["-fPIC"]);
      tool("gcc", ["-shared", object, "-nostdlib", ...flags, "-o", addon]);
      match(opened(addon), said);
      for (const args of [[], ["--for", "debian:12"], ["--for", "alpine:3.20"]]) {
        deepEqual(codes(verdict([...args, addon])), code === undefined ? [] : [code], args.join(" "));
      }
    });
  }
}

test("the numbers are told with the releases that have them", needs(...x86_64.tools), () => {
  const addon = folder("releases").at("a.node");
  tool("gcc", ["-shared", compile(x86_64, "old.c", registering(93), ["-fPIC"]), "-o", addon]);
  const [{ details }] = verdict([addon]).findings;
  deepEqual([details.versions, details.releases, details.has], [["93"], ["Node.js 16"], Number(OWN)]);
  match(checkText([addon]).out, /compiled for NODE_MODULE_VERSION 93 \(Node\.js 16\), but this Node\.js has/);
});

test(
  "i386: the record of a constructor, whose addresses stand in the words themselves",
  needsToRun(...i386.tools),
  () => {
    const here = folder("record32");
    const build = (name: string, version: number): string => {
      const object = compile(i386, "record.c", registering(version), ["-fPIC"]);
      tool(i386.cc, ["-shared", object, "-nostdlib", "-o", here.at(name)]);
      return here.at(name);
    };
    deepEqual(codes(verdict(["--for", "debian:12", build("old.node", 93)])), ["check-node-version"]);
    deepEqual(codes(verdict(["--for", "debian:12", build("new.node", Number(OWN))])), []);
  },
);

test("an addon for a later Node-API than Node.js has", needs(...x86_64.tools), () => {
  const here = folder("napi");
  const asking = (name: string, version: number): string => {
    const source = `int node_api_module_get_api_version_v1(void) { return ${version}; }
      void *napi_register_module_v1(void *env, void *exports) { return exports; }\n`;
    tool("gcc", ["-shared", compile(x86_64, "api.c", source, ["-fPIC"]), "-nostdlib", "-o", here.at(name)]);
    return here.at(name);
  };
  const later = asking("later.node", Number(process.versions.napi) + 1);
  ok(run(process.execPath, ["-e", `require(${JSON.stringify(later)})`]).status !== 0);
  deepEqual(codes(verdict([later])), ["check-node-api-version"]);
  for (const version of [8, Number(process.versions.napi), 0x7fffffff]) {
    deepEqual(codes(verdict([asking("good.node", version)])), [], `${version}`);
  }
});

test("another Node.js than the one that runs the check is asked by its file", needs(...x86_64.tools), () => {
  const here = folder("other-node");
  const main = compile(x86_64, "node.c", '#include <stdio.h>\nint main(void) { puts("node_register_module_v127"); }\n');
  tool("gcc", [main, "-o", here.at("node")]);
  for (const [version, code] of [
    [127, []],
    [Number(OWN), ["check-node-version"]],
  ] as const) {
    const source = `void node_register_module_v${version}(void) {}\n`;
    tool("gcc", ["-shared", compile(x86_64, "a.c", source, ["-fPIC"]), "-nostdlib", "-o", here.at("a.node")]);
    deepEqual(codes(verdict(["--node", here.at("node"), here.at("a.node")])), code);
  }
});

test(
  "of builds for several versions of Node.js side by side, the one for this version counts",
  needs(...x86_64.tools),
  () => {
    const here = folder("abis");
    mkdirSync(here.at("prebuilds"));
    const build = (version: number | string): void => {
      const source = `void node_register_module_v${version}(void) {}\n`;
      const object = compile(x86_64, "abi.c", source, ["-fPIC"]);
      tool("gcc", ["-shared", object, "-nostdlib", "-o", here.at(`prebuilds/node.abi${version}.node`)]);
    };
    build(93);
    equal(check([here.path]).status, 1);
    build(OWN);
    equal(check([here.path]).status, 0);
  },
);
