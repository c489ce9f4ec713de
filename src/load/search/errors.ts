// Errors of open(2) in the words of strerror(3), which loaders put at the end of their messages.

import type { OpenFailure } from "../settings/contract.ts";

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

/** Of the files that a command is given; the file systems call what is not a regular file EIO (host/load-files.ts). */
export const FILE_ERRORS: Readonly<Record<OpenFailure, string>> = {
  ...ERRORS,
  EIO: "not a regular file, or an input/output error",
};

/** musl's words (src/errno/__strerror.h). */
export const MUSL_ERRORS: Readonly<Record<OpenFailure, string>> = {
  ...ERRORS,
  ELOOP: "Symbolic link loop",
  ENAMETOOLONG: "Filename too long",
  EIO: "I/O error",
};

/** Those that ld.so itself has words for (elf/dl-minimal.c, __strerror_r); of the others it says the number. */
const NUMBERS: Readonly<Partial<Record<OpenFailure, number>>> = {
  ENOTDIR: 20,
  EISDIR: 21,
  EFBIG: 27,
  ENAMETOOLONG: 36,
  ELOOP: 40,
};

/** As ld.so says it while a program starts. */
export function startError(failure: OpenFailure): string {
  const number = NUMBERS[failure];
  return number === undefined ? ERRORS[failure] : `Error ${number}`;
}
