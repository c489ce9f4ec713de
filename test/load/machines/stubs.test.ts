// Lazy binding on MIPS has no PLT: a slot leads to a stub that tells the resolver the number of its symbol.

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { callSlot, pltSlots } from "../../../src/load/index.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { GUESTS } from "../judges/guest.ts";
import { loaded } from "../judges/reality.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

const [guest] = GUESTS.filter(({ machine }) => machine === "mips64el");

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
  const slots = pltSlots(task, main).filter(({ bound }) => !bound);
  ok(slots.length >= 2);
  for (const { name, row } of slots) {
    const [, number] = new RegExp(`^ *(\\d+):.* ${name}@`, "m").exec(symbols) ?? [];
    const { stub, target, after } = callSlot(task, main, row);
    equal(stub?.index, Number(number), name);
    deepEqual([after === target, callSlot(task, main, row).resolved], [true, false]);
  }
});
