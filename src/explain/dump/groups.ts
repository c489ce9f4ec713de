// Section groups: of COMDAT groups with one signature, a link keeps the first.

import { demangle } from "../../demangle/index.ts";
import type { ElfFile, Report } from "../../elf/index.ts";
import { GRP_COMDAT, groupsOf } from "../../elf/index.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import { counted, type Style } from "./table.ts";

export interface GroupDump {
  /** Index of the SHT_GROUP section. */
  readonly section: number;
  readonly signature: string;
  readonly comdat: boolean;
  readonly members: readonly { readonly index: number; readonly name: string }[];
}

export function groupDumps(file: ElfFile, report: Report): GroupDump[] {
  return groupsOf(file, report).map(({ section, flags, signature, members }) => ({
    section: section.index,
    signature,
    comdat: (flags & GRP_COMDAT) !== 0,
    members: members.map((index) => ({ index, name: file.sections[index].name })),
  }));
}

export function groupChapter(groups: readonly GroupDump[]): Chapter<GroupDump> {
  return {
    title: `Section groups: ${counted(groups.length, "group")}`,
    columns: [
      { title: "#", align: "right", cell: ({ section }) => String(section), by: ({ section }) => section },
      { title: "kind", cell: ({ comdat }) => (comdat ? "COMDAT" : "") },
      {
        title: "signature",
        paint: "name",
        cell: ({ signature }, style) => (style.demangle ? demangle(signature) : signature),
      },
      { title: "sections", cell: ({ members }) => members.map(({ name }) => name).join(" ") },
    ],
    rows: groups,
    more: "--groups",
  };
}

export function groupLines(groups: readonly GroupDump[], style: Style): string[] {
  return chapterLines(groupChapter(groups), style);
}
