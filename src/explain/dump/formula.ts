// A relocation's formula with what is known filled in: `S + A - P` becomes `.rodata + 0xc - P`, and where every letter has a
// number, `0x402010 (message) - 4 - 0x401017 = 0xff5`. The formulas are those of the machine's table; nothing here knows a
// relocation type. Beside letters, `+` and `-` a formula may have `Page(…)` (the low 12 bits cleared), parentheses, numbers, `&`,
// `>>`, and `@name` for what only a link or a process can know.

import { hex } from "./table.ts";

/** What a letter of a formula stands for. */
export interface Term {
  readonly text: string;
  /** Undefined as long as it is not known. */
  readonly number: number | undefined;
}

/** The letters of the psABIs; those without a term stay letters. */
export type Terms = Readonly<Partial<Record<"S" | "A" | "P" | "L" | "G" | "Z" | "B" | "GOT", Term>>>;

export interface FilledFormula {
  readonly text: string;
  /** The result, where every term is known. */
  readonly result: number | undefined;
}

const LETTERS = /\b(?:GOT|[SAPGLZB])\b/g;
/** Nothing but letters, added and subtracted. */
const SUM = /^[A-Z]+(?: [+-] [A-Z]+)*$/;

/** @param name the symbol's name: `@tlsgd` and the like are said of it */
export function fillFormula(formula: string, terms: Terms, name: string): FilledFormula {
  if (SUM.test(formula)) return { text: sumText(formula, terms), result: sum(formula, terms) };
  const text = formula
    .replace(/(^|\s)@(\w+)/g, (_, before: string, kind: string) => `${before}${name}@${kind}`)
    .replace(/ ([+-]) A\b/g, (whole: string, sign: string) => addend(whole, sign, terms.A))
    .replace(LETTERS, (letter) => termOf(terms, letter)?.text ?? letter);
  return { text, result: formula.includes("@") ? undefined : resultOf(formula, terms) };
}

const TOKENS = /0x[\da-f]+|\d+|\w+|>>|[-+&()]/g;

/** What a formula comes to; undefined where a letter's number is not known, or it is no formula but words. */
function resultOf(formula: string, terms: Terms): number | undefined {
  const tokens = formula.match(TOKENS) ?? [];
  // Fields of 8 bytes hold more than a number does.
  let at = 0;
  const operand = (): bigint | undefined => {
    const token = tokens[at++] ?? "";
    if (token === "(" || token === "Page") {
      if (token === "Page") at++;
      const inner = shifted();
      at++;
      return token === "Page" && inner !== undefined ? inner & ~0xfffn : inner;
    }
    if (/^\d/.test(token)) return BigInt(token);
    const number = termOf(terms, token)?.number;
    return Number.isSafeInteger(number) ? BigInt(number ?? 0) : undefined;
  };
  const added = (): bigint | undefined => {
    let value = operand();
    while (tokens[at] === "+" || tokens[at] === "-") {
      const minus = tokens[at++] === "-";
      const other = operand();
      value = value === undefined || other === undefined ? undefined : minus ? value - other : value + other;
    }
    return value;
  };
  // `+` and `-` bind closer than `>>` and `&`, which go from left to right.
  const shifted = (): bigint | undefined => {
    let value = added();
    while (tokens[at] === "&" || tokens[at] === ">>") {
      const mask = tokens[at++] === "&";
      const other = added();
      value = value === undefined || other === undefined ? undefined : mask ? value & other : value >> other;
    }
    return value;
  };
  const value = shifted();
  return value === undefined || at < tokens.length ? undefined : Number(value);
}

/** What the replacements of `fillFormula` come to where there are only letters, which is so of nearly all relocations. */
function sumText(formula: string, terms: Terms): string {
  let text = "";
  let sign = "";
  for (const word of formula.split(" ")) {
    if (word === "+" || word === "-") {
      sign = ` ${word} `;
      continue;
    }
    const term = termOf(terms, word);
    if (sign !== "" && word === "A") text += addend(`${sign}${word}`, sign.trim(), term);
    else text += `${sign}${term?.text ?? word}`;
    sign = "";
  }
  return text;
}

function termOf(terms: Terms, letter: string): Term | undefined {
  return Object.hasOwn(terms, letter) ? terms[letter as keyof Terms] : undefined;
}

/** `+ A` with A = -4 is `- 4`; with A = 0 it is nothing. */
function addend(whole: string, sign: string, term: Term | undefined): string {
  if (term?.number === undefined) return whole;
  if (term.number === 0) return "";
  const plus = (sign === "+") === term.number > 0;
  return ` ${plus ? "+" : "-"} ${term.text.replace(/^-/, "")}`;
}

function sum(formula: string, terms: Terms): number | undefined {
  let total = 0;
  let sign = 1;
  for (const word of formula.split(" ")) {
    if (word === "+" || word === "-") {
      sign = word === "+" ? 1 : -1;
      continue;
    }
    const value = termOf(terms, word)?.number;
    if (value === undefined) return undefined;
    total += sign * value;
  }
  return total;
}

/** Small numbers as people write them, others in hexadecimal. */
export function amount(value: number): string {
  return Math.abs(value) < 10 ? String(value) : hex(value);
}
