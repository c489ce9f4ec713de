// docs/library.md and docs/run.md: their examples are run, in order, and must print what the document says they print.

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

/** The blocks of code of a document, or of what stands from a heading on. */
function blocksOf(path: string, heading = ""): readonly Block[] {
  const document = readFileSync(join(repository, path), "utf8");
  const part = document.slice(document.indexOf(heading));
  return [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
}

/** Compilers choose instructions, and with them offsets and sizes: one number is as good as another. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/0x[0-9a-f]+/g, "0x…").replaceAll(/(?<= )\d+(?=[ \n])/g, "…");
}

/** Runs the examples, in order: each must print what stands behind it. @returns how many there are */
function runExamples(blocks: readonly Block[], folder: string, compared: (text: string) => string): number {
  // Inside of the package, so that its own name leads to it.
  const directory = join(repository, "build", folder);
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
    } else equal(compared(printed), compared(text), `example ${examples}`);
  }
  return examples;
}

test("the examples of docs/library.md print what it says", needs("gcc", "ar"), () => {
  ok(runExamples(blocksOf("docs/library.md"), "library-examples", withoutNumbers) > 7);
});

test("the example of docs/run.md prints what it says", needs("/bin/seq"), () => {
  equal(
    runExamples(blocksOf("docs/run.md", "## In the library"), "run-examples", (text) => text),
    1,
  );
});
