// `solder load --got` on each machine: slots of functions, of data, of thread-local storage, and of the object's own addresses, though
// some machines have one type of relocation for slots and data alike.

import { match } from "node:assert/strict";
import { test } from "node:test";
import { runLoad } from "../../../src/cli/load/load.ts";
import { nodeFiles } from "../../../src/host/node-files.ts";
import { printed } from "../../support/io.ts";
import { needs } from "../../support/tools.ts";
import { GUESTS } from "../judges/guest.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

const LIBRARY = "int table[3] = { 1 }; __thread int local = 4; int asked(int x) { return x + local; }";
const PROGRAM = `
  extern int table[3]; extern __thread int local; int asked(int);
  static int own(int x) { return x; }
  int (*volatile chosen)(int) = own;
  int main(void) { return asked(table[1]) + local + chosen(1); }
`;

for (const guest of GUESTS) {
  test(`${guest.machine}: --got lists slots of every sort`, needs(...guestTools(guest)), () => {
    const shop = guestWorkshop(guest);
    shop.library("got", LIBRARY);
    const program = shop.program("got", PROGRAM, "-fpie", "-pie", "-Wl,-z,lazy", "-lgot");
    const { out } = printed((io) => runLoad(["--root", shop.root, "--got", program], io, nodeFiles));
    const own = out.slice(0, out.indexOf("\n\n", 1));
    match(own, /^ *0x[0-9a-f]+: 0x[0-9a-f]+ {2}asked, not bound yet: points back into the PLT of got/m);
    match(own, /^ *0x[0-9a-f]+: 0x[0-9a-f]+ {2}table, in \/w\/libgot\.so$/m);
    match(own, /^ *0x[0-9a-f]+: 0x[0-9a-f]+ {2}local, the offset from the thread pointer/m);
  });
}
