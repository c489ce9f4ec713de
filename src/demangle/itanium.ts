// The Itanium C++ ABI's mangling, from a whole symbol name to text.

import { encoding } from "./names.ts";
import { type Node, name } from "./nodes.ts";
import { fail, newParser, type Parser, take } from "./parser.ts";
import { newPrinter, write } from "./print.ts";

/** The name as c++filt writes it, or undefined when it is not one that the ABI describes. */
export function demangleItanium(mangled: string): string | undefined {
  if (mangled.startsWith("_Z")) return demangleEncoding(mangled);
  const global = /^_GLOBAL_[._$]([ID])_(.+)$/s.exec(mangled);
  if (global === null) return undefined;
  const keyed = global[2].startsWith("_Z") ? demangleEncoding(global[2]) : global[2];
  return keyed === undefined ? undefined : `global ${global[1] === "I" ? "con" : "de"}structors keyed to ${keyed}`;
}

function demangleEncoding(mangled: string): string | undefined {
  const parser = newParser(mangled, 2, false);
  const node = wholeName(parser);
  if (!parser.failed) return textOf(node);
  if (!parser.metUnresolvedName) return undefined;
  const old = newParser(mangled, 2, true);
  const oldNode = wholeName(old);
  return old.failed ? undefined : textOf(oldNode);
}

/** <encoding> and the suffixes of copies that the compiler made: `.cold`, `.constprop.0`, `.part.1`. */
function wholeName(p: Parser): Node {
  let node = encoding(p, true);
  for (let suffix = cloneSuffix(p); suffix !== ""; suffix = cloneSuffix(p)) {
    node = { kind: "words", before: "", of: node, between: " [clone ", and: name(`${suffix}]`) };
  }
  return p.at < p.text.length ? fail(p) : node;
}

function cloneSuffix(p: Parser): string {
  const suffix = /^\.[a-z0-9_][a-z0-9_]*(?:\.\d+)*/.exec(p.text.slice(p.at))?.[0] ?? "";
  take(p, suffix);
  return suffix;
}

function textOf(node: Node): string | undefined {
  const out = newPrinter();
  write(out, node);
  return out.failed ? undefined : out.text;
}
