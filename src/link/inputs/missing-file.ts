// What to say of a file that was asked for and cannot be read.

import type { FileSystem } from "../../host/files.ts";

/** The facts of `file-not-found`. */
export function missingFileFacts(
  files: Pick<FileSystem, "whyNot">,
  path: string,
): Readonly<{ path: string; reason?: string }> {
  const reason = files.whyNot?.(path);
  return { path, ...(reason === undefined ? {} : { reason }) };
}
