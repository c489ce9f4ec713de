// --dependency-file: the files that were read, as a rule for make. GNU ld's form, with the names escaped, which it leaves
// out: make splits names at blanks.

/** `output` depends on `inputs`; each input gets an empty rule, so that make does not stop when it is gone. */
export function dependencyRule(output: string, inputs: readonly string[]): string {
  const names = [...new Set(inputs)].map(escapeName);
  const rule = [`${escapeName(output)}:`, ...names.map((name) => `  ${name}`)].join(" \\\n");
  return `${rule}\n${names.map((name) => `\n${name}:\n`).join("")}`;
}

/** GNU make manual, "Rule Syntax" and "Variables": a backslash before blanks and `#`, and `$` doubled. */
function escapeName(name: string): string {
  return name.replace(/(\\*)([ \t#])/g, "$1$1\\$2").replaceAll("$", "$$$$");
}
