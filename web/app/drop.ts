// Files from outside: dropped, or chosen in a dialog. Folders are walked; a file's path is its place under what was dropped.

import type { GivenFile } from "../worker/protocol.ts";

/** More than this is somebody's whole disk. */
const MOST_FILES = 20_000;

/** Everything in a drop, folders opened. */
export async function droppedFiles(data: DataTransfer): Promise<GivenFile[]> {
  const found: GivenFile[] = [];
  // Entries must be taken before anything is waited for: the list is empty afterwards.
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return [...data.files].map((file) => ({ path: file.name, contents: file }));
  for (const entry of entries) await walk(entry, "", found);
  return found;
}

async function walk(entry: FileSystemEntry, directory: string, found: GivenFile[]): Promise<void> {
  if (found.length >= MOST_FILES) return;
  const path = `${directory}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File | undefined>((take) => {
      (entry as FileSystemFileEntry).file(take, () => take(undefined));
    });
    if (file !== undefined) found.push({ path, contents: file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((take) => {
      reader.readEntries(take, () => take([]));
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
