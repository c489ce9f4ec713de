// Expressions mean what they mean to GNU ld.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDefsym, parseExpressionText } from "../../../src/link/script/expression.ts";
import { ABSOLUTE, createFolding, type FoldEnvironment, type Folded, fold } from "../../../src/link/script/fold.ts";
import { symbolsIn } from "../../../src/link/script/symbols-in.ts";
import { type Folder, folder } from "../../support/folder.ts";
import { collectProblems } from "../../support/problems.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const SECTIONS = [".text", ".data"];
const SYMBOLS: Readonly<Record<string, Folded>> = {
  start: { value: 0n, section: 1 },
  data: { value: 8n, section: 2 },
  fixed: { value: 42n, section: ABSOLUTE },
};

const environment: FoldEnvironment = {
  sane: false,
  relro: () => false,
  lookup: (name) => SYMBOLS[name],
  defined: (name) => name in SYMBOLS,
  start: (name) => (SECTIONS.includes(name) ? { value: 0n, section: SECTIONS.indexOf(name) + 1 } : undefined),
  loadAddress: (name) => (SECTIONS.includes(name) ? BigInt(SECTIONS.indexOf(name) + 1) * 0x1000n : undefined),
  size: (name) => (SECTIONS.includes(name) ? 0x24n : undefined),
  alignment: (name) => (SECTIONS.includes(name) ? 16n : undefined),
  base: (section) => BigInt(section) * 0x1000n,
  origin: () => undefined,
  length: () => undefined,
  constant: (name) => (name === "MAXPAGESIZE" || name === "COMMONPAGESIZE" ? 0x1000n : undefined),
  sizeofHeaders: () => 0xe8n,
  segmentStart: (name) => (name === "text-segment" ? 0x400000n : undefined),
};

/** The value, with its section where it has one, or the problems. */
function value(text: string): string {
  const { report, lines, all } = collectProblems();
  const expression = parseExpressionText(text, {}, report);
  const folding = createFolding(environment, {}, report);
  Object.assign(folding, { phase: "final", dot: 0x123n });
  const result = expression && fold(folding, expression);
  if (result === undefined || all.some(({ severity }) => severity === "error")) return lines().join("; ");
  return `${BigInt.asIntN(64, result.value)}${result.section < 0 ? "" : ` in ${SECTIONS[result.section - 1]}`}`;
}

test("operators have C's precedence", () => {
  equal(value("1+2*3-4/2"), "5");
  equal(value("1|2&3==3"), "1");
  equal(value("2<<1+1"), "8");
  equal(value("0 ? 2 : 0 ? 3 : 4"), "4");
  equal(value("- -3 + +4 - ~0"), "8");
  equal(value("(1+2)*3"), "9");
});

test("numbers are 64 bits, unsigned but for / and %", () => {
  equal(value("-1 > 0"), "1");
  equal(value("-8/3"), "-2");
  equal(value("-8%3"), "-2");
  equal(value("-1>>63"), "1");
  equal(value("1<<64"), "1");
  equal(value("18446744073709551616 + 1"), "0");
  equal(value("MIN(-1,2)"), "2");
});

test("numbers come in C's forms and in those of other assemblers", () => {
  deepEqual(["0x10", "010", "4K", "0x1M", "$ff", "0ffh", "17O", "101b", "12d", "12x"].map(value), [
    "16",
    "8",
    "4096",
    "1048576",
    "255",
    "255",
    "15",
    "5",
    "12",
    "18",
  ]);
});

test("names may hold slashes and dollars but not operators", () => {
  deepEqual(names("a/b+$c.d-e~f"), ["a/b", "$c.d", "e~f"]);
  deepEqual(names('"a-b" * x'), ["a-b", "x"]);
});

function names(text: string): string[] {
  const expression = parseExpressionText(text, {}, () => {});
  return expression === undefined ? [] : symbolsIn(expression);
}

test("a word that is hexadecimal with a suffix is a number, with a warning", () => {
  const { report, lines } = collectProblems();
  deepEqual(parseDefsym("x=add", {}, report)?.value, { kind: "number", value: 0n });
  deepEqual(lines(), ["warning script-word-is-number"]);
  deepEqual(parseDefsym("add=adds", {}, report)?.value, { kind: "symbol", name: "adds" });
});

test("a symbol keeps its section until it meets a number that was written down", () => {
  equal(value("data"), "8 in .data");
  equal(value("data+4"), `${0x200c}`);
  equal(value("data+SIZEOF(.text)"), `${8 + 0x24} in .data`);
  equal(value("data-start"), `${0x1008}`);
  equal(value("data-data+CONSTANT(MAXPAGESIZE)"), "4096");
  equal(value("ABSOLUTE(data)"), `${0x2008}`);
  equal(value("MAX(data,data)"), "8 in .data");
});

test("functions ask about the link", () => {
  equal(value("ADDR(.data)"), "0 in .data");
  equal(value("LOADADDR(.data)"), "8192");
  equal(value("ALIGNOF(.text)"), "16");
  equal(value("SIZEOF_HEADERS"), "232");
  equal(value("DEFINED(start) + DEFINED(nowhere)"), "1");
  equal(value(".+1"), `${0x124}`);
  equal(value("ALIGN(0x100)"), `${0x200}`);
  equal(value("ALIGN(13,8)"), "16");
  equal(value("LOG2CEIL(9)"), "4");
  equal(value('SEGMENT_START("text-segment", 5)'), `${0x400000}`);
  equal(value('SEGMENT_START("data-segment", 5)'), "5");
});

test("what has no value is a problem", () => {
  deepEqual(
    ["1/0", "1%(fixed-42)", "nowhere+1", "SIZEOF(.none)", "CONSTANT(X)", "ORIGIN(ram)", 'ASSERT(0, "no")'].map(value),
    [
      "error expression-division-by-zero",
      "error expression-division-by-zero",
      "error expression-undefined-symbol",
      "error expression-unknown-section",
      "error expression-unknown-constant",
      "error expression-unknown-region",
      "error script-assertion",
    ],
  );
});

test("a syntax error says what was expected", () => {
  deepEqual(["", "1+", "(1", "1)", "1 2", "1?2", "MAX(1)", "@", "SIZEOF()"].map(value), [
    "error script-expected-expression",
    "error script-expected-expression",
    "error script-expected-token",
    "error script-trailing-text",
    "error script-trailing-text",
    "error script-expected-token",
    "error script-expected-token",
    "error script-expected-expression",
    "error script-expected-name",
  ]);
});

test("deep and long expressions are refused, not overflowed", () => {
  for (const text of ["(".repeat(100_000), "-".repeat(100_000), "1?".repeat(100_000), `x${"+x".repeat(100_000)}`]) {
    equal(value(text), "error expression-too-long");
  }
});

test("--defsym takes what ld takes", () => {
  const { report, lines } = collectProblems();
  const place = { file: "--defsym" };
  const sum = {
    kind: "binary",
    operator: "+",
    left: { kind: "symbol", name: "b" },
    right: { kind: "number", value: 4n },
  };
  deepEqual(parseDefsym("a=b+4", place, report), {
    symbol: "a",
    operator: "=",
    value: sum,
    provide: false,
    hidden: false,
    place,
  });
  deepEqual(parseDefsym("b+=4", place, report), {
    symbol: "b",
    operator: "+=",
    value: sum,
    provide: false,
    hidden: false,
    place,
  });
  deepEqual(parseDefsym("PROVIDE_HIDDEN(a=b+4)", place, report), {
    symbol: "a",
    operator: "=",
    value: sum,
    provide: true,
    hidden: true,
    place,
  });
  deepEqual(lines(), []);
  for (const text of ["", "a", "=1", "a=", "a=1;", "a b=1"]) equal(parseDefsym(text, place, report), undefined);
});

const SOURCE = `
.globl _start, data, late, fixed
.set fixed, 42
.text
_start: ret
.data
  .quad 0
data: .quad 1
late: .zero 20
`;

interface Linked {
  readonly values: Map<string, { readonly value: bigint; readonly section: string }>;
  readonly sections: {
    readonly name: string;
    readonly address: bigint;
    readonly size: bigint;
    readonly align: bigint;
  }[];
}

function link(dir: Folder, definitions: readonly string[]): Linked {
  tool("as", ["-o", dir.at("a.o"), dir.write("a.s", SOURCE)]);
  const defsyms = definitions.flatMap((text, index) => ["--defsym", `x${index}=${text}`]);
  const { stderr } = run("ld.bfd", ["-o", dir.at("a.out"), dir.at("a.o"), ...defsyms]);
  equal(stderr, "");
  const sections = [...tool("readelf", ["-SW", dir.at("a.out")]).matchAll(SECTION)].map((match) => ({
    name: match[1],
    address: BigInt(`0x${match[2]}`),
    size: BigInt(`0x${match[3]}`),
    align: BigInt(match[4]),
  }));
  const symbols = [...tool("readelf", ["-sW", dir.at("a.out")]).matchAll(SYMBOL)];
  const values = new Map(symbols.map((match) => [match[3], { value: BigInt(`0x${match[1]}`), section: match[2] }]));
  return { values, sections };
}

const SECTION = /^\s+\[ *\d+\] (\.\S+)\s+\S+\s+([0-9a-f]{16}) \S+ ([0-9a-f]+) .* (\d+)$/gm;
const SYMBOL = /^ *\d+: ([0-9a-f]{16}) .* (\S+) (\S+)$/gm;

/** The same link as our evaluation sees it. */
function linkedEnvironment({ values, sections }: Linked): FoldEnvironment {
  const find = (name: string): Linked["sections"][number] | undefined => sections.find((it) => it.name === name);
  return {
    ...environment,
    lookup: (name) => {
      const symbol = values.get(name);
      if (symbol === undefined) return undefined;
      if (symbol.section === "ABS") return { value: symbol.value, section: ABSOLUTE };
      const section = Number(symbol.section);
      return { value: symbol.value - sections[section - 1].address, section };
    },
    defined: (name) => values.has(name),
    start: (name) => ({ value: 0n, section: sections.findIndex((it) => it.name === name) + 1 }),
    loadAddress: (name) => find(name)?.address,
    size: (name) => find(name)?.size,
    alignment: (name) => find(name)?.align,
    base: (section) => sections[section - 1].address,
  };
}

const leaf = fc.constantFrom(
  ..."_start data late fixed 0 1 3 16 0x7fffffffffffffff -1 SIZEOF(.text) SIZEOF(.data) ALIGNOF(.data)".split(" "),
  ..."CONSTANT(MAXPAGESIZE) ADDR(.data) LOADADDR(.text) DEFINED(data) DEFINED(none) SIZEOF_HEADERS 12h".split(" "),
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .tuple(tie("tree"), fc.constantFrom(..."+ - * << >> & | == != < > <= >= && ||".split(" ")), tie("tree"))
      .map((parts) => parts.join(" ")),
    fc.tuple(tie("tree"), fc.constantFrom("/", "%"), fc.constantFrom(3, -7)).map(([x, op, y]) => `(${x}) ${op} ${y}`),
    fc.tuple(fc.constantFrom("-", "~", "!", "ABSOLUTE", "LOG2CEIL"), tie("tree")).map(([op, x]) => `${op}(${x})`),
    fc.tuple(fc.constantFrom("MAX", "MIN", "ALIGN"), tie("tree"), tie("tree")).map(([f, x, y]) => `${f}(${x}, ${y})`),
    fc.tuple(tie("tree"), tie("tree"), tie("tree")).map(([x, y, z]) => `(${x} ? ${y} : ${z})`),
  ),
}));

test(
  "random expressions have the value and the section that GNU ld gives them",
  needs("ld.bfd", "as", "readelf"),
  () => {
    const dir = folder("script");
    const before = linkedEnvironment(link(dir, []));
    const evaluated = (text: string): Folded | undefined => {
      const expression = parseExpressionText(text, {}, () => {});
      const folding = createFolding(before, {}, () => {});
      folding.phase = "final";
      return expression && fold(folding, expression);
    };
    const texts = fc.sample(tree, { numRuns: 1500, seed: 7 });
    const linked = link(dir, texts);
    for (const [index, text] of texts.entries()) {
      const ours = evaluated(text);
      const theirs = linked.values.get(`x${index}`);
      const section = ours === undefined || ours.section < 0 ? undefined : ours.section;
      const base = section === undefined ? 0n : linked.sections[section - 1].address;
      deepEqual(
        { value: BigInt.asUintN(64, (ours?.value ?? 0n) + base), section: `${section ?? "ABS"}` },
        theirs,
        text,
      );
    }
  },
);
