// TLS descriptors of arm: argument first, an addend only where there is no symbol, and functions of Thumb code. GNU ld writes them
// for -mtls-dialect=gnu2 only, which no distribution takes.

import { before, describe, test } from "node:test";
import { needs } from "../../support/tools.ts";
import { agreeGuest } from "../judges/agree.ts";
import { GUESTS } from "../judges/guest.ts";
import { type GuestWorkshop, guestTools, guestWorkshop } from "./workshop.ts";

const LIBRARY = `
  __thread int theirs = 5;
  __thread long wide[4] __attribute__((aligned(64))) = { 1 };
  static __thread int own[3] = { 4, 5, 6 };
  extern __thread int nobodys __attribute__((weak));
  int sum(int x) { own[2] += x; wide[0] += own[2]; return own[1] + theirs + (&nobodys ? nobodys : 0); }
`;
const PROGRAM = `
  #include <stdio.h>
  extern __thread int theirs;
  int sum(int);
  int main(void) { printf("%d %d\\n", sum(2), theirs); return 0; }
`;

for (const guest of GUESTS.filter(({ machine }) => machine === "arm" || machine === "armel")) {
  describe(guest.machine, needs(...guestTools(guest)), () => {
    let shop: GuestWorkshop | undefined;
    before(() => {
      shop = guestWorkshop(guest);
      shop.library("descriptors", LIBRARY, "-mtls-dialect=gnu2");
    });

    test(`${guest.machine}: thread-local variables by descriptors`, () => {
      agreeGuest(shop?.program("through", PROGRAM, "-mtls-dialect=gnu2", "-ldescriptors") ?? "", { LD_BIND_NOW: "1" });
    });
  });
}
