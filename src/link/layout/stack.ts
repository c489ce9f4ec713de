// Whether the program gets an executable stack. Every object says in .note.GNU-stack what it needs; one without the section
// is older than the question and gets what it always had (bfd/elflink.c, bfd_elf_size_dynamic_sections).

import { SHF_EXECINSTR } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import type { Loader } from "../inputs/loader.ts";
import type { SectionId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";

export interface Stack {
  /** There is a PT_GNU_STACK: without any word of an object or an option the kernel decides. */
  readonly stated: boolean;
  readonly executable: boolean;
}

/** Warnings: `exec-stack`, `exec-stack-note`, `exec-stack-option`. */
export function decideStack(loader: Loader, report: Report): Stack {
  const { execstack, gnustack, stackSize = 0 } = loader.options.z;
  const { warnExecstack, outputFormat } = loader.options;
  // Only ELF files can say so.
  if (!gnustack || outputFormat !== "elf") return { stated: false, executable: false };
  if (execstack === true && warnExecstack === true) report(warning("exec-stack-option", {}));
  if (execstack !== undefined) return { stated: true, executable: execstack };
  let stated = stackSize > 0;
  let silent: ObjectFile | undefined;
  for (const object of loader.objects) {
    if (object.made === "symbols") continue;
    const flags = stackNoteFlags(object, loader.sections);
    if (flags === undefined) {
      if (object.sectionCount > 1) silent = object;
    } else if ((flags & SHF_EXECINSTR) !== 0) {
      if (warnExecstack !== false) report(warning("exec-stack-note", { file: object.name }));
      return { stated: true, executable: true };
    } else stated = true;
  }
  const executable = stated && silent !== undefined;
  if (executable && warnExecstack !== false) report(warning("exec-stack", { file: silent?.name ?? "" }));
  return { stated, executable };
}

const NAME = bytesOf(".note.GNU-stack\0");

/** sh_flags of the object's .note.GNU-stack. */
export function stackNoteFlags(object: ObjectFile, sections: SectionTable): number | undefined {
  const section = stackNote(object, sections);
  return section < 0 ? undefined : sections.flags[section];
}

/** The object's .note.GNU-stack, or -1. It is one of the last sections. */
export function stackNote(object: ObjectFile, sections: SectionTable): SectionId {
  for (let section = object.firstSection + object.sectionCount - 1; section > object.firstSection; section--) {
    const at = sections.name[section];
    let i = 0;
    while (i < NAME.length && object.bytes[at + i] === NAME[i]) i++;
    if (i === NAME.length) return section;
  }
  return -1;
}
