// The files that were handed in, as nodes: made when a program comes by, and read when it reads.

import type { FileFacts, LoadFiles } from "../../load/index.ts";
import { errnoOf } from "./errno.ts";
import { bytesOfText, textOfBytes } from "./names.ts";
import type { DirectoryNode, DirectorySource, Node, Time } from "./nodes.ts";

/** What the nodes of the files that were handed in share. */
export interface Lower {
  readonly files: LoadFiles;
  /** Numbers for files whose own are not known. */
  nextInode: number;
  /** What stands under several names is one node. */
  readonly linked: Map<number, Node>;
  /** Times of files whose own are not known. */
  readonly time: Time;
  /** Whose files are if nobody says. */
  readonly user: number;
  readonly group: number;
}

/** The entries of a directory that was handed in. @param path without a slash at its end; the root is empty */
export function lowerDirectory(lower: Lower, path: string): DirectorySource {
  return {
    changes: false,
    names: () => lower.files.list(path === "" ? "/" : textOfBytes(path)).map(bytesOfText),
    get: (name, directory) => lowerNode(lower, `${path}/${name}`, name, directory),
  };
}

function lowerNode(lower: Lower, path: string, name: string, parent: DirectoryNode): Node | undefined {
  const text = textOfBytes(path);
  const { files } = lower;
  const facts = files.facts === undefined ? guessedFacts(lower, text) : files.facts(text);
  if (facts === undefined) return undefined;
  const known = facts.links > 1 && facts.kind === "file" ? lower.linked.get(facts.inode) : undefined;
  if (known !== undefined) return known;
  const { modified } = facts;
  const base = {
    inode: facts.inode,
    mode: facts.mode,
    user: facts.user,
    group: facts.group,
    links: facts.links,
    accessed: modified,
    modified,
    changed: modified,
    locks: undefined,
  };
  switch (facts.kind) {
    case "directory":
      return {
        ...base,
        kind: "directory",
        entries: new Map(),
        source: lowerDirectory(lower, path),
        parent,
        name,
        exists: true,
      };
    case "link":
      return { ...base, kind: "link", target: bytesOfText(files.linkTarget?.(text) ?? ""), jump: undefined };
    case "other":
      // A device, a pipe or a socket of the host, which is none of the program's business: it is there, and nothing answers.
      return { ...base, kind: "device", major: 0, minor: 0 };
    case "file": {
      const load = (): Uint8Array | number => {
        const opened = files.open(text);
        return typeof opened === "string" ? errnoOf(opened) : opened.bytes;
      };
      const node: Node = {
        ...base,
        kind: "file",
        bytes: undefined,
        size: facts.size,
        own: false,
        load,
        shared: undefined,
      };
      if (facts.links > 1) lower.linked.set(facts.inode, node);
      return node;
    }
  }
}

/** For files of which nothing but the bytes is known: anybody may read and execute them. */
function guessedFacts(lower: Lower, path: string): FileFacts | undefined {
  const { files, user, group, time: modified } = lower;
  const base = { mode: 0o755, user, group, modified, links: 1 };
  const target = files.linkTarget?.(path);
  if (target !== undefined)
    return { ...base, kind: "link", mode: 0o777, size: target.length, inode: lower.nextInode++ };
  if (files.isDirectory(path)) return { ...base, kind: "directory", size: 4096, links: 2, inode: lower.nextInode++ };
  const opened = files.open(path);
  if (typeof opened === "string") return undefined;
  const mode = opened.executable === false ? 0o644 : 0o755;
  return { ...base, kind: "file", mode, size: opened.bytes.length, inode: lower.nextInode++ };
}
