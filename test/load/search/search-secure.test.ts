// Set-user-ID programs: what their user says about where libraries are does not count, and `$ORIGIN` only counts where it
// leads into the system's own directories. The real loader is asked as another user; it gives a set-user-ID program no
// LD_DEBUG, so what is compared is whether it starts, and its error.

import { equal } from "node:assert/strict";
import { chmodSync } from "node:fs";
import { relative } from "node:path";
import { test } from "node:test";
import { x86_64 } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";
import { realSearch, simulatedSearch } from "../support/searching.ts";
import { type ObjectFacts, type Tree, tree } from "../support/tree.ts";

/** Ends with status 0. */
const EXIT = ".globl _start\n_start: mov $60, %eax\n xor %edi, %edi\n syscall\n";

function judge(title: string, body: (here: Tree) => void): void {
  const options = process.getuid?.() === 0 ? needs("ld", "setpriv", ...x86_64.tools) : { skip: "needs root" };
  test(title, options, () => {
    const here = tree(x86_64, "secure");
    for (const path of [here.path, here.at("..")]) chmodSync(path, 0o755);
    here.library("libs/liba.so", { needed: ["libb.so"], runpath: "$ORIGIN/beside" });
    here.library("libs/beside/libb.so");
    here.library("libs/libb.so");
    body(here);
  });
}

function compare(here: Tree, facts: ObjectFacts, env: Readonly<Record<string, string>> = {}): string {
  const program = here.program("main", { ...facts, source: EXIT });
  chmodSync(program, 0o4755);
  const { error } = realSearch(program, { env, secure: true });
  equal(simulatedSearch(program, { env, secure: true }).error, error);
  return error;
}

const MISSING = "cannot open shared object file: No such file or directory";

judge("LD_LIBRARY_PATH does not count", (here) => {
  equal(
    compare(here, { needed: ["libb.so"] }, { LD_LIBRARY_PATH: here.at("libs") }),
    `error while loading shared libraries: libb.so: ${MISSING}`,
  );
});

judge("a path that is written out does, and so does $ORIGIN of a library found by it", (here) => {
  equal(compare(here, { needed: ["liba.so"], runpath: here.at("libs") }), "");
});

judge("the program's own $ORIGIN counts if it leads into a directory of the system", (here) => {
  const toSystem = relative(here.path, "/usr/lib/x86_64-linux-gnu");
  equal(compare(here, { needed: ["liba.so"], rpath: "$ORIGIN/libs" }).includes(MISSING), true);
  equal(compare(here, { needed: ["libc.so.6"], rpath: `$ORIGIN/${toSystem}`, flags: ["-z", "nodefaultlib"] }), "");
  const inside = compare(here, {
    needed: ["libc.so.6"],
    rpath: `/$ORIGIN/${toSystem}`,
    flags: ["-z", "nodefaultlib"],
  });
  // Nothing was opened, so there is no error of the system to say.
  equal(inside, "error while loading shared libraries: libc.so.6: cannot open shared object file");
});

judge("names with tokens are refused", (here) => {
  const error = compare(here, { needed: ["$ORIGIN/libs/libb.so"] });
  equal(error, "error while loading shared libraries: $ORIGIN/libs/libb.so: DST not allowed in SUID/SGID programs");
  equal(compare(here, { needed: ["$ORIGINAL.so"] }).includes(MISSING), true);
});

judge("what may not be read is passed over, and is the reason given if nothing else is found", (here) => {
  for (const directory of ["closed", "open"]) here.library(`${directory}/libx.so`);
  chmodSync(here.at("closed/libx.so"), 0o600);
  const both = here.program("both", {
    needed: ["libx.so"],
    rpath: `${here.at("closed")}:${here.at("open")}`,
    source: EXIT,
  });
  const path = here.program("path", { needed: [here.at("closed/libx.so")], source: EXIT });
  for (const program of [both, path]) {
    const { error } = realSearch(program, { asNobody: true });
    equal(simulatedSearch(program, { asNobody: true }).error, error);
    equal(error.endsWith("Permission denied"), program === path);
  }
});

judge("LD_PRELOAD takes no paths, and only files that are set-user-ID themselves", (here) => {
  compare(here, { needed: ["libb.so"], rpath: here.at("libs") }, { LD_PRELOAD: here.at("libs/liba.so") });
  compare(here, { needed: ["libb.so"], rpath: here.at("libs") }, { LD_PRELOAD: "liba.so" });
});
