// Names as programmers wrote them.

/** Rust's legacy scheme: the Itanium form of a path that ends in a hash, `_ZN4core3fmt5Write9write_fmt17h…E`. */
const RUST_LEGACY = /^_ZN((?:\d+[^\d].*)?)17h[0-9a-f]{16}E(?:\.llvm\.[0-9A-F]+)?$/;

/** The name as its programmer wrote it, or the name itself when it is not mangled in a known scheme. */
export function demangle(name: string): string {
  const path = RUST_LEGACY.exec(name);
  return path === null ? name : (rustPath(path[1]) ?? name);
}

function rustPath(mangled: string): string | undefined {
  const parts: string[] = [];
  let rest = mangled;
  while (rest !== "") {
    const length = /^\d{1,4}/.exec(rest)?.[0];
    if (length === undefined || rest.length < length.length + Number(length)) return undefined;
    parts.push(rustEscapes(rest.slice(length.length, length.length + Number(length))));
    rest = rest.slice(length.length + Number(length));
  }
  return parts.length === 0 ? undefined : parts.join("::");
}

const RUST_ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

function rustEscapes(part: string): string {
  return part
    .replace(/^_\$/, "$")
    .replace(/\$(?:u([0-9a-f]{1,6})|([A-Z]{1,2}))\$/g, (all, code: string | undefined, short: string | undefined) => {
      if (short !== undefined) return RUST_ESCAPES[short] ?? all;
      const point = Number.parseInt(code ?? "", 16);
      return point > 0x10ffff ? all : String.fromCodePoint(point);
    })
    .replaceAll("..", "::");
}
