// docs/library.md: its examples are run, in order, and must print what it says they print.

import { equal, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "./support/build.ts";
import { tool } from "./support/run.ts";
import { needs } from "./support/tools.ts";

interface Block {
  readonly language: string;
  readonly text: string;
}

const document = readFileSync(join(repository, "docs/library.md"), "utf8");
const blocks: readonly Block[] = [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
  language,
  text,
}));

/** Compilers choose instructions, and with them offsets and sizes: one number is as good as another. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/0x[0-9a-f]+/g, "0x…").replaceAll(/(?<= )\d+(?=[ \n])/g, "…");
}

test("the examples of docs/library.md print what it says", needs("gcc", "ar"), () => {
  // Inside of the package, so that its own name leads to it.
  const directory = join(repository, "build/library-examples");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  let examples = 0;
  let printed = "";
  for (const { language, text } of blocks) {
    if (language === "c") {
      const name = /^\/\/ (\w+\.c)$/m.exec(text)?.[1];
      ok(name, "a source file begins with its name");
      writeFileSync(join(directory, name), text);
    } else if (language === "sh") tool("sh", ["-ec", text], { cwd: directory });
    else if (language === "js") {
      const name = `example-${++examples}.mjs`;
      writeFileSync(join(directory, name), text);
      printed = tool(process.execPath, [name], { cwd: directory });
    } else equal(withoutNumbers(printed), withoutNumbers(text), `example ${examples}`);
  }
  ok(examples > 7);
});
