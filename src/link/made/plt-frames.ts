// Unwind information for the linker's own code, the PLT: with it a debugger or a profiler that stops in an entry finds the
// caller. One CIE, and one FDE for each section of entries, in front of the records that come from the inputs. As GNU ld
// (--ld-generated-unwind-info), only where the inputs have such records.

import type { Machine } from "../../arch/index.ts";
import type { EhFrames, PltFde } from "../sections/eh-frame.ts";
import { ehFrameHeaderBytes } from "../sections/eh-frame-format.ts";
import { type Chunk, newChunk, type OutputSections } from "../tables/output-section.ts";
import type { Slots } from "./slots.ts";
import type { SlotChunks } from "./synthesize.ts";

/** Bytes of an FDE before its instructions: length, CIE pointer, address and size of the code, no augmentation data. */
const FDE_HEAD = 17;

/** Adds the records, and their rows to .eh_frame_hdr. After the PLT is planned, before sections are measured. */
export function addPltFrames(frames: EhFrames, outputs: OutputSections, slots: Slots, chunks: SlotChunks): void {
  const { chunk: records, machine, header } = frames;
  const output = records?.output;
  if (records === undefined || output === undefined) return;
  const tables = [
    { entries: chunks.plt, style: slots.lazy },
    { entries: chunks.pltGot, style: slots.direct },
    { entries: chunks.pltSecond, style: slots.second },
  ];
  const fdes: PltFde[] = [];
  let offset = machine.plt.cie.length;
  for (const { entries, style } of tables) {
    if (entries === undefined || style === undefined) continue;
    const instructions = style.unwind;
    // Padded with DW_CFA_nop (0), so that nothing lies between these records and the next: zeros there would mean the end.
    const unit = Math.max(machine.wordBytes, records.alignment);
    const size = Math.ceil((FDE_HEAD + instructions.length) / unit) * unit;
    fdes.push({ offset, size, entries, instructions });
    offset += size;
  }
  if (fdes.length === 0) return;
  if (output.pieces.length === 1 && records.size <= 8) {
    // Nothing but the end mark. GNU ld's own records leave only their alignment behind.
    records.alignment = Math.max(records.alignment, machine.wordBytes);
    return;
  }
  const chunk = newChunk(outputs, output, ".eh_frame", offset, machine.wordBytes);
  chunk.write = (image, view, it) => writePltFrames(machine, fdes, image, view, it);
  const others = output.pieces.filter((piece) => piece !== ~records.id);
  output.pieces = Int32Array.from([...others, ~chunk.id, ~records.id]);
  output.rankEnds = output.rankEnds.map(() => output.pieces.length);
  frames.plt = { chunk, fdes };
  frames.fdeCount += fdes.length;
  if (header !== undefined) header.size = ehFrameHeaderBytes(frames.table ? frames.fdeCount : undefined);
}

function writePltFrames(
  machine: Machine,
  fdes: readonly PltFde[],
  image: Uint8Array,
  view: DataView,
  chunk: Chunk,
): void {
  image.set(machine.plt.cie, chunk.offset);
  for (const { offset, size, entries, instructions } of fdes) {
    const at = chunk.offset + offset;
    view.setUint32(at, size - 4, true);
    view.setUint32(at + 4, offset + 4, true);
    view.setInt32(at + 8, entries.address - (chunk.address + offset + 8), true);
    view.setUint32(at + 12, entries.size, true);
    image.set(instructions, at + FDE_HEAD);
  }
}
