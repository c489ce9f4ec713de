// Section groups: of COMDAT groups with one signature, a link keeps the first.

import { demangle } from "../../demangle/index.ts";
import type { ElfFile, Report } from "../../elf/index.ts";
import { GRP_COMDAT, groupsOf } from "../../elf/index.ts";
import { counted, heading, type Style, table } from "./table.ts";

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

export function groupLines(groups: readonly GroupDump[], style: Style): string[] {
  const rows = groups.map(({ section, signature, comdat, members }) => [
    String(section),
    comdat ? "COMDAT" : "",
    style.demangle ? demangle(signature) : signature,
    members.map(({ name }) => name).join(" "),
  ]);
  const columns = [
    { title: "#", align: "right" },
    { title: "kind" },
    { title: "signature", paint: "name" },
    { title: "sections" },
  ] as const;
  return [
    ...heading(`Section groups: ${counted(groups.length, "group")}`, style),
    ...table(columns, rows, style, "--groups"),
  ];
}
