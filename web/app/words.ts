// Numbers as people read them; the same as in the terminal.

export { byteCount, counted, grouped, hex } from "../../src/explain/dump/table.ts";
