// How a member of an archive is asked for: `libx.a(member.o)`.

import type { ArchiveMember } from "../../elf/index.ts";

type Named = Pick<ArchiveMember, "name" | "headerOffset">;

const placed = ({ name, headerOffset }: Named): string => `${name}@0x${headerOffset.toString(16)}`;

/** By its name; where a member before it has that too, with the place of its header: names may repeat. */
export function memberKeys(members: readonly Named[]): string[] {
  const taken = new Set<string>();
  return members.map((it) => {
    const isFirst = !taken.has(it.name);
    taken.add(it.name);
    return isFirst ? it.name : placed(it);
  });
}

export function memberOfKey<M extends Named>(members: readonly M[], key: string): M | undefined {
  return members.find(({ name }) => name === key) ?? members.find((it) => placed(it) === key);
}

/** The archive and the member's key. Parentheses may be in the names of both. @param isThere of an archive's path */
export function splitMember(
  path: string,
  isThere: (path: string) => boolean,
): { readonly archive: string; readonly key: string } | undefined {
  if (!path.endsWith(")")) return undefined;
  for (let at = path.indexOf("("); at > 0; at = path.indexOf("(", at + 1)) {
    const archive = path.slice(0, at);
    if (isThere(archive)) return { archive, key: path.slice(at + 1, -1) };
  }
  return undefined;
}
