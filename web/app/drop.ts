// Files from outside: dropped, or chosen in a dialog. Folders are walked; a file's path is its place under what was dropped.

import type { GivenFile } from "../worker/protocol.ts";

/** More than this is somebody's whole disk. */
const MOST_FILES = 20_000;

export interface Dropped {
  readonly files: GivenFile[];
  /** What could not be taken, and why. */
  readonly wrong: string[];
}

/** Everything in a drop, folders opened. */
export async function droppedFiles(data: DataTransfer): Promise<Dropped> {
  const found: Dropped = { files: [], wrong: [] };
  // Entries must be taken before anything is waited for: the list is empty afterwards.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0)
    return { files: [...data.files].map((file) => ({ path: file.name, contents: file })), wrong: [] };
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry: FileSystemEntry, directory: string, found: Dropped): Promise<void> {
  const path = `${directory}${entry.name}`;
  if (found.files.length >= MOST_FILES) {
    found.wrong.push(`${path}: ${MOST_FILES} files are taken at most`);
    return;
  }
  const unreadable = (cause: DOMException): undefined => {
    found.wrong.push(`${path}: ${cause.message}`);
  };
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((take) => {
      (entry as FileSystemFileEntry).file(take, (cause) => take(unreadable(cause)));
    });
    if (file !== undefined) found.files.push({ path, contents: file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((take) => {
      reader.readEntries(take, (cause) => take(unreadable(cause) ?? []));
    });
    if (some.length === 0) return;
    for (const one of some) await walk(one, `${path}/`, found);
  }
}

export function chosenFiles(list: FileList | null): GivenFile[] {
  return [...(list ?? [])].map((file) => ({
    path: file.webkitRelativePath === "" ? file.name : file.webkitRelativePath,
    contents: file,
  }));
}
