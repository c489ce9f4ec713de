// Copies the input sections into the image of -r, with their relocations.

import { SHT_GROUP, SHT_NOBITS } from "../../elf/constants.ts";
import { error } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { contentsOf } from "../sections/section-contents.ts";
import type { SectionId } from "../tables/ids.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { STATE_COMPRESSED, STATE_EH_FRAME } from "../tables/section-table.ts";
import { copyBytes } from "../write/copy-bytes.ts";
import { copyRecords } from "./eh-frame.ts";
import type { MadeContents } from "./made-sections.ts";
import { copyRelocations, type RelocationWriter } from "./relocations.ts";

export function writeContents(
  writer: RelocationWriter,
  objects: readonly ObjectFile[],
  made: MadeContents,
  options: LinkOptions,
  image: Uint8Array,
): void {
  const { sections, table } = writer.plan;
  for (const object of objects) {
    const last = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < last; section++) {
      const output = sections.output[section];
      if (output < 0 || sections.type[section] === SHT_NOBITS || sections.type[section] === SHT_GROUP) continue;
      // NOLOAD of a script: there are no bytes for it.
      if (table.contents[output] === 0) continue;
      const to = table.offset[output] + sections.address[section];
      if (section === made.propertyHost && made.properties !== undefined) image.set(made.properties, to);
      else writeSection(writer, object, section, to, options, image);
    }
  }
}

function writeSection(
  writer: RelocationWriter,
  object: ObjectFile,
  section: SectionId,
  to: number,
  options: LinkOptions,
  image: Uint8Array,
): void {
  const { plan, view } = writer;
  const { sections, frames } = plan;
  const state = sections.state[section];
  if ((state & STATE_EH_FRAME) !== 0) copyRecords(frames, object, sections, section, image, view, to);
  else if ((state & STATE_COMPRESSED) === 0) {
    copyBytes(object.bytes, object.view, sections.offset[section], sections.size[section], image, view, to);
  } else {
    const contents = contentsOf(object, sections, section, options.accelerators);
    if (contents === undefined) {
      const place = { file: object.name, section: sectionName(object, sections, section) };
      plan.report(error("decompression-failed", place));
      return;
    }
    image.set(contents, to);
  }
  if (sections.relocs[section] >= 0) copyRelocations(writer, object, section, to);
}
