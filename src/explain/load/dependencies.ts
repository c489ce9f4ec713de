// What `solder ldd` prints: which libraries a program gets, found how, asked for by whom. As a tree, where each library
// stands under the object that asked for it first, as one list like ldd's, or as JSON.

import type { LoadedObject, LoadedProcess, MissingLibrary } from "../../load/objects/objects.ts";
import type { SearchStep } from "../../load/settings/contract.ts";
import { profileName } from "../../load/settings/profiles.ts";
import { painted, type Style } from "../dump/table.ts";
import { printable } from "../printable.ts";
import { placesTried, ruleText } from "./search-words.ts";

export interface TreeOptions {
  /** Also show who asks for a library that is there already. */
  readonly repeats: boolean;
  /** Files of a similar name, for libraries that are missing. */
  readonly similar: (missing: MissingLibrary) => readonly string[];
}

/** The tree, without line feeds. */
export function treeLines(task: LoadedProcess, options: TreeOptions, style: Style): string[] {
  const [program] = task.objects;
  const heading = (kind: string): string =>
    `${painted(printable(program.name), "heading", style)}  ${painted(`(${kind})`, "dim", style)}`;
  if (isStatic(task)) return [heading(task.machine), "   statically linked: it gets no libraries"];
  const kind = `${task.machine}, ${profileName(task.options.profile)}`;
  return [heading(kind), ...branches(viewOf(task, options, style), program, "")];
}

/** A process with what is looked up in it for every line. */
interface View {
  readonly task: LoadedProcess;
  readonly options: TreeOptions;
  readonly style: Style;
  readonly named: ReadonlyMap<string, LoadedObject>;
  readonly missing: ReadonlyMap<string, MissingLibrary>;
  /** What the search of a missing library did. */
  readonly steps: ReadonlyMap<string, readonly SearchStep[]>;
}

function viewOf(task: LoadedProcess, options: TreeOptions, style: Style): View {
  const named = new Map<string, LoadedObject>();
  for (const object of task.objects) for (const name of object.names) if (!named.has(name)) named.set(name, object);
  const failed = task.searches.filter(({ object }) => object === undefined);
  return {
    task,
    options,
    style,
    named,
    missing: new Map(task.missingLibraries.map((missing) => [missing.name, missing])),
    steps: new Map(failed.reverse().map(({ name, steps }) => [name, steps])),
  };
}

/** Needs nothing and names no loader: a static program, or a library of its own. */
function isStatic({ objects: [program, ...rest] }: LoadedProcess): boolean {
  return (
    program.file.interpreter === undefined &&
    rest.every(({ kind }) => kind === "loader") &&
    program.file.dependencies.length === 0
  );
}

/** One line of a tree and those that belong to it. */
interface Branch {
  readonly lines: readonly string[];
  /** Whose own branches follow. */
  readonly object: LoadedObject | undefined;
}

/** Columns before the deepest line; only a tree made to be deep goes on for ever. */
const DEEPEST = 300;

function branches(view: View, parent: LoadedObject, indent: string): string[] {
  if (indent.length > DEEPEST) return [`${indent}└─ … (--flat lists all)`];
  const all = branchesOf(view, parent);
  return all.flatMap(({ lines: [first, ...more], object }, index) => {
    const isLast = index === all.length - 1;
    const below = `${indent}${isLast ? "   " : "│  "}`;
    const own = [`${indent}${isLast ? "└─ " : "├─ "}${first}`, ...more.map((line) => `${below}   ${line}`)];
    return object === undefined ? own : [...own, ...branches(view, object, below)];
  });
}

function branchesOf(view: View, parent: LoadedObject): Branch[] {
  const { task, options, style } = view;
  const branch = (object: LoadedObject): Branch => ({ lines: [objectLine(object, style)], object });
  const all: Branch[] = [];
  if (parent.kind === "program") all.push(...preloaded(task, parent).map(branch));
  for (const { name } of parent.file.dependencies) {
    const missing = view.missing.get(name);
    if (missing !== undefined) all.push(...missingBranch(view, missing, parent));
    const object = view.named.get(name);
    if (object === undefined) continue;
    if (object.requester === parent && object.asked === name) all.push(branch(object));
    else if (options.repeats)
      all.push({ lines: [painted(printable(`${name} ${seenAs(object)}`), "dim", style)], object: undefined });
  }
  const loader = task.objects.find(({ kind }) => kind === "loader");
  if (parent.kind === "program" && loader !== undefined) {
    const own = parent.file.interpreter === undefined ? "the loader of this system" : "the program's interpreter";
    const how = task.options.profile.library === "musl" ? `${own} and C library` : own;
    all.push({ lines: [`${printable(loader.name)}  ${painted(how, "dim", style)}`], object: undefined });
  }
  return all;
}

/** Objects that the program did not ask for itself but got. */
function preloaded(task: LoadedProcess, program: LoadedObject): LoadedObject[] {
  const asked = new Set(program.file.dependencies.map(({ name }) => name));
  return task.objects.filter((object) => object.requester === program && !asked.has(object.asked));
}

function seenAs(object: LoadedObject): string {
  if (object.kind === "loader") return "(the loader)";
  return `(${object.requester === undefined ? object.name : `asked for by ${object.requester.name} first`})`;
}

function objectLine(object: LoadedObject, style: Style): string {
  const [asked, path] = [printable(object.asked), printable(object.name)];
  const taken = object.tried.find(({ fate }) => fate === "taken");
  const found = taken === undefined ? "" : printable(ruleText(taken.rule, taken.from));
  const arrow = asked === path ? asked : `${painted(asked, "name", style)} => ${path}`;
  return `${arrow}  ${painted(found, "dim", style)}`;
}

function missingBranch({ task, options, style, steps }: View, missing: MissingLibrary, parent: LoadedObject): Branch[] {
  const { repeats, similar } = options;
  const { name, message, tried, requester } = missing;
  const what = isAbsent(missing) ? "not found" : "cannot be loaded";
  const head = painted(`${printable(name)} => ${what}`, "warning", style);
  if (requester !== parent)
    return repeats ? [{ lines: [`${head} (see ${printable(requester.name)})`], object: undefined }] : [];
  const places = placesTried(tried, steps.get(name) ?? [], name, task.host.search).map(({ path, rule, outcome }) => {
    return { path: printable(path), rule: printable(rule), outcome };
  });
  const width = Math.max(0, ...places.map(({ path }) => path.length));
  const ruleWidth = Math.max(0, ...places.map(({ rule }) => rule.length));
  const lines = places.map(
    ({ path, rule, outcome }) => `${path.padEnd(width)}  ${painted(rule.padEnd(ruleWidth), "dim", style)}  ${outcome}`,
  );
  const near = similar(missing).map((path) => `there is ${printable(path)}`);
  return [{ lines: [head, printable(message), ...lines, ...near], object: undefined }];
}

/** Was there nothing at all, or something wrong? */
function isAbsent({ tried }: MissingLibrary): boolean {
  return !tried.some(({ fate }) => fate === "fatal" || fate === "taken");
}

/**
 * One line a library in the order of the link map, as ldd prints them, but without addresses, which differ from run to run,
 * and without the kernel's own object.
 */
export function flatLines(task: LoadedProcess): string[] {
  const [program, ...rest] = task.chain;
  if (isStatic(task)) return ["\tstatically linked"];
  const missing = missingBehind(task);
  const lines = [...(missing.get(program) ?? [])];
  const line = (text: string): void => void lines.push(`\t${printable(text)}`);
  for (const object of rest) {
    const asked = object.kind === "loader" ? object.name : object.asked;
    line(asked === object.name ? object.name : `${asked} => ${object.name}`);
    lines.push(...(missing.get(object) ?? []));
  }
  return lines;
}

/** The lines of missing libraries, by the object that was loaded last before: once for each time that one was looked for. */
function missingBehind(task: LoadedProcess): Map<LoadedObject, string[]> {
  const lines = new Map<LoadedObject, string[]>();
  const seen = new Set<LoadedObject>();
  let last = task.objects[0];
  for (const { kind, name, object } of task.searches) {
    // Of a library that cannot be preloaded there is a message, and no line.
    if (object === undefined && kind === "preloaded") continue;
    if (object === undefined) lines.set(last, [...(lines.get(last) ?? []), `\t${printable(name)} => not found`]);
    else if (!seen.has(object)) last = object;
    if (object !== undefined) seen.add(object);
  }
  return lines;
}

/** Everything, for programs. */
export function dependenciesJson(task: LoadedProcess): unknown {
  const [program] = task.objects;
  return {
    program: program.name,
    machine: task.machine,
    profile: profileName(task.options.profile),
    interpreter: program.file.interpreter ?? null,
    libraries: task.chain.slice(1).map((object) => ({
      name: object.asked,
      path: object.name,
      file: object.file.realPath,
      soname: object.file.soname ?? null,
      foundBy: object.rule ?? null,
      from: object.tried.find(({ fate }) => fate === "taken")?.from ?? "",
      askedForBy: object.requester?.name ?? null,
      needed: object.file.dependencies.map(({ name }) => name),
    })),
    missing: task.missingLibraries.map(({ name, requester, message, tried }) => ({
      name,
      askedForBy: requester.name,
      message,
      tried,
    })),
    messages: task.messages.map(({ text }) => text),
    exitCode: task.exitCode ?? 0,
  };
}
