// Names as programmers wrote them: C++ (Itanium ABI) and Rust (legacy and v0), letter for letter as `c++filt --no-verbose`
// writes them. Synchronous and without dependencies: messages need it in a browser too.

import { demangleItanium } from "./itanium.ts";
import { demangleRustLegacy } from "./rust-legacy.ts";
import { demangleRustV0 } from "./rust-v0.ts";

/** Longer names are not worth the time. */
const MAX_NAME = 1 << 16;

/** The name as its programmer wrote it, or the name itself when it is not mangled in a known scheme. Never throws. */
export function demangle(name: string): string {
  if (!name.startsWith("_") || name.length > MAX_NAME) return name;
  return demangleRustV0(name) ?? demangleRustLegacy(name) ?? demangleItanium(name) ?? name;
}
