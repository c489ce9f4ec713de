// ppc64le's functions have two entries, and ld --plt-localentry counts on that a function of another library has only one: ld.so
// refuses a library in which that is no longer so.

import { deepEqual, ok } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../../support/tools.ts";
import { GUESTS } from "../judges/guest.ts";
import { forgetFiles, loaded, runProgram } from "../judges/reality.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

const guest = GUESTS.find(({ machine }) => machine === "ppc64le");
if (guest !== undefined) {
  const title = "ppc64le: a program that counts on local entries refuses a library without them";
  test(title, needs(...guestTools(guest)), () => {
    const shop = guestWorkshop(guest);
    shop.library("a", "int one(void) { return 1; }");
    const source = "int one(void); int main(void) { return one() - 1; }";
    const program = shop.program("counts", source, "-la", "-Wl,--plt-localentry");
    mkdirSync(join(shop.root, "w/other"));
    shop.library("other/a", "int data = 1; int one(void) { return data; }", "-Wl,-soname,liba.so");
    const environment = { LD_BIND_NOW: "1", LD_LIBRARY_PATH: "/w/other" };
    const { status, stderr } = runProgram(program, environment);
    forgetFiles();
    const task = loaded(program, environment);
    ok(stderr.includes("expected localentry:0 `one'"), stderr);
    deepEqual([task.exitCode, ...task.messages.map(({ text }) => text)], [status, stderr.trimEnd()]);
  });
}
