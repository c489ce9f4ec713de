// The first call through a slot of the PLT, and the second; beside them the same call where everything was bound at start. A call
// changes the process, so each question gets one of its own.

import { gnuHash } from "../../src/elf/index.ts";
import { hex } from "../../src/explain/dump/table.ts";
import { hashLook } from "../../src/explain/load/hash-look.ts";
import { type CallStep, callStory } from "../../src/explain/load/lazy.ts";
import { shortName } from "../../src/explain/load/words.ts";
import { type LoadedProcess, pltSlots } from "../../src/load/index.ts";
import { freshLoad, loadFor } from "./load.ts";
import type { BindAnswer, BindAsk, ShownSlot, ShownStory } from "./protocol.ts";
import { PAGE_STYLE } from "./tables.ts";
import type { Workspace } from "./workspace.ts";

/** More slots are found by the filter of the relocations. */
const MOST_SLOTS = 3000;

export function bindAnswer(space: Workspace, { load, object, name }: BindAsk): BindAnswer {
  const { result } = loadFor(space, load);
  if (!result.loaded)
    return { slots: [], chosen: undefined, lazily: undefined, atOnce: undefined, looks: [], hash: "" };
  const slots = slotsOf(result.process);
  const chosen =
    slots.find((it) => it.name === name && it.object === object) ??
    slots.find((it) => it.name === name) ??
    slots.find((it) => /^(printf|puts)$/.test(it.name) && it.object === 0) ??
    slots[0];
  if (chosen === undefined) return { slots, chosen, lazily: undefined, atOnce: undefined, looks: [], hash: "" };
  const bytes = new TextEncoder().encode(chosen.name);
  return {
    slots,
    chosen,
    lazily: storyOf(freshLoad(space, { ...load, now: false }), chosen),
    atOnce: storyOf(freshLoad(space, { ...load, now: true }), chosen),
    looks: looksOf(result.process, chosen),
    hash: `${hex(gnuHash(bytes, 0, bytes.length))}`,
  };
}

function slotsOf(process: LoadedProcess): ShownSlot[] {
  return process.objects
    .flatMap((object) =>
      pltSlots(process, object).map((slot) => ({
        object: object.id,
        file: object.file.realPath,
        short: shortName(object),
        name: slot.name,
        row: slot.row,
        index: slot.index,
        site: slot.site,
        value: slot.value,
        bound: slot.bound,
      })),
    )
    .slice(0, MOST_SLOTS);
}

function storyOf(process: LoadedProcess | undefined, { object, row }: ShownSlot): ShownStory | undefined {
  const caller = process?.objects[object];
  if (process === undefined || caller === undefined) return undefined;
  const slot = pltSlots(process, caller).find((it) => it.row === row);
  if (slot === undefined) return undefined;
  const { title, first, again } = callStory(process, slot, undefined, PAGE_STYLE);
  const shown = (step: CallStep) => ({ text: step.text, code: step.code, about: step.about });
  return { title, first: first.map(shown), again, before: slot.value, after: valueNow(process, object, row) };
}

function valueNow(process: LoadedProcess, object: number, row: number): number {
  return pltSlots(process, process.objects[object]).find((it) => it.row === row)?.value ?? 0;
}

/** Each object of the scope up to the one that has it. */
function looksOf(process: LoadedProcess, { object, name }: ShownSlot): BindAnswer["looks"] {
  const looks: { object: string; lines: readonly string[]; found: boolean }[] = [];
  for (const list of process.objects[object]?.scope ?? []) {
    for (const asked of list) {
      const { lines, symbol } = hashLook(asked, name);
      const defined =
        symbol !== 0 &&
        asked.file.symbols.view.getUint16(
          asked.file.symbols.start + symbol * asked.file.symbols.entry + asked.file.symbols.sectionAt,
          asked.file.symbols.littleEndian,
        ) !== 0;
      const refers = symbol !== 0 && !defined;
      looks.push({
        object: shortName(asked),
        lines: refers ? [...lines, "it only refers to the name: not a definition"] : lines,
        found: defined,
      });
      if (defined) return looks;
    }
  }
  return looks;
}
