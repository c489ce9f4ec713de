// Errors of open(2) in the words of strerror(3), which loaders put at the end of their messages.

import type { OpenFailure } from "../contract.ts";

export const ERRORS: Readonly<Record<OpenFailure, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  EFBIG: "File too large",
  EIO: "Input/output error",
};
