// Who writes which slot: the pages that hold an object's slots are marked, so that each write to them is told, with what was there
// before and what is there after the instruction.

import { IP, MARK_WATCHED, markPage, PAGE, WRITE } from "../../arch/x86/instructions/index.ts";
import { readBytes, touch } from "../memory/address-space.ts";
import { pageOf } from "../memory/pages.ts";
import type { CallEvent, Process, System, Task } from "../system/state.ts";
import { type MappedObject, mappedObjects, type ObjectCache, type Slot } from "./objects.ts";

/** A slot got another value. */
export interface SlotWrite {
  readonly kind: "write";
  readonly task: Task;
  readonly object: MappedObject;
  readonly slot: Slot;
  readonly before: number;
  readonly after: number;
  /** The instruction that wrote. */
  readonly by: number;
}

export interface WriteWatcher {
  /** For the run's observer: after each instruction. */
  readonly asked: () => boolean;
  readonly call: (event: CallEvent) => void;
  /** Begins: the system is there, and its first process. */
  readonly begin: (system: System) => void;
}

/** @param tell gets each write of a slot of the first process */
export function watchSlots(tell: (event: SlotWrite) => void): WriteWatcher {
  const cache: ObjectCache = new Map();
  let system: System | undefined;
  let slots = new Map<number, { readonly object: MappedObject; readonly slot: Slot }>();
  /** Pages of the buffer to addresses. */
  const pages = new Map<number, number>();
  const noted: { address: number; before: number; by: number; task: Task }[] = [];
  const wordAt = (process: Process, address: number): number => {
    const bytes = process.mode / 8;
    const read = readBytes(process.space, address, bytes);
    if (read === undefined) return 0;
    const view = new DataView(read.buffer);
    return view.getUint32(0, true) + (bytes === 8 ? view.getUint32(4, true) * 2 ** 32 : 0);
  };
  const mark = (process: Process): void => {
    const { memory } = process.space.frames;
    slots = new Map();
    for (const object of mappedObjects(process.space, cache)) {
      for (const [address, slot] of object.slots) slots.set(address, { object, slot });
    }
    for (const address of slots.keys()) {
      const start = address - (address % PAGE);
      // A page that may not be written now, or never, is not watched.
      const page = touch(process.space, start, WRITE);
      if (page < 0) continue;
      markPage(memory, page, MARK_WATCHED);
      pages.set(page, start);
    }
  };
  return {
    begin: (begun) => {
      system = begun;
      const { memory } = begun;
      const others = memory.writes;
      memory.writes = (page, offset, length) => {
        const task = begun.current;
        const start = pages.get(page);
        if (
          start !== undefined &&
          task !== undefined &&
          task.process === begun.first &&
          pageOf(task.process.space.table, start) === page
        ) {
          const bytes = task.process.mode / 8;
          for (let at = offset - (offset % bytes); at < offset + length; at += bytes) {
            const address = start + at;
            if (!slots.has(address)) continue;
            const by = (task.cpu.words[IP] >>> 0) + (bytes === 8 ? task.cpu.words[IP + 1] * 2 ** 32 : 0);
            noted.push({ address, before: wordAt(task.process, address), by, task });
          }
        }
        others(page, offset, length);
      };
      if (begun.first !== undefined) mark(begun.first);
    },
    asked: () => {
      for (const { address, before, by, task } of noted.splice(0)) {
        const found = slots.get(address);
        const after = wordAt(task.process, address);
        if (found !== undefined && after !== before) tell({ kind: "write", task, ...found, before, after, by });
      }
      return false;
    },
    call: ({ task, row, result }) => {
      if (row === undefined || result === undefined || task.process !== system?.first) return;
      if (row.name === "mmap" || row.name === "mmap2" || row.name === "munmap") mark(task.process);
    },
  };
}
