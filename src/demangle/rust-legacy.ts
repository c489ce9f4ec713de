// Rust's first mangling: the Itanium form of a path whose last part is a hash, with characters that an assembler does not
// take written as `$LT$`, `$u20$` and `..`.

/** The path without its hash, or undefined when the name is not a Rust name. */
export function demangleRustLegacy(mangled: string): string | undefined {
  if (!mangled.startsWith("_ZN")) return undefined;
  const parts: string[] = [];
  let at = 3;
  while (mangled.charAt(at) !== "E") {
    const digits = /^[1-9]\d{0,5}/.exec(mangled.slice(at, at + 6))?.[0] ?? "";
    const start = at + digits.length;
    at = start + Number(digits);
    if (digits === "" || at >= mangled.length) return undefined;
    parts.push(mangled.slice(start, at));
  }
  // What LLVM and GCC add to a copy: `.llvm.1234`, `.cold`.
  if (!/^(?:\.[\w.]*)?$/.test(mangled.slice(at + 1))) return undefined;
  const hash = parts.pop();
  if (hash === undefined || parts.length === 0 || !isHash(hash)) return undefined;
  return parts.map(unescaped).join("::");
}

/** A C++ name could end in `17h` and hex digits too; a real hash has at least five different ones. */
function isHash(part: string): boolean {
  return /^h[0-9a-f]{16}$/.test(part) && new Set(part.slice(1)).size >= 5;
}

const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/** What is not a known escape ends the reading of escapes: the rest stands as it is. */
function unescaped(part: string): string {
  let text = "";
  let rest = part.startsWith("_$") ? part.slice(1) : part;
  while (rest !== "") {
    const piece = /^(?:\$([A-Z]{1,2}|u[2-7][0-9a-f])\$|\.\.|[^$.]+|\.)/.exec(rest);
    if (piece === null) return text + rest;
    const code = piece[1];
    if (code === undefined) text += piece[0] === ".." ? "::" : piece[0];
    else if (code.startsWith("u")) text += String.fromCharCode(Number.parseInt(code.slice(1), 16));
    else if (Object.hasOwn(ESCAPES, code)) text += ESCAPES[code];
    else return text + rest;
    rest = rest.slice(piece[0].length);
  }
  return text;
}
