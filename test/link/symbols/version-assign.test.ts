// Symbols get the versions that GNU ld gives them.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  compilePatterns,
  compileVersions,
  NO_VERSION,
  type VersionMatcher,
  versionIsLocal,
  versionNode,
} from "../../../src/link/script/version-assign.ts";
import { parseDynamicList, parseVersionScript } from "../../../src/link/script/versions.ts";
import { type Folder, folder } from "../../support/folder.ts";
import { collectProblems } from "../../support/problems.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Compiled {
  readonly matcher: VersionMatcher;
  readonly names: readonly string[];
}

function compile(script: string): Compiled {
  const { report, lines } = collectProblems();
  const nodes = parseVersionScript(bytes(script), "v.map", report);
  const matcher = compileVersions(nodes, report);
  deepEqual(lines(), [], script);
  return { matcher, names: nodes.map(({ name }) => name) };
}

/** How a symbol comes out: `foo@@V1`, `foo` (exported without version) or `local`. */
function fate({ matcher, names }: Compiled, symbol: string, demangled: string = symbol): string {
  // The name stands in a string table, between others.
  const table = bytes(`before\0${symbol}\0after`);
  const match = matcher.find(table, 7, 7 + bytes(symbol).length, () => demangled);
  if (match === NO_VERSION) return symbol;
  if (versionIsLocal(match)) return "local";
  const version = names[versionNode(match)];
  return version === "" ? symbol : `${symbol}@@${version}`;
}

const fates = (script: string, ...symbols: readonly string[]): string[] => {
  const compiled = compile(script);
  return symbols.map((symbol) => fate(compiled, symbol));
};

test("an exact name beats wildcards, wherever they stand", () => {
  deepEqual(fates("V1 { global: f*; local: foo; };", "foo", "fox"), ["local", "fox@@V1"]);
  deepEqual(fates("V1 { foo; };\nV2 { f*; };", "foo", "fox"), ["foo@@V1", "fox@@V2"]);
  deepEqual(fates("V1 { local: *; };\nV2 { foo; };", "foo", "bar"), ["foo@@V2", "local"]);
});

test("among exact names the first node wins, and its globals before its locals", () => {
  deepEqual(fates("V1 { foo; };\nV2 { foo; };", "foo"), ["foo@@V1"]);
  deepEqual(fates("V1 { global: foo; local: foo; };", "foo"), ["foo@@V1"]);
});

test("among wildcards the last node wins, and any global one beats the local ones", () => {
  deepEqual(fates("V1 { f*; };\nV2 { fo*; };\nV3 { foo*; local: foo?; };", "fix", "fox", "foob"), [
    "fix@@V1",
    "fox@@V2",
    "foob@@V3",
  ]);
  deepEqual(fates("V1 { f*; };\nV2 { local: fo*; };", "foo"), ["foo@@V1"]);
});

test("* alone loses to every other pattern, global * wins over local *", () => {
  deepEqual(fates("V1 { global: *; local: f*; };", "foo", "bar"), ["local", "bar@@V1"]);
  deepEqual(fates("V1 { global: *; local: *; };", "foo"), ["foo@@V1"]);
  deepEqual(fates("V1 { global: *; };\nV2 { global: **; };", "foo"), ["foo@@V2"]);
});

test("what nothing matches is exported without version, and so is all of an anonymous version", () => {
  deepEqual(fates("V1 { foo; };", "bar"), ["bar"]);
  deepEqual(fates("{ global: foo; local: *; };", "foo", "bar"), ["foo", "local"]);
});

test("C++ patterns are compared with the demangled name, C patterns with the symbol", () => {
  const script = `V1 { global: extern "C++" { ns::f*; "ns::g(int)"; }; _Z*x; local: *; };`;
  const compiled = compile(script);
  equal(fate(compiled, "_ZN2ns3fooEv", "ns::foo()"), "_ZN2ns3fooEv@@V1");
  equal(fate(compiled, "_ZN2ns1gEi", "ns::g(int)"), "_ZN2ns1gEi@@V1");
  equal(fate(compiled, "_ZN2ns1gEl", "ns::g(long)"), "local");
  equal(fate(compiled, "_Z1x", "x"), "_Z1x@@V1");
});

test("the demangler is not asked for when no C++ pattern needs it", () => {
  const { matcher } = compile("V1 { global: f*; local: *; };");
  const name = bytes("foo");
  equal(
    versionNode(
      matcher.find(name, 0, 3, () => {
        throw new Error("asked");
      }),
    ),
    0,
  );
});

test("a symbol with its own version is hidden by a local pattern of that version only", () => {
  const { matcher } = compile("V1 { global: keep; local: *; };\nV2 { } V1;");
  const name = bytes("foo");
  const demangled = (): string => "foo";
  ok(versionIsLocal(matcher.findIn(matcher.nodeNamed("V1"), name, 0, 3, demangled)));
  equal(matcher.findIn(matcher.nodeNamed("V2"), name, 0, 3, demangled), NO_VERSION);
  equal(matcher.findIn(matcher.nodeNamed("V1"), bytes("keep"), 0, 4, demangled), 0);
  equal(matcher.nodeNamed("V3"), -1);
});

test("where foo@V1 exists, a plain foo that V1 lists is hidden", () => {
  const compiled = compile("V1 { foo; };\nV2 { bar; };");
  compiled.matcher.declareExplicit(0, bytes("foo"), 0, 3, () => "foo");
  compiled.matcher.declareExplicit(0, bytes("bar"), 0, 3, () => "bar");
  equal(fate(compiled, "foo"), "local");
  equal(fate(compiled, "bar"), "bar@@V2");
});

test("--no-undefined-version: names that no symbol has, in each version where they stand", () => {
  const compiled = compile('V1 { gone; foo; own; n*; local: away; };\nV2 { foo; extern "C++" { c::d }; };');
  fate(compiled, "foo");
  compiled.matcher.declareExplicit(0, bytes("own"), 0, 3, () => "own");
  deepEqual(compiled.matcher.undefinedNames(), [
    { node: 0, name: "gone" },
    { node: 1, name: "foo" },
    { node: 1, name: "c::d" },
  ]);
});

test("a dynamic list is asked whether anything in it matches", () => {
  const list = compilePatterns(parseDynamicList(bytes('{ foo; b*; extern "C++" { ns::* }; };'), "x", () => {}));
  const matches = (symbol: string, demangled = symbol): boolean =>
    list.matches(bytes(symbol), 0, symbol.length, () => demangled);
  deepEqual(
    [matches("foo"), matches("bar"), matches("fox"), matches("_ZN2ns1fEv", "ns::f()")],
    [true, true, false, true],
  );
});

// Against the real ld: many symbols, one link a script.

const SYMBOLS: readonly string[] = [
  ..."a b ab ba aa bb aab abc cab foo fox bar baz foo_a foo_b bar_a".split(" "),
  ..."_Z1av _Z1bi _ZN1a1bEv _ZN1a1bEi _ZN1a1cE _ZN3foo3barEv _ZTI3foo".split(" "),
];

function assemble(dir: Folder): ReadonlyMap<string, string> {
  const lines = SYMBOLS.map((name) => `.globl ${name}\n${name}: ret\n`);
  tool("as", ["-o", dir.at("a.o"), dir.write("a.s", lines.join(""))]);
  const demangled = tool("c++filt", [], { input: `${SYMBOLS.join("\n")}\n` }).split("\n");
  return new Map(SYMBOLS.map((name, index) => [name, demangled[index]]));
}

const DYNAMIC = /^ *\d+: [0-9a-f]+ +\d+ \S+ +GLOBAL DEFAULT +\d+ (\S+)$/gm;

function exportedByLd(dir: Folder, script: string, flags: readonly string[] = []): Set<string> {
  const map = dir.write("v.map", script);
  const { stderr } = run("ld.bfd", [
    "-shared",
    ...flags,
    "-o",
    dir.at("a.so"),
    dir.at("a.o"),
    `--version-script=${map}`,
  ]);
  equal(stderr, "", script);
  const table = tool("readelf", ["--dyn-syms", "-W", dir.at("a.so")]);
  return new Set([...table.matchAll(DYNAMIC)].map(([, name]) => name));
}

function assertAsLd(dir: Folder, script: string, demangled: ReadonlyMap<string, string>): void {
  const exported = exportedByLd(dir, script);
  const compiled = compile(script);
  for (const symbol of SYMBOLS) {
    const ours = fate(compiled, symbol, demangled.get(symbol));
    const theirs = [...exported].find((name) => name.split("@")[0] === symbol) ?? "local";
    equal(ours, theirs, `${symbol} in ${script}`);
  }
}

const tools = needs("ld.bfd", "as", "readelf", "c++filt");

test("GNU ld decides the same where patterns conflict", tools, () => {
  const dir = folder("versions");
  const demangled = assemble(dir);
  const scripts = [
    "V1 { global: foo; local: *; };",
    "V1 { global: f*; local: foo; };",
    "V1 { global: f*; local: fo*; };",
    "V1 { global: foo; local: foo; };",
    "V1 { global: *; local: f*; };",
    "V1 { global: *; local: *; };",
    "V1 { foo; };\nV2 { foo; };",
    "V1 { f*; };\nV2 { fo*; };\nV3 { f??; };",
    "V1 { f*; };\nV2 { local: fo*; };",
    "V1 { local: fo*; };\nV2 { f*; } V1;",
    "V1 { local: *; };\nV2 { foo; b*; } V1;",
    "V1 { local: foo; };\nV2 { f*; };",
    "V1 { global: *; };\nV2 { global: **; };\nV3 { local: ***; };",
    "V1 { global: *; };\nV2 { local: a*; };\nV3 { *; };",
    "{ global: foo; b*; local: *; };",
    '{ global: extern "C++" { a::*; "a::b(int)"; foo }; local: *; };',
    'V1 { extern "C++" { a::b* }; };\nV2 { global: extern "C++" { "a::b()" }; local: _ZN1a*; };',
    'V1 { global: extern "C++" { *::b*; }; _Z1*; local: extern "C++" { a* }; };\nV2 { local: *; };',
    'V1 { extern "C++" { "foo"; } ; };\nV2 { foo; };',
    'V1 { global: extern "C++" { * }; };\nV2 { local: extern "C++" { f*; }; };',
    'V1 { global: "f*"; [ab]; [!f]a*; f\\oo; local: *; };',
  ];
  for (const script of scripts) assertAsLd(dir, script, demangled);
});

test("GNU ld decides the same for random scripts", tools, () => {
  const dir = folder("versions");
  const demangled = assemble(dir);
  const plain = fc.oneof(
    fc.constantFrom(...SYMBOLS),
    fc.constantFrom(
      "*",
      "a*",
      "*b",
      "?b",
      "a?",
      "[ab]*",
      "[!a]*",
      "f*",
      "fo?",
      "ba*",
      "*a*",
      "*_a",
      "_Z*",
      "_ZN1a*",
      "**",
    ),
  );
  const cxx = fc.constantFrom(
    "a::*",
    '"a::b()"',
    '"a::b(int)"',
    "*b*",
    "*",
    "foo*",
    '"typeinfo for foo"',
    "foo",
    "a::c",
    '"a()"',
  );
  const pattern = fc.oneof(
    { weight: 4, arbitrary: plain.map((name) => `${name};`) },
    { weight: 1, arbitrary: cxx.map((name) => `extern "C++" { ${name}; };`) },
  );
  const list = (label: string): fc.Arbitrary<string> =>
    fc
      .array(pattern, { maxLength: 4 })
      .map((patterns) => (patterns.length === 0 ? "" : `${label}: ${patterns.join(" ")}`));
  const body = fc.tuple(list("global"), list("local")).filter(([globals, locals]) => globals !== "" || locals === "");
  const script = fc.oneof(
    fc
      .array(body, { minLength: 1, maxLength: 4 })
      .map((nodes) => nodes.map(([globals, locals], index) => `V${index} { ${globals} ${locals} };\n`).join("")),
    body.map(([globals, locals]) => `{ ${globals} ${locals} };\n`),
  );
  const usable = (text: string): boolean => {
    const { report, all } = collectProblems();
    compileVersions(parseVersionScript(bytes(text), "v.map", report), report);
    // The same pattern global in one version and local in another is an error in both linkers.
    return all.length === 0;
  };
  const scripts = fc.sample(script, { numRuns: 250, seed: 11 }).filter(usable);
  ok(scripts.length > 100);
  for (const text of scripts) assertAsLd(dir, text, demangled);
});

test("GNU ld complains of the same undefined names", tools, () => {
  const dir = folder("versions");
  assemble(dir);
  const script = "V1 { global: gone; foo; n*; local: away; };\nV2 { foo; lost; };";
  const map = dir.write("v.map", script);
  const flags = ["-shared", "--no-undefined-version", "-o", dir.at("a.so"), dir.at("a.o"), `--version-script=${map}`];
  const theirs = [...run("ld.bfd", flags).stderr.matchAll(/: (\S+): undefined version: (\S+)$/gm)];
  const compiled = compile(script);
  for (const symbol of SYMBOLS) fate(compiled, symbol);
  const ours = compiled.matcher.undefinedNames().map(({ node, name }) => `${name} ${compiled.names[node]}`);
  deepEqual(ours.sort(), theirs.map(([, name, version]) => `${name} ${version}`).sort());
});

const EXPLICIT = `
.globl impl1, impl2, keep
impl1: ret
impl2: ret
keep: ret
.symver impl1, ver@V1
.symver impl2, ver@@V2
`;

test("GNU ld does with .symver what findIn and declareExplicit say", tools, () => {
  const dir = folder("versions");
  tool("as", ["-o", dir.at("a.o"), dir.write("a.s", EXPLICIT)]);
  for (const script of [
    "V1 { };\nV2 { };",
    "V1 { local: *; };\nV2 { };",
    "V1 { };\nV2 { local: v*; };",
    "V1 { global: keep; local: ver; };\nV2 { };",
    "V1 { global: v*; local: *; };\nV2 { global: ver; };",
  ]) {
    const { matcher, names } = compile(script);
    const exported = exportedByLd(dir, script);
    for (const [separator, version] of [
      ["@", "V1"],
      ["@@", "V2"],
    ]) {
      const match = matcher.findIn(names.indexOf(version), bytes("ver"), 0, 3, () => "ver");
      equal(exported.has(`ver${separator}${version}`), match === NO_VERSION || !versionIsLocal(match), script);
    }
    // --export-dynamic keeps what a local pattern would hide.
    ok(exportedByLd(dir, script, ["--export-dynamic"]).has("ver@V1"));
  }
});
