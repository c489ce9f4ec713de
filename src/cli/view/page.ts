// The built page, and one page with everything in it: the page, its parts and the files.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import type { Viewed } from "./files.ts";

/** Parts that an exported page carries with it: the program, and what it asks for later. */
const PARTS = ["app", "worker", "machines", "check", "run", "samples", "zstd", "x86"];

/** And one that it does not: five megabytes of disassemblers for other machines than x86. */
const LARGE_PART = "others";

/** Is it the file of a part, which the page asks for? */
export function isPart(name: string): boolean {
  return name.endsWith(".js") && [...PARTS, LARGE_PART].includes(name.slice(0, -3));
}

/** Where `npm run page` leaves the page: beside the bundle of this command, or of the library. */
export function pageDirectory(): string {
  const here = import.meta.url;
  return join(dirname(here.startsWith("file:") ? fileURLToPath(here) : here), "../page");
}

/** @returns undefined if the page is not built */
export function pageText(): string | undefined {
  try {
    return readFileSync(join(pageDirectory(), "index.html"), "utf8");
  } catch {
    return undefined;
  }
}

/** The page with something that it is given: where `client/given.ts` finds it. */
export function pageWith(page: string, given: object, parts: readonly string[] = []): string {
  const texts = [script(`solderParts.given=${inScript(JSON.stringify(given))};`), ...parts.map(script)];
  return page.replace("<!--PARTS-->", () => texts.join("\n"));
}

const script = (text: string): string => `<script>${text}</script>`;

/** In a page, `</script` and `<!--` would end or hide what follows. */
function inScript(json: string): string {
  return json.replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--");
}

/** One page with the files in it, packed. */
export function exportedPage(page: string, { files, begin }: Viewed): string {
  const packed = files.map(({ path, source }) => ({
    path,
    packed: deflateSync(readFileSync(source), { level: 9 }).toString("base64"),
  }));
  const parts = PARTS.flatMap((name) => {
    try {
      return [readFileSync(join(pageDirectory(), `${name}.js`), "utf8")];
    } catch {
      return [];
    }
  });
  return pageWith(page, { begin, files: packed }, parts);
}
