// Every problem code has words, every entry has a code that somebody raises, and the documentation is the table.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { messagesDocument } from "../../src/explain/document.ts";
import { messageAreas, messageFor } from "../../src/explain/messages/messages.ts";
import type { Message } from "../../src/explain/messages/table.ts";
import { fill } from "../../src/explain/messages/template.ts";

const sources = readdirSync("src", { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".ts") && !name.startsWith("explain/messages"))
  .map((name) => ({ name, text: readFileSync(join("src", name), "utf8") }));

/** error("code" and its like, fail("code", fails(reader, "code", problem(severity, "code", code: "code". */
const RAISED =
  /(?:\b(?:(?:error|warning|note|fail)\(\s*|fails\(\s*\w+,\s*|problem\(\s*[\w".]+,\s*)"([a-z0-9-]+)"|\bcode: "([a-z]+-[a-z-]+)")/g;
const known = messageAreas.flatMap(({ table }) => Object.keys(table));

/** Codes of parts that are still to be written; whoever raises one takes it off this list. */
const AWAITED = new Set(["archive-no-index", "textrel"]);

test("every code that is raised has an entry in the message table", () => {
  const missing = sources.flatMap(({ name, text }) =>
    [...text.matchAll(RAISED)]
      .map(([, called, written]) => called ?? written)
      .filter((code) => !messageFor(code))
      .map((code) => `${name}: ${code}`),
  );
  deepEqual(missing, []);
});

test("every entry of the message table is a code that the program uses", () => {
  const unused = known.filter((code) => !AWAITED.has(code) && !sources.some(({ text }) => text.includes(`"${code}"`)));
  deepEqual(unused, []);
});

test("a code that is raised is awaited no more", () => {
  const here = [...AWAITED].filter((code) => sources.some(({ text }) => text.includes(`"${code}"`)));
  deepEqual(here, []);
});

test("no code stands in two areas", () => {
  deepEqual(
    known.filter((code, index) => known.indexOf(code) !== index),
    [],
  );
});

function templates(entry: Message): string[] {
  return [entry.message, ...(entry.more ?? []), ...(entry.cure === undefined ? [] : [entry.cure])];
}

test("templates have no hole that cannot be filled", () => {
  for (const { table } of messageAreas) {
    for (const [code, entry] of Object.entries(table)) {
      for (const template of templates(entry)) {
        ok(!/[{}]|\[\[|\]\]/.test(fill(template, {}, (name) => name)), `${code}: ${template}`);
        ok(!template.endsWith("."), `${code} ends in a full stop`);
      }
    }
  }
});

test("docs/messages.md is what the table says (node scripts/messages.mjs writes it)", () => {
  equal(readFileSync("docs/messages.md", "utf8"), messagesDocument());
});
