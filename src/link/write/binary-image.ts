// --oformat=binary: memory as it is when the program is loaded, and nothing else; for boot loaders, firmware and kernels. As
// BFD's binary target (bfd/binary.c): what has contents, from the lowest address on, zeros between.

import { SHF_ALLOC, SHT_NOBITS } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { LARGEST_IMAGE } from "./write-image.ts";

/**
 * @param image the same program as an ELF file
 * @param sections of that file
 * Error: `output-too-large`, where sections stand far apart.
 */
export function binaryImage(image: Uint8Array, sections: readonly OutputSection[], report: Report): Uint8Array {
  const loaded = sections.filter(
    (it) => (it.flags & SHF_ALLOC) !== 0 && it.type !== SHT_NOBITS && it.offset + it.size <= image.length,
  );
  if (loaded.length === 0) return new Uint8Array(0);
  const start = loaded.reduce((lowest, it) => Math.min(lowest, it.lma), Number.POSITIVE_INFINITY);
  const size = loaded.reduce((end, it) => Math.max(end, it.lma + it.size), 0) - start;
  if (size > LARGEST_IMAGE) {
    report(error("output-too-large", {}, { size, largest: LARGEST_IMAGE }));
    return new Uint8Array(0);
  }
  const memory = new Uint8Array(size);
  for (const it of loaded) memory.set(image.subarray(it.offset, it.offset + it.size), it.lma - start);
  return memory;
}
