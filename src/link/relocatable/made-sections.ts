// What the linker itself puts into the output of -r: the build id, the properties that all objects share, the stack note,
// space for common symbols. It stands first in its output section; the inputs of that name follow.

import type { Machine } from "../../arch/index.ts";
import {
  NT_FDO_PACKAGING_METADATA,
  NT_GNU_BUILD_ID,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHT_NOTE,
  SHT_PROGBITS,
} from "../../elf/constants.ts";
import type { Report } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import type { Loader } from "../inputs/loader.ts";
import { decideStack, stackNote, stackNoteFlags } from "../layout/stack.ts";
import { buildIdSize } from "../made/build-id.ts";
import { noteBytes, packageDescription } from "../made/synthesize.ts";
import type { LinkOptions } from "../options.ts";
import { mergePropertyNotes, type PropertyInput } from "../sections/property-notes.ts";
import { contentsOf } from "../sections/section-contents.ts";
import type { SectionId } from "../tables/ids.ts";
import { findText } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import type { MadeSection } from "./assigned.ts";
import type { OutputTable } from "./output-table.ts";

export const BUILD_ID = ".note.gnu.build-id";
export const PACKAGE = ".note.package";
export const PROPERTIES = ".note.gnu.property";
const STACK = ".note.GNU-stack";

export interface MadeContents {
  /** .note.gnu.build-id with zeros for the hash, or undefined. */
  readonly buildId: Uint8Array | undefined;
  /** .note.package, or undefined. */
  readonly packageNote: Uint8Array | undefined;
  /** The merged properties; undefined when the objects have none in common. */
  readonly properties: Uint8Array | undefined;
  /** The input section whose place the properties take; -1 when no object has one. */
  readonly propertyHost: SectionId;
  /** Sections that no input has, or not with these contents. They are placed as if they were the first object's last. */
  readonly sections: readonly MadeSection[];
  /** Some object asks for an executable stack. */
  readonly executableStack: boolean;
}

/** Decides what is to be made. The host of the properties gets their size. */
export function planMade(loader: Loader, machine: Machine, options: LinkOptions, report: Report): MadeContents {
  const { objects, sections } = loader;
  const list: MadeSection[] = [];
  const idSize = buildIdSize(options.buildId);
  const buildId = idSize === 0 ? undefined : noteBytes(NT_GNU_BUILD_ID, new Uint8Array(idSize), "GNU");
  if (buildId !== undefined) list.push({ name: BUILD_ID, type: SHT_NOTE, flags: SHF_ALLOC, alignment: 4 });

  const { packageMetadata: json } = options;
  const packageNote =
    json === undefined ? undefined : noteBytes(NT_FDO_PACKAGING_METADATA, packageDescription(json), "FDO");
  if (packageNote !== undefined) list.push({ name: PACKAGE, type: SHT_NOTE, flags: SHF_ALLOC, alignment: 4 });

  const sayers = objects.filter((it) => it.made === undefined);
  const hosts = sayers.map((object) => propertySection(object, sections));
  const inputs: PropertyInput[] = sayers.map((object, i) => ({
    file: object.name,
    bytes: hosts[i] < 0 ? undefined : contentsOf(object, sections, hosts[i], options.accelerators),
  }));
  const properties = mergePropertyNotes(inputs, machine.elfClass, options.z, report).note;
  const propertyHost = properties === undefined ? -1 : (hosts.find((it) => it >= 0) ?? -1);
  if (properties !== undefined) {
    if (propertyHost < 0) list.push({ name: PROPERTIES, type: SHT_NOTE, flags: SHF_ALLOC });
    else {
      sections.size[propertyHost] = properties.length;
      sections.alignment[propertyHost] = machine.wordBytes;
    }
  }

  const { execstack } = options.z;
  const stack = decideStack(loader, report);
  if (execstack !== undefined && objects.every((it) => stackNoteFlags(it, sections) === undefined)) {
    list.push({ name: STACK, type: SHT_PROGBITS, flags: execstack ? SHF_EXECINSTR : 0 });
  }
  const executableStack = execstack === undefined && stack.executable && isStackNoteKept(objects, sections);
  return { buildId, packageNote, properties, propertyHost, sections: list, executableStack };
}

/**
 * It is one note whose section gets the flag, the first that asks for it, else the last: --gc-sections may have removed that one
 * alone (bfd/elflink.c, bfd_elf_size_dynamic_sections: "notesec").
 */
function isStackNoteKept(objects: readonly ObjectFile[], sections: SectionTable): boolean {
  const notes = objects.map((it) => stackNote(it, sections)).filter((it) => it >= 0);
  const decisive = notes.find((it) => (sections.flags[it] & SHF_EXECINSTR) !== 0) ?? notes.at(-1);
  return decisive !== undefined && (sections.state[decisive] & (STATE_COLLECTED | STATE_DISCARDED)) === 0;
}

const PROPERTY_BYTES = bytesOf(`${PROPERTIES}\0`);

function propertySection(object: ObjectFile, sections: SectionTable): SectionId {
  const { bytes } = object;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sections.type[section] !== SHT_NOTE || (sections.state[section] & STATE_DISCARDED) !== 0) continue;
    const start = sections.name[section];
    let i = 0;
    while (i < PROPERTY_BYTES.length && bytes[start + i] === PROPERTY_BYTES[i]) i++;
    if (i === PROPERTY_BYTES.length) return section;
  }
  return -1;
}

/**
 * One object without the note is enough: the stack of a program with it must be executable. With --unique there are several
 * notes; if none asks for it itself, the last does (bfd/elflink.c, bfd_elf_size_dynamic_sections: "notesec").
 */
export function markStack(made: MadeContents, table: OutputTable): void {
  const name = findText(table.names, STACK);
  if (!made.executableStack || name < 0) return;
  let last = -1;
  for (let id = 0; id < table.count; id++) {
    if (table.name[id] !== name) continue;
    if ((table.flags[id] & SHF_EXECINSTR) !== 0) return;
    last = id;
  }
  if (last >= 0) table.flags[last] |= SHF_EXECINSTR;
}
