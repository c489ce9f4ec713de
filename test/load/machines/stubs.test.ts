// What an unbound slot leads to: on MIPS, which has no PLT, a stub that tells the resolver the number of its symbol; elsewhere the PLT, of
// which `load --call` shows the code up to its jump.

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Style } from "../../../src/explain/dump/table.ts";
import { callStory } from "../../../src/explain/load/lazy.ts";
import { nodeDisassembler } from "../../../src/host/disassembly/disassembler.ts";
import { callSlot, pltSlots, processMemory } from "../../../src/load/index.ts";
import { relocatedBytes, relocationsOf } from "../../../src/load/views/relocation-list.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { GUESTS, type Guest } from "../judges/guest.ts";
import { loaded } from "../judges/reality.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

const guestOf = (wanted: string): Guest => GUESTS.filter(({ machine }) => machine === wanted)[0];
const guest = guestOf("mips64el");

test("mips64el: an unbound slot leads to a stub with the symbol's number", needs(...guestTools(guest)), () => {
  const shop = guestWorkshop(guest);
  const program = shop.program(
    "calls",
    '#include <stdio.h>\nint main(void) { puts("x"); return putchar(10); }',
    "-Wl,-z,lazy",
  );
  const task = loaded(program);
  const [main] = task.objects;
  const symbols = tool("readelf", ["-W", "--dyn-syms", join(shop.root, program)]);
  // R_MIPS_REL32 with R_MIPS_64 behind it writes eight bytes.
  deepEqual(
    [...relocationsOf(task, main)].filter(({ type }) => type?.name === "R_MIPS_REL32").map(relocatedBytes)[0],
    8,
  );
  const slots = pltSlots(task, main).filter(({ bound }) => !bound);
  ok(slots.length >= 2);
  for (const { name, row } of slots) {
    const [, number] = new RegExp(`^ *(\\d+):.* ${name}@`, "m").exec(symbols) ?? [];
    const { stub, target, after } = callSlot(task, main, row);
    equal(stub?.index, Number(number), name);
    deepEqual([after === target, callSlot(task, main, row).resolved], [true, false]);
  }
});

const STYLE: Style = { color: false, columns: 100, demangle: false, rows: 100 };

/** Of each step its code, without addresses, operands left out. */
const CODE: Readonly<Record<string, readonly string[]>> = {
  aarch64: ["stp adrp ldr add br"],
  s390x: ["basr lgf jg", "stg larl mvc lg br"],
};

for (const [machine, expected] of Object.entries(CODE)) {
  test(`${machine}: a first call shows the PLT's code up to its jump`, needs(...guestTools(guestOf(machine))), () => {
    const shop = guestWorkshop(guestOf(machine));
    const source = '#include <stdio.h>\nint main(void) { return puts("x"); }';
    const task = loaded(shop.program("call", source, "-Wl,-z,lazy"));
    processMemory(task);
    const slot = pltSlots(task, task.objects[0]).find(({ name }) => name === "puts");
    ok(slot !== undefined);
    const { first } = callStory(task, slot, nodeDisassembler(), STYLE);
    const code = first.map((step) => step.code.map((line) => line.replace(/^\S+ (\S+).*$/, "$1")).join(" "));
    deepEqual(
      code.filter((text) => text !== ""),
      expected,
    );
  });
}
