// Names come from files that nobody vouches for. What a terminal would obey instead of showing is written out, in the form
// that JSON has for it.

/** A name with control characters as `\u001b`. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, written);
}

/** Whole output: line feeds, tabs and colours stay. */
export function printableOutput(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  return text.replace(CONTROLS, (part) => (part.startsWith("\x1b[") ? part : written(part[0]) + part.slice(1)));
}

/** Whether there is anything to look for: this is ten times as fast as to look for it, and output may have 100 MB. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNUSUAL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

/** Control characters but line feeds and tabs, with what makes an escape a colour. */
const CONTROLS = /(?![\n\t])\p{Cc}(?:\[[\d;]*m)?/gu;

function written(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
