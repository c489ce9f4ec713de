// The stages of a link in words: what each does, and what came of it in this link.

import type { LinkStage } from "../../link/options.ts";
import type { LinkResult } from "../../link/result.ts";
import { byteCount, counted } from "../dump/table.ts";

export interface StageWords {
  readonly title: string;
  /** What came of it. */
  readonly words: string;
}

const TITLES: Readonly<Record<LinkStage, string>> = {
  read: "Read the inputs, resolve every name",
  collect: "Read unwind records, collect garbage",
  assign: "Give every input section its output section",
  merge: "Merge strings, fold functions, allot common symbols",
  symbols: "Define the linker's symbols, assign versions, bind",
  scan: "Scan relocations: who needs a GOT word, a PLT entry, the loader",
  report: "Report what cannot be",
  make: "Make GOT, PLT, dynamic section and symbol tables",
  layout: "Lay out: addresses and file offsets",
  addresses: "Compute the address of every symbol",
  write: "Write: apply relocations, fill sections, headers",
};

export function stageWords(stage: LinkStage, result: LinkResult): StageWords {
  return { title: TITLES[stage], words: outcome(stage, result) };
}

function outcome(stage: LinkStage, { decisions, layout, problems, image }: LinkResult): string {
  const discarded = (reason: string): number =>
    layout === undefined ? 0 : [...layout.discarded()].filter((it) => it.reason === reason).length;
  switch (stage) {
    case "read": {
      const objects = decisions.files.filter(({ kind }) => kind === "object").length;
      const libraries = decisions.files.filter((it) => it.kind === "shared-library" && it.fate === "needed").length;
      const names = [...decisions.names()].length;
      return `${counted(objects, "object")}, ${counted(libraries, "shared library", "shared libraries")}, ${counted(names, "name")}`;
    }
    case "collect": {
      const unused = discarded("unused");
      return unused === 0 ? "" : `${counted(unused, "section")} that nothing refers to left out`;
    }
    case "assign": {
      const copies = discarded("group");
      return copies === 0 ? "" : `${counted(copies, "further copy", "further copies")} of section groups left out`;
    }
    case "scan": {
      const relocations = [...decisions.dynamicRelocations()].length;
      return `${counted(decisions.slots.length, "slot")}; ${counted(relocations, "relocation")} left to the loader`;
    }
    case "report": {
      const errors = problems.filter(({ severity }) => severity === "error").length;
      return errors === 0 ? "nothing" : counted(errors, "error");
    }
    case "layout":
      return layout === undefined
        ? ""
        : `${counted(layout.sections.length, "section")} in ${counted(layout.segments.length, "segment")}`;
    case "write":
      return image === undefined ? "" : byteCount(image.length);
    default:
      return "";
  }
}
