// Names as programmers wrote them. Depends on nothing: the linker's version scripts and every message need it.

export { demangle } from "./demangle.ts";
