// The headings of a difference (observe.ts): `relocations:` and the like.

export function isHeading(line: string | undefined): boolean {
  return line !== undefined && /^[a-z][\w ]*:$/.test(line);
}

/** Without those under which nothing is left. */
export function withoutHeadings(lines: readonly string[]): string[] {
  return lines.filter((line, i) => !(isHeading(line) && (lines[i + 1] === undefined || isHeading(lines[i + 1]))));
}
