// What a program's dynamic symbol table has beside its imports, and what not: as GNU ld decides.

import { deepEqual, equal } from "node:assert/strict";
import { compile, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

/** Rows of a table of symbols that have the name. */
const rows = (path: string, table: string, name: string): number =>
  tool("readelf", [table, "-W", path])
    .split("\n")
    .filter((line) => line.endsWith(` ${name}`)).length;

const instance = "template<class T> struct S { static int v; }; template<class T> int S<T>::v = 3;";

eachTarget(
  "a unique symbol is exported if a library has it too, or with -rdynamic",
  (target) => {
    const name = "_ZN1SIiE1vE";
    const main = compile(target, "main.cc", `${instance} int main() { return S<int>::v; }`, ["-fPIC"]);
    const part = compile(target, "part.cc", `${instance} int part() { return S<int>::v; }`, ["-fPIC"]);
    const exported = [gnu, underTest].map((linker) => {
      const shop = workshop(linker, target);
      const library = shop.cxx("libpart.so", ["-shared", part]);
      const withLibrary = ["-Wl,--no-as-needed", library];
      return [[], ["-rdynamic"], withLibrary].map((flags) => rows(shop.cxx("a", [main, ...flags]), "--dyn-syms", name));
    });
    deepEqual(exported, [
      [0, 1, 1],
      [0, 1, 1],
    ]);
  },
  ...x86_64.tools,
);

const weak = `extern __thread int absent __attribute__((weak));
char *address(void) { return (char *)&absent; }
int main(void) { return address() != (char *)__builtin_thread_pointer(); }`;

for (const model of ["global-dynamic", "initial-exec", "local-exec"]) {
  eachTarget(
    `a weak thread-local variable that is nowhere needs nothing at run time: ${model}`,
    (target) => {
      const object = compile(target, "weak.c", weak, ["-fPIC", `-ftls-model=${model}`, "-O1"]);
      for (const linker of [gnu, underTest]) {
        const shop = workshop(linker, target);
        const path = shop.cc("a", ["-pie", object]);
        equal(rows(path, "--dyn-syms", "absent"), 0);
        equal(tool("readelf", ["-rW", path]).includes("TPOFF"), false);
        equal(shop.run("a").status, 0);
      }
    },
    ...x86_64.tools,
  );
}
