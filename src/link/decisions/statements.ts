// The script that laid out a link, as it ended: its statements with what each holds and what it came to, and of every input
// section and symbol the statement that speaks of it. Read off the plan when somebody asks.

import type { Place } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { isOutputStatement, type OutputStatement, type Plan } from "../mapping/output-statements.ts";
import { isOfDefaultScript } from "../script/default-script.ts";
import { printAssignment, printBodyStatement, statementLines } from "../script/print-script.ts";
import type { Assignment, BodyStatement, Statement } from "../script/statements.ts";
import type { SectionId } from "../tables/ids.ts";
import type { OutputSection } from "../tables/output-section.ts";
import type {
  LaidOutAssignment,
  LaidOutBody,
  LaidOutPiece,
  LaidOutStatement,
  SourceStatement,
} from "./layout-types.ts";

/** Who speaks of what, by the plan. */
export interface Statements {
  /** The file of the script of -T; undefined: the default script lays out the link. */
  readonly script: string | undefined;
  readonly ofInput: (section: SectionId) => SourceStatement | undefined;
  /** Of a piece of a section of the output: an input section, or a chunk as ~id. */
  readonly ofPiece: (output: OutputSection, piece: number) => SourceStatement | undefined;
  /** All assignments of the symbol, in order, and which of them were carried out. */
  readonly assignmentsOf: (
    name: string,
  ) => readonly { readonly statement: SourceStatement; readonly active: boolean }[];
  /** @param pieceOf the pieces from one index to another */
  readonly list: (
    pieces: (output: OutputSection, from: number, to: number) => Iterable<LaidOutPiece>,
  ) => IterableIterator<LaidOutStatement>;
}

export function statementsOf(plan: Plan, { options }: Loader): Statements {
  const lines = once(() => {
    const defaults = plan.script.matching.filter((it) => isOfDefaultScript(placeOf(it)));
    return statementLines(defaults, options.output === "relocatable");
  });
  const sources = new Map<Statement | BodyStatement, SourceStatement>();
  const source = (it: Statement | BodyStatement): SourceStatement => {
    const known = sources.get(it);
    if (known !== undefined) return known;
    const place = placeOf(it);
    const byDefault = isOfDefaultScript(place);
    const line = byDefault ? lines().get(it) : undefined;
    const where = line === undefined ? {} : { line };
    const made = { text: textOf(it), place: byDefault ? where : place, byDefault, orphan: false };
    sources.set(it, made);
    return made;
  };
  const holders = once(() => {
    const map = new Map<OutputSection, OutputStatement>();
    for (const it of plan.statements) if (isOutputStatement(it) && it.output !== undefined) map.set(it.output, it);
    return map;
  });
  const orphans = once(() => {
    const map = new Map<OutputStatement, SourceStatement>();
    let before = "";
    for (const it of plan.statements) {
      if (!isOutputStatement(it)) continue;
      if (it.source === undefined) map.set(it, { text: before, place: {}, byDefault: false, orphan: true });
      if (it.output?.removed === false) before = it.name;
    }
    return map;
  });
  const named = once(() => {
    const map = new Map<string, (Statement & BodyStatement)[]>();
    const add = (it: Statement | BodyStatement): void => {
      if (it.kind !== "assign") return;
      const { symbol } = it.assignment;
      map.set(symbol, [...(map.get(symbol) ?? []), it]);
    };
    for (const it of plan.script.statements) {
      add(it);
      if (it.kind === "section") for (const one of it.body) add(one);
    }
    return map;
  });
  const ofInput = (section: SectionId): SourceStatement | undefined => {
    const reason = plan.reasons[plan.places[section] ?? 0];
    return reason && source(reason);
  };
  return {
    get script() {
      const places = plan.script.matching.map(placeOf);
      return places.some(isOfDefaultScript) ? undefined : places.find((it) => it.file !== undefined)?.file;
    },
    ofInput,
    ofPiece: (output, piece) => {
      const known = piece >= 0 ? ofInput(piece) : undefined;
      const holder = holders().get(output);
      if (known !== undefined || holder === undefined) return known;
      const at = output.pieces.indexOf(piece);
      const entry = at < 0 ? undefined : holder.body.find((_, i) => at < (output.rankEnds[i] ?? 0))?.statement;
      return entry === undefined ? orphans().get(holder) : source(entry);
    },
    assignmentsOf: (name) =>
      (named().get(name) ?? []).flatMap((it) =>
        it.kind === "assign" ? [{ statement: source(it), active: plan.values.has(it.assignment) }] : [],
      ),
    *list(pieces) {
      for (const it of plan.statements) {
        if (!isOutputStatement(it))
          yield it.kind === "assign" ? assignmentRow(plan, it.assignment) : assertRow(plan, it);
        else yield sectionRow(plan, it, pieces);
      }
    },
  };
}

function sectionRow(
  plan: Plan,
  it: OutputStatement,
  pieces: (output: OutputSection, from: number, to: number) => Iterable<LaidOutPiece>,
): LaidOutStatement {
  const { name, output } = it;
  const place =
    output === undefined ? undefined : { address: output.address, size: output.size, loadAddress: output.lma };
  const isOut = output?.removed === true;
  const index = output === undefined || isOut ? 0 : output.index;
  const gaps = output?.gaps ?? [];
  return {
    kind: "section",
    name,
    place,
    index,
    orphan: it.source === undefined,
    gaps,
    body: () => bodyRows(plan, it, pieces),
  };
}

function* bodyRows(
  plan: Plan,
  { body, output }: OutputStatement,
  pieces: (output: OutputSection, from: number, to: number) => Iterable<LaidOutPiece>,
): IterableIterator<LaidOutBody> {
  let from = 0;
  for (const [i, { statement: it }] of body.entries()) {
    const to = Math.max(from, output?.rankEnds[i] ?? from);
    const held = output === undefined ? [] : pieces(output, from, to);
    from = to;
    if (it === undefined || it.kind === "input") yield { kind: "input", statement: it, pieces: held };
    else if (it.kind === "assign") yield assignmentRow(plan, it.assignment);
    else if (it.kind === "assert") yield assertRow(plan, it);
    else {
      const value = it.kind === "data" ? plan.values.get(it) : undefined;
      yield { kind: "other", statement: it, value, pieces: held };
    }
  }
  if (output !== undefined && from < output.pieces.length)
    yield { kind: "input", statement: undefined, pieces: pieces(output, from, output.pieces.length) };
}

function assignmentRow({ values }: Plan, assignment: Assignment): LaidOutAssignment {
  return { kind: "assignment", assignment, value: values.get(assignment) };
}

function assertRow(
  { values }: Plan,
  assertion: Extract<Statement, { kind: "assert" }>,
): LaidOutStatement & LaidOutBody {
  return { kind: "assert", assertion, value: values.get(assertion) };
}

function placeOf(it: Statement | BodyStatement): Place {
  if (it.kind === "assign") return it.assignment.place;
  return it.kind === "idle" ? {} : it.place;
}

function textOf(it: Statement | BodyStatement): string {
  if (it.kind === "assign") return printAssignment(it.assignment);
  return it.kind === "section" ? it.name : printBodyStatement(it);
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
