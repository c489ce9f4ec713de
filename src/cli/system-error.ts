// Why the system refused something, in its words instead of Node's.

/** "no such file or directory" for an error of node:fs; else the error's own text. */
export function systemErrorText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { errno } = cause as NodeJS.ErrnoException;
  const known = process
    .getBuiltinModule("node:util")
    .getSystemErrorMap()
    .get(errno ?? 0);
  return known?.[1] ?? cause.message;
}
