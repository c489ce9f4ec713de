// What became of an input section, why it stays, and what relocations ask for in it: in words. The facts are the layout's.

import type { InputPlace, InputRelocation } from "../../link/decisions/layout-types.ts";
import type { LinkResult } from "../../link/result.ts";
import { statementText } from "../decisions.ts";
import { fillFormula, type Term } from "../dump/formula.ts";
import { grouped, hex } from "../dump/table.ts";
import { LEFT_OUT } from "./tables.ts";

/** What the output holds. */
type Written = Partial<Pick<LinkResult, "image" | "layout">>;

/** `main.o:(.text): 77 bytes at 0x1040 in .text, aligned to 16`, or why it is nowhere. */
export function placeLine(it: InputPlace): string {
  const what = `${it.file}:(${it.section})`;
  const { fate, address, output, alignment } = it;
  const by = it.statement === undefined ? "" : `; ${statementText(it.statement)}`;
  switch (fate) {
    case "placed":
      return `${what}: ${grouped(it.size)} bytes at ${hex(address ?? 0)} in ${output}, aligned to ${alignment}${by}`;
    case "merged":
      return `${what} is merged into ${output} at ${hex(address ?? 0)}: equal strings, constants and unwind records are there once${by}`;
    case "folded":
      return `${what} is folded into an equal section, at ${hex(address ?? 0)} in ${output} (--icf)`;
    default:
      return `${what} (${grouped(it.size)} bytes) is left out: ${LEFT_OUT[by === "" ? fate : "script"]}${by}`;
  }
}

const ROOTS: Readonly<Record<NonNullable<InputPlace["root"]>, string>> = {
  named: "what the entry point, -u, -init or -fini names is there",
  kept: "KEEP of the script, its type or a flag says so",
  exported: "other modules see what it defines",
};

/** With --gc-sections: why the section stays. */
export function keptLines({ keptBy, root }: InputPlace): string[] {
  if (keptBy.length === 0) return root === undefined ? [] : [`  it stays in any case: ${ROOTS[root]}`];
  const [first, ...rest] = keptBy;
  const end = root === undefined ? "" : ", which stays in any case: ".concat(ROOTS[root]);
  return [
    `  --gc-sections keeps it because ${first} needs it${rest.map((one) => `,`.concat(` which ${one} needs`)).join("")}${end}`,
  ];
}

/**
 * `R_X86_64_PLT32 at main.o:(.text+0x1b), address 0x105b: 0x1139 (puts) - 4 - 0x105b = 0xda; the output has da 00 00 00 there`
 * @param stubs PLT entries by symbol
 */
export function relocationLine(it: InputRelocation, stubs: ReadonlyMap<string, number>, output: Written): string {
  const { symbol, value, addend, address } = it;
  const stub = /\bL\b/.test(it.formula) ? stubs.get(symbol) : undefined;
  const named = (number: number | undefined): Term => ({
    text: number === undefined ? symbol || "0" : symbol === "" ? hex(number) : `${hex(number)} (${symbol})`,
    number: number ?? (symbol === "" ? 0 : undefined),
  });
  const filled = fillFormula(
    it.formula,
    {
      S: named(value),
      L: stub === undefined ? named(value) : { text: `${hex(stub)} (PLT entry of ${symbol})`, number: stub },
      ...(addend === undefined ? {} : { A: { text: hex(addend), number: addend } }),
      ...(address === undefined ? {} : { P: { text: hex(address), number: address } }),
    },
    symbol,
  );
  const result = filled.result === undefined ? "" : ` = ${hex(filled.result)}`;
  const meaning = filled.text === "" ? (symbol === "" ? "" : `: against ${symbol}`) : `: ${filled.text}${result}`;
  return `${it.type} at ${it.file}:(${it.section}+${hex(it.offset)})${address === undefined ? "" : `, ${hex(address)}`}${meaning}${written(output, it)}`;
}

/** What stands there in the output: where an instruction was rewritten, not what the formula says. */
function written({ layout, image }: Written, { address, bytes }: InputRelocation): string {
  if (image === undefined || address === undefined || bytes === 0) return "";
  const section = layout?.sections.find(
    (one) => one.address > 0 && address >= one.address && address < one.address + one.size,
  );
  if (section === undefined) return "";
  const at = section.offset + address - section.address;
  const words = Array.from(image.subarray(at, at + bytes), (byte) => byte.toString(16).padStart(2, "0"));
  return words.length < bytes ? "" : `; the output has ${words.join(" ")} there`;
}
