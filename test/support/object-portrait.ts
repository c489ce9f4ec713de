// An object file as text, with everything in it that a linker could get wrong: sections in order with their contents, local
// symbols in order, global ones, relocations in order, groups. What only says how tables are laid out is left out. The
// reader is readelf.

import { createHash } from "node:crypto";
import { tool } from "./run.ts";
import { readSections } from "./sections.ts";
import { which } from "./tools.ts";

/** `[Nr] Name Type Address Off Size ES Flg Lk Inf Al` */
const SECTION =
  /^ *\[ *(\d+)\] (\S*) +([A-Z_a-z][\w+<>: ]*?) +([0-9a-f]{8,16}) [0-9a-f]{6,} ([0-9a-f]{6,}) ([0-9a-f]{2,}) +([A-Za-z]*) +(\d+) +(\d+) +(\d+)$/;
const SYMBOL = /^ *\d+: ([0-9a-f]+) +(\w+) (\w+) +(\w+) +(\w+)( +\[.*\])? +(\w+)(?: (.*))?$/;
const RELOCATION = /^([0-9a-f]{8,16}) +[0-9a-f]{8,16} (R_\w+)(?: +(.*))?$/;

/** Tables, whose contents follow from the rest; and .eh_frame, where there are many ways to pad. */
const UNCOMPARED = /^\.(symtab|strtab|shstrtab|symtab_shndx|group|rela?\..*|eh_frame)$/;

export function portrait(path: string): string[] {
  const text = tool(which("readelf") ?? "readelf", ["-hSsrgW", path]).split("\n");
  const contents = readSections(path).sections;
  const names: string[] = [];
  const lines: string[] = [];
  for (const line of text) {
    const header = /^ +(Class|OS\/ABI|Type|Machine|Entry point address):/.test(line);
    if (header) lines.push(line.trim().replace(/ +/g, " "));
    const found = SECTION.exec(line);
    if (found === null) continue;
    const [, index, name = "", type, address, size, entry, flags, link, info, align] = found;
    names[Number(index)] = `[${index}]${name}`;
    const same = UNCOMPARED.test(name) ? "" : `size ${size} ${digest(contents[Number(index)]?.bytes)}`;
    const target = /^(GROUP|SYMTAB)$/.test(type ?? "") ? "-" : info;
    lines.push(
      `${index} ${name} ${type} at ${address} ${same} entry ${entry} flags ${flags} link ${link} info ${target} align ${align}`,
    );
  }
  return [...lines, ...symbols(text, names), ...relocations(text), ...groups(text)];
}

function digest(bytes: Uint8Array | undefined): string {
  return createHash("sha1")
    .update(bytes ?? "")
    .digest("hex")
    .slice(0, 8);
}

function symbols(text: readonly string[], names: readonly string[]): string[] {
  const locals: string[] = [];
  const globals: string[] = [];
  for (const line of text) {
    const found = SYMBOL.exec(line);
    if (found === null) continue;
    const [, value, size, type, binding, visibility, , index = "", name] = found;
    const place = names[Number(index)] ?? index;
    const list = binding === "LOCAL" ? locals : globals;
    list.push(`symbol ${name ?? ""} ${type} ${binding} ${visibility} size ${size} value ${value} in ${place}`);
  }
  return [...locals, ...globals.sort()];
}

/** With the symbol's name in place of its number. */
function relocations(text: readonly string[]): string[] {
  const seen: string[] = [];
  let where = "";
  for (const line of text) {
    where = /^Relocation section '([^']*)'/.exec(line)?.[1] ?? where;
    const found = RELOCATION.exec(line);
    if (found !== null) seen.push(`${where} ${found[1]} ${found[2]} ${(found[3] ?? "").replace(/ +/g, " ")}`);
  }
  return seen;
}

function groups(text: readonly string[]): string[] {
  const start = text.findIndex((line) => /group section \[/.test(line));
  const rest = start < 0 ? [] : text.slice(start);
  const end = rest.findIndex((line) => /^(Relocation section|Symbol table|There are no)/.test(line));
  return rest.slice(0, end).map((line) => line.trim().replace(/ +/g, " "));
}
