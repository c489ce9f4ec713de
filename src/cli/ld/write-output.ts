// Puts the output file where it belongs, whole or not at all, and otherwise as GNU ld does it (measured with ld 2.40): a file
// with something in it, or a symbolic link to one, gives way to a new file; an empty file, as mkstemp(3) makes it, keeps
// its place, its links and its permissions; a device or a pipe is written into.

import {
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { error, type Problem } from "../../elf/problem.ts";
import { fromRoot } from "../../host/from-root.ts";
import { writeAll } from "../../host/read-range.ts";

/** Is told the name of a temporary file before it is there, and undefined when it is gone; says whether it is still wanted. */
export interface Watch {
  readonly begins: (temporary: string) => void;
  readonly ends: () => void;
  readonly isWanted: () => boolean;
}

/** Writes the image. A problem is what kept it from being written; then the file is as it was. */
export function writeOutput(path: string, image: Uint8Array, executable: boolean, watch?: Watch): Problem | undefined {
  try {
    const old = statSync(path, { throwIfNoEntry: false });
    if (old?.isFile() && old.size > 0) replace(path, image, executable, watch);
    else if (old?.isFile()) fillEmpty(path, image, executable);
    else if (old !== undefined) writeWhole(path, "w", image);
    else if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) createTarget(path, image, executable);
    else create(path, image, executable, watch);
    return undefined;
  } catch (cause) {
    return error("cannot-write", { file: path }, { reason: reasonOf(cause) });
  }
}

/** What the system said, in words: `permission denied` of `EACCES: permission denied, open 'x'`. */
export function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return /^[A-Z0-9]+: ([^,]*)/.exec(text)?.[1] ?? text;
}

/** Under another name first, so that nobody ever sees half a file; the kernel takes the umask from the permissions. */
function create(path: string, image: Uint8Array, executable: boolean, watch?: Watch): void {
  // Short, because the output's own name may be as long as names can be.
  const temporary = `${dirname(path)}/.solder-${process.pid}-${Date.now().toString(36)}`;
  watch?.begins(fromRoot(temporary));
  try {
    writeWhole(temporary, "wx", image, executable ? 0o777 : 0o666);
    if (watch?.isWanted() === false) throw new Error("ECANCELED: nobody waits for it any more, write");
    renameSync(temporary, path);
  } catch (cause) {
    removeIfThere(temporary);
    throw cause;
  } finally {
    watch?.ends();
  }
}

/** @param flags "wx" where nothing may be there yet */
function writeWhole(path: string, flags: "w" | "wx", image: Uint8Array, mode = 0o666): void {
  const file = openSync(path, flags, mode);
  try {
    writeAll(file, image);
  } finally {
    closeSync(file);
  }
}

/** Makes the file that a symbolic link points to. */
function createTarget(link: string, image: Uint8Array, executable: boolean): void {
  const file = openSync(link, "w", executable ? 0o777 : 0o666);
  try {
    writeAll(file, image);
  } catch (cause) {
    removeIfThere(realpathSync(link));
    throw cause;
  } finally {
    closeSync(file);
  }
}

/** In a directory that takes no new files, a file that may be written still can be. */
function replace(path: string, image: Uint8Array, executable: boolean, watch?: Watch): void {
  try {
    create(path, image, executable, watch);
  } catch (cause) {
    if (!isForbidden(cause)) throw cause;
    fillEmpty(path, image, executable);
  }
}

/** Writes into a regular file, and empties it again if that fails. */
function fillEmpty(path: string, image: Uint8Array, executable: boolean): void {
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, 0);
    writeAll(file, image);
    if (executable) makeExecutable(file);
  } catch (cause) {
    ftruncateSync(file, 0);
    throw cause;
  } finally {
    closeSync(file);
  }
}

/** Adds execution for everybody whom the umask does not exclude. Only the owner can; GNU ld lets that pass as well. */
function makeExecutable(file: number): void {
  const mode = fstatSync(file).mode & 0o777;
  try {
    fchmodSync(file, mode | (0o111 & ~process.umask()));
  } catch (cause) {
    if (!isForbidden(cause)) throw cause;
  }
}

function isForbidden(cause: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS"].includes((cause as NodeJS.ErrnoException).code ?? "");
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not made, or the directory is gone: there is nothing to tidy up.
  }
}
