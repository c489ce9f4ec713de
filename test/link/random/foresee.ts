// What a planned link will find and miss, foreseen by reading its inputs as a linker does: for most plans to link, as only then
// two outputs can be compared. It need not be exact; what it misses, GNU ld refuses.

import type { Definition, LibraryPlan, LinkPlan, ObjectPlan, PoolPlan, Reference } from "./parts.ts";

/** `name` and `name@V` for what others can mean by it. */
export function offersOf({ name, versions, renamed }: Definition): string[] {
  const plain = versions.length === 0 || (!renamed && !versions.some((it) => /@@@|remove|local/.test(it)));
  const offers = plain ? [name] : [];
  for (const version of versions) {
    if (version.includes("@@")) offers.push(name);
    offers.push(`${name}@${version.replace(/^@+|,.*/g, "")}`);
  }
  return offers;
}

function asked({ name, version }: Reference): string {
  return name + version;
}

export function isHidden({ visibility }: Definition): boolean {
  return visibility === "hidden" || visibility === "internal";
}

/** Those of an object that it does not answer itself. */
function questionsOf({ references, definitions }: ObjectPlan): Reference[] {
  return references.filter(({ name }) => !definitions.some((it) => it.name === name));
}

function objectsOf(pool: PoolPlan, ids: readonly string[]): ObjectPlan[] {
  return ids.map((id) => pool.objects.get(id)).filter((it) => it !== undefined);
}

/** What a library has for others, by its version script. */
export function exportsOf(pool: PoolPlan, library: LibraryPlan): Set<string> {
  const out = new Set([`total_${library.id}`]);
  for (const { definitions } of objectsOf(pool, library.objects)) {
    for (const definition of definitions) {
      if (isHidden(definition)) continue;
      const offers = offersOf(definition);
      if (definition.versions.length > 0) for (const offer of offers) out.add(offer);
      const place = offers.includes(definition.name) ? placeIn(library.script, definition.name) : "local";
      if (place === "local") continue;
      out.add(definition.name);
      if (place !== "") out.add(`${definition.name}@${place}`);
    }
  }
  return out;
}

/** The node of a version script that a name is in: "" for none, or "local". Exact names go before patterns. */
export function placeIn(script: string, name: string): string {
  let found = "";
  for (const exact of [true, false]) {
    for (const [, version, body] of script.matchAll(/(\w*) ?\{([^}]*)\}/g)) {
      let local = false;
      for (const [, head, entry] of body.matchAll(/(global:|local:)|([\w*?[\]-]+);/g)) {
        if (head !== undefined) local = head === "local:";
        else if (exact ? entry === name : matches(entry, name)) found ||= local ? "local" : version;
      }
    }
  }
  return found;
}

function matches(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}

/** What libraries ask of others by name, and do not give each other. */
export function askedByLibraries(pool: PoolPlan, libraries: readonly LibraryPlan[]): Set<string> {
  const given = new Set(libraries.flatMap((it) => [...exportsOf(pool, it)]));
  const out = new Set<string>();
  for (const { objects } of libraries) {
    const own = new Set(objectsOf(pool, objects).flatMap((it) => it.definitions.flatMap(offersOf)));
    for (const reference of objectsOf(pool, objects).flatMap(questionsOf))
      if (!own.has(asked(reference)) && !given.has(asked(reference))) out.add(asked(reference));
  }
  return out;
}

/** The libraries of the link, and with -rpath-link those that they need. */
export function reached(pool: PoolPlan, args: readonly string[], libraries: readonly LibraryPlan[]): LibraryPlan[] {
  if (!args.includes("-rpath-link")) return [...libraries];
  const all = new Set(libraries);
  for (const { needed } of all)
    for (const id of needed) for (const library of pool.libraries) if (library.id === id) all.add(library);
  return [...all];
}

/** Names that objects of a link define tentatively, and that its libraries, or those that they need, have too. */
export function tentativeInLibraries(pool: PoolPlan, plan: LinkPlan): Set<string> {
  const libraries = pool.libraries.filter(({ id }) =>
    plan.args.some((it) => it === `-l${id}` || it === `POOL/lib${id}.so`),
  );
  const exported = new Set(reached(pool, plan.args, libraries).flatMap((it) => [...exportsOf(pool, it)]));
  const members = [...plan.archives.values()].flatMap((it) => it.members);
  const direct = plan.args.map((it) => /^POOL\/(o\d+)\.o$/.exec(it)?.[1] ?? "");
  const definitions = [plan.glue, ...objectsOf(pool, [...direct, ...members])].flatMap((it) => it.definitions);
  return new Set(definitions.filter((it) => it.form === "common" && exported.has(it.name)).map((it) => it.name));
}

/** Names, and names with a version, that stay undefined when the plan's inputs are read one after the other. */
export function missing(pool: PoolPlan, plan: LinkPlan, libraries: readonly LibraryPlan[]): Set<string> {
  const loaded: LibraryPlan[] = [];
  const shared = new Set<string>();
  const wanted = new Set<string>();
  const near = new Set<string>();
  const defined = new Set<string>();
  const taken = new Set<ObjectPlan>();
  const wrapped = plan.args.flatMap((it, i) => (it === "--wrap" ? [plan.args[i + 1]] : []));
  const take = (object: ObjectPlan): void => {
    taken.add(object);
    for (const offer of object.definitions.flatMap(offersOf)) defined.add(offer);
    for (const reference of questionsOf(object)) {
      if (reference.weak) continue;
      const key = wrapped.includes(reference.name) ? `__wrap_${asked(reference)}` : asked(reference);
      wanted.add(key);
      if (reference.hidden) near.add(key);
    }
  };
  const isOpen = (key: string): boolean => wanted.has(key) && !defined.has(key) && (near.has(key) || !shared.has(key));
  const read = (names: readonly string[], whole: boolean): void => {
    for (let before = -1; before !== taken.size; ) {
      before = taken.size;
      for (const name of names)
        for (const object of objectsOf(pool, plan.archives.get(name)?.members ?? []))
          if (!taken.has(object) && (whole || object.definitions.flatMap(offersOf).some(isOpen))) take(object);
    }
  };
  let group: string[] | undefined;
  let whole = false;
  const asNeeded = [false];
  plan.args.forEach((arg, i) => {
    const [, id] = /^POOL\/(o\d+)\.o$/.exec(arg) ?? [];
    const archive = arg.endsWith(".a") ? arg : /^-l[AB]$/.test(arg) ? `lib${arg[2]}.a` : undefined;
    const library = libraries.find((it) => arg === `-l${it.id}` || arg === `POOL/lib${it.id}.so`);
    if (/^--(?:no-)?as-needed$/.test(arg)) asNeeded[0] = arg === "--as-needed";
    else if (arg === "--push-state") asNeeded.unshift(asNeeded[0]);
    else if (arg === "--pop-state") asNeeded.shift();
    else if (library !== undefined) {
      const names = [...exportsOf(pool, library)];
      if (asNeeded[0] && !names.some(isOpen)) return;
      loaded.push(library);
      for (const name of names) shared.add(name);
    } else if (id !== undefined) for (const object of objectsOf(pool, [id])) take(object);
    else if (arg === "glue.o") take(plan.glue);
    else if (arg === "-u" || arg === "-e") wanted.add(plan.args[i + 1]);
    else if (/^--require-defined=/.test(arg)) wanted.add(arg.slice(18));
    else if (/^--defsym=/.test(arg)) defined.add(arg.slice(9, 11)).add(arg.slice(12));
    else if (/^--(?:no-)?whole-archive$/.test(arg)) whole = arg === "--whole-archive";
    else if (arg === "--start-group") group = [];
    else if (arg === "--end-group") {
      read(group ?? [], whole);
      group = undefined;
    } else if (archive !== undefined && plan.args[i - 1] !== "--exclude-libs") {
      if (group === undefined) read([archive], whole);
      else group.push(archive);
    }
  });
  const all = reached(pool, plan.args, loaded);
  for (const name of all.flatMap((it) => [...exportsOf(pool, it)])) shared.add(name);
  // The C library's.
  shared.add("getpid");
  for (const key of askedByLibraries(pool, all)) wanted.add(key);
  const named = plan.args.filter((it) => /^--defsym=\w\w=[a-z]/.test(it)).map((it) => it.slice(12));
  for (const key of named) {
    wanted.add(key);
    if (!taken.has(plan.glue) || ![...taken].some((it) => it.definitions.flatMap(offersOf).includes(key)))
      defined.delete(key);
  }
  return new Set([...wanted].filter(isOpen));
}
