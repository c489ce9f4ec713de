// --default-symver: what has no version is in a version with the library's name, numbered as GNU ld does it. (The name is
// there twice: as that of the library, flag BASE, and as a version. The dynamic linker needs both.)

import { deepEqual, equal } from "node:assert/strict";
import { compile, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

eachTarget(
  "--default-symver",
  (target) => {
    const library = compile(target, "values.c", "int first(void) { return 3; } int second(void) { return 4; }", [
      "-fPIC",
    ]);
    const main = compile(
      target,
      "main.c",
      "int first(void); int second(void); int main(void) { return first() * second(); }",
    );
    // The last: every symbol has a version of its own.
    for (const script of ["", "V1 { global: first; };", "V1 { global: *; };"]) {
      const [expected, actual] = [gnu, underTest].map((linker) => {
        const shop = workshop(linker, target);
        const flags = script === "" ? [] : [`--version-script=${shop.file("versions", script)}`];
        const path = shop.ld("libvalues.so.1", [
          "-shared",
          "-soname",
          "libvalues.so.1",
          "--default-symver",
          ...flags,
          library,
        ]);
        shop.cc("main", [main, "./libvalues.so.1", "-Wl,-rpath,$ORIGIN"]);
        equal(shop.run("main").status, 12);
        const symbols = tool("readelf", ["--dyn-syms", "-W", path]);
        return {
          definitions: [...tool("readelf", ["-VW", path]).matchAll(/Flags: .*/g)].map(([line]) => line),
          symbols: [...symbols.matchAll(/ (\S+@@\S+)/g)].map(([, name]) => name).sort(),
        };
      });
      deepEqual(actual, expected);
    }
  },
  ...x86_64.tools,
);
