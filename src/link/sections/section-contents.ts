// The bytes of an input section, decompressed where the section is compressed (gABI, SHF_COMPRESSED; GNU's .zdebug_*).

import { ELFCOMPRESS_ZLIB, ELFCOMPRESS_ZSTD } from "../../elf/constants.ts";
import type { Accelerators } from "../options.ts";
import type { SectionId } from "../tables/ids.ts";
import { isZdebug, type ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_COMPRESSED } from "../tables/section-table.ts";

/** @returns undefined if the section is compressed and damaged, or no decompressor for it was given */
export function contentsOf(
  object: ObjectFile,
  sections: SectionTable,
  section: SectionId,
  accelerators: Accelerators,
): Uint8Array | undefined {
  const start = sections.offset[section];
  if ((sections.state[section] & STATE_COMPRESSED) === 0)
    return object.bytes.subarray(start, start + sections.size[section]);
  const { view, is64 } = object;
  const zdebug = isZdebug(sections, section);
  const header = is64 && !zdebug ? 24 : 12;
  const packed = object.bytes.subarray(start + header, start + rawSize(object, section));
  const size = sections.size[section];
  switch (zdebug ? ELFCOMPRESS_ZLIB : view.getUint32(start, true)) {
    case ELFCOMPRESS_ZLIB:
      return accelerators.inflate?.(packed, size);
    case ELFCOMPRESS_ZSTD:
      return accelerators.zstd?.(packed, size);
    default:
      return undefined;
  }
}

/** sh_size as the file has it; the column holds the size of the decompressed contents. */
function rawSize(object: ObjectFile, section: SectionId): number {
  const { view, is64 } = object;
  const table = is64 ? view.getUint32(40, true) : view.getUint32(32, true);
  const at = table + (section - object.firstSection) * (is64 ? 64 : 40);
  return view.getUint32(at + (is64 ? 32 : 20), true);
}
