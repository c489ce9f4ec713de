import { error, type Report, warning } from "../../elf/problem.ts";
import type { Assignment, LayoutScript, SectionStatement } from "../script/statements.ts";
import type { Mapping } from "./mapping.ts";
import {
  type BodyEntry,
  createAnywhere,
  createRegion,
  enterName,
  findRegion,
  type OutputStatement,
  type Plan,
  type SectionKind,
} from "./output-statements.ts";

/** Statements without output sections, regions not yet evaluated. Before sections are collected: KEEP is asked first. */
export function createPlan(script: LayoutScript, report: Report): Plan {
  const anywhere = createAnywhere();
  const regions = script.memory.reduce<Plan["regions"]>((list, { name, place, attributes }) => {
    if (list.some((it) => it.names.has(name))) report(warning("region-redeclared", place, { region: name }));
    else list.push(createRegion(name, attributes.wanted, attributes.unwanted));
    return list;
  }, []);
  const plan: Plan = {
    script,
    statements: [],
    outputs: [],
    byName: new Map(),
    list: [],
    regions,
    anywhere,
    made: new Map(),
    commons: new Map(),
    discarded: [],
    hasProperties: true,
    places: new Int32Array(0),
    reasons: [undefined],
    values: new Map(),
    matches: undefined,
  };
  for (const { alias, region, place } of script.aliases) {
    const found = findRegion(plan, region);
    if (findRegion(plan, alias) !== undefined) report(error("region-alias-twice", place, { alias }));
    else if (found === undefined) report(error("region-alias-unknown", place, { alias, region }));
    else if (found === anywhere) report(error("region-alias-default", place, { alias }));
    else found.names.add(alias);
  }
  return plan;
}

/** All that a script assigns, for those who ask what depends on what. */
export function assignmentsOf({ script }: Plan): Assignment[] {
  const all = script.statements.flatMap((it) => (it.kind === "section" ? [it, ...it.body] : [it]));
  return all.flatMap((it) => (it.kind === "assign" && it.assignment.symbol !== "." ? [it.assignment] : []));
}

const KINDS: Readonly<Record<string, SectionKind>> = {
  NOLOAD: "noload",
  DSECT: "noalloc",
  COPY: "noalloc",
  INFO: "noalloc",
  OVERLAY: "noalloc",
  READONLY: "readonly",
};

export function enterStatements({ plan, statements, report, loader }: Mapping): void {
  for (const it of plan.script.statements) {
    if (it.kind !== "section") {
      plan.statements.push(it);
      continue;
    }
    const statement = outputStatement(plan, it, loader.options.outputFormat === "binary", report);
    statements.set(it, statement);
    plan.statements.push(statement);
  }
  // GNU ld looks for sections in the order in which they were written, INSERT or not.
  for (const it of plan.script.matching) {
    const statement = it.kind === "section" ? statements.get(it) : undefined;
    if (statement === undefined) continue;
    plan.outputs.push(statement);
    enterName(plan, statement);
  }
}

/** @param isBinary what is not loaded has no room either: NOLOAD of all formats but ELF (ld/ldlang.c, lang_add_section) */
function outputStatement(plan: Plan, it: SectionStatement, isBinary: boolean, report: Report): OutputStatement {
  const { type, overlay } = it;
  const region = (name: string | undefined): ReturnType<typeof findRegion> => {
    if (name === undefined) return undefined;
    const found = findRegion(plan, name);
    if (found !== undefined) return found;
    report(warning("region-undeclared", it.endPlace, { region: name }));
    const made = createRegion(name, 0, 0);
    made.names.clear();
    made.names.add(name);
    plan.regions.push(made);
    return made;
  };
  const runs = region(it.region);
  const loads = region(it.loadRegion);
  if (loads !== undefined && it.loadAddress !== undefined)
    report(error("section-two-load-addresses", it.place, { section: it.name }));
  return {
    kind: "output",
    name: it.name,
    source: it,
    place: it.place,
    isSpecial: it.constraint === "special",
    failed: false,
    output: undefined,
    address: it.address,
    kindOf:
      overlay !== undefined && type === undefined
        ? overlay.first
          ? "first-overlay"
          : "overlay"
        : type === undefined
          ? "normal"
          : type.keyword === undefined
            ? "type"
            : isBinary && type.keyword === "NOLOAD"
              ? "noroom"
              : (KINDS[type.keyword] ?? "normal"),
    body: it.body.map((statement): BodyEntry => ({ statement, items: [], data: undefined })),
    region: runs ?? (it.address === undefined ? loads : undefined) ?? plan.anywhere,
    loadRegion: loads,
    phdrs: it.phdrs.length === 0 ? undefined : it.phdrs,
    fill: it.fill,
    assumed: 0,
    ignored: false,
    updatesDot: overlay?.dotAfter !== undefined,
    hasAddress: false,
    hasLoadAddress: false,
    afterEnd: false,
  };
}
