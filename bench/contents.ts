// What is in an output, to show that a short time was not bought by leaving work out: sections with their sizes, symbols
// and dynamic relocations, Solder's beside lld's.

import { run } from "../test/support/run.ts";

export interface Contents {
  readonly bytes: number;
  /** Output section → bytes. */
  readonly sections: ReadonlyMap<string, number>;
  /** Symbols in .symtab by binding, and all in .dynsym. */
  readonly symbols: ReadonlyMap<string, number>;
  /** Dynamic relocations by type. */
  readonly relocations: ReadonlyMap<string, number>;
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

export function contents(path: string): Contents {
  const read = (option: string) => run("readelf", [option, path], { timeout: 120_000 }).stdout.split("\n");
  const sections = new Map<string, number>();
  for (const line of read("-SW")) {
    const found = /^ *\[ *\d+\] (\S+) +\S+ +[0-9a-f]{8,16} [0-9a-f]+ ([0-9a-f]+) /.exec(line);
    if (found !== null) sections.set(found[1] ?? "", Number.parseInt(found[2] ?? "0", 16));
  }
  const symbols = new Map<string, number>();
  let table = "";
  for (const line of read("-sW")) {
    table = /^Symbol table '(\S+)'/.exec(line)?.[1] ?? table;
    const found = /^ *\d+: [0-9a-f]+ +\w+ (\w+) +(\w+) /.exec(line);
    if (found === null) continue;
    if (table === ".dynsym") count(symbols, ".dynsym");
    else count(symbols, `.symtab ${found[2]} ${found[1]}`);
  }
  const relocations = new Map<string, number>();
  for (const line of read("-rW")) {
    const found = /^[0-9a-f]{8,16} +[0-9a-f]{8,16} (R_\w+)/.exec(line);
    if (found !== null) count(relocations, found[1] ?? "");
  }
  return { bytes: Number(run("stat", ["-c", "%s", path]).stdout), sections, symbols, relocations };
}

/** Rows of a table: what, ours, theirs; only where they differ by more than a hundredth, and the totals. */
export function compareContents(ours: Contents, theirs: Contents): string[] {
  const rows = [`| file | ${ours.bytes} | ${theirs.bytes} |`];
  const tables: readonly (readonly [string, (c: Contents) => ReadonlyMap<string, number>])[] = [
    ["bytes of", (c) => c.sections],
    ["symbols:", (c) => c.symbols],
    ["relocations:", (c) => c.relocations],
  ];
  for (const [title, pick] of tables) {
    const [a, b] = [pick(ours), pick(theirs)];
    for (const name of [...new Set([...a.keys(), ...b.keys()])].sort()) {
      const [left, right] = [a.get(name) ?? 0, b.get(name) ?? 0];
      if (Math.abs(left - right) > Math.max(left, right) / 100) rows.push(`| ${title} ${name} | ${left} | ${right} |`);
    }
    const total = (map: ReadonlyMap<string, number>) => [...map.values()].reduce((sum, value) => sum + value, 0);
    rows.push(`| ${title} all | ${total(a)} | ${total(b)} |`);
  }
  return rows;
}
