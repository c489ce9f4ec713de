// Programs of other machines against their own loader under qemu-user: memory bound at once and lazily, bindings, searches, word
// for word. Small ones that have all kinds of relocations; whole root directories are test/load/corpus.ts's.

import { before, describe, test } from "node:test";
import { needs } from "../../support/tools.ts";
import { agreeGuest } from "../judges/agree.ts";
import { GUESTS } from "../judges/guest.ts";
import { type GuestWorkshop, guestTools, guestWorkshop } from "./workshop.ts";

/** Data, functions and thread-locals that a program takes, replaces, copies and compares; a resolver; a weak name of nobody. */
const LIBRARY = `
  __thread int counter = 5;
  static __thread char own[40];
  __thread long wide[4] __attribute__((aligned(64))) = { 1, 2 };
  int data[4] = { 1, 2, 3, 4 };
  int *inside = &data[2];
  extern int absent __attribute__((weak));
  int *nobody = &absent;
  int replaced(void) { return 1; }
  int (*pointer)(void) = replaced;
  int add(int x) { counter += x; own[3] = x; wide[1] += own[3]; return replaced() + counter + data[1]; }
  #ifdef RESOLVER
  static int chosen_now(void) { return 7; }
  static void *resolve(void) { return chosen_now; }
  int chosen(void) __attribute__((ifunc("resolve")));
  int (*chosen_pointer)(void) = chosen;
  #else
  int chosen(void) { return 7; }
  #endif
`;

const PROGRAM = `
  #include <stdio.h>
  #include <stdlib.h>
  extern int data[4], add(int), chosen(void), replaced(void);
  extern __thread int counter;
  __thread int mine = 9;
  int (*compared)(int) = add;
  extern int nothing(void) __attribute__((weak));
  int main(void) {
    printf("%d %d %d %d %d\\n", data[1], add(2), chosen(), counter + mine, compared == add);
    return nothing ? 1 : 0;
  }
`;

for (const guest of GUESTS) {
  describe(guest.machine, needs(...guestTools(guest)), () => {
    let shop: GuestWorkshop | undefined;
    before(() => {
      shop = guestWorkshop(guest);
      shop.library("a", LIBRARY, ...(guest.hasResolvers ? ["-DRESOLVER"] : []));
    });

    test(`${guest.machine}: a program of fixed address, which copies a variable`, () => {
      agreeGuest(shop?.program("fixed", PROGRAM, "-fno-pie", "-no-pie", "-Wl,-z,lazy", "-la") ?? "");
    });

    test(`${guest.machine}: a program that may lie anywhere, and replaces a function and a variable of its library`, () => {
      const source = `${PROGRAM} int replaced(void) { return 40; } int *pointer_to_data = &data[3];`;
      const flags = ["-fpie", "-pie", "-Wl,-z,lazy", "-Wl,--hash-style=sysv", "-rdynamic", "-la"];
      agreeGuest(shop?.program("anywhere", source, ...flags) ?? "");
    });
  });
}
