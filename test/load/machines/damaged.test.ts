// Damaged programs and libraries of the other machines, big-endian ones too: loading them ends and throws nothing, and what is told of the
// processes does neither.

import { ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Style } from "../../../src/explain/dump/table.ts";
import { traceLines } from "../../../src/explain/load/trace.ts";
import { profileOf } from "../../../src/load/settings/profiles.ts";
import { needs } from "../../support/tools.ts";
import { GUESTS } from "../judges/guest.ts";
import { damaged, exercise, randomNumbers } from "../support/damage.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

const LIBRARY = `__thread int own = 3; int number = 4; int *pointer = &number;
  int weak(void) __attribute__((weak));
  int shared(void) { return own + *pointer + (weak ? weak() : 0); }`;
const PROGRAM = `extern int number; extern __thread int own; int shared(void);
  void _start(void) { while (shared() + number + own); }`;

const STYLE: Style = { color: false, columns: 100, demangle: true, rows: 100 };
const ROUNDS = 30;

for (const guest of GUESTS.filter(({ machine }) => machine !== "armel" && machine !== "i386")) {
  test(`${guest.machine}: damaged files`, needs(...guestTools(guest)), () => {
    const shop = guestWorkshop(guest);
    const flags = ["-nostdlib", "-Wl,--hash-style=both,-z,lazy"];
    const read = (path: string): Uint8Array => readFileSync(join(shop.root, path));
    const library = read(shop.library("damaged", LIBRARY, ...flags));
    const program = read(shop.program("damaged", PROGRAM, ...flags, "-Wl,--allow-shlib-undefined", "-ldamaged"));
    const contents = new Map([
      ["/main", program],
      ["/w/libdamaged.so", library],
      [guest.loader, read(guest.loader)],
    ]);
    const options = {
      ...{ profile: profileOf("glibc", [2, 36]), environment: {}, currentDirectory: "/", secure: false, hwcaps: [] },
    };
    const tell = (files: ReadonlyMap<string, Uint8Array>): number =>
      exercise(options, files).flatMap((task) => [...traceLines(task, undefined, STYLE)]).length;
    ok(tell(contents) > 50, "the whole load is told");
    const random = randomNumbers(20251130);
    for (let round = 0; round < ROUNDS; round++) {
      const [path, original] =
        round % 2 === 0 ? (["/main", program] as const) : (["/w/libdamaged.so", library] as const);
      tell(new Map([...contents, [path, damaged(original, round, random)]]));
    }
  });
}
