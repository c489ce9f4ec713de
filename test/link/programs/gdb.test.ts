// gdb and what Solder links: breakpoints, source lines, stacks through libraries and PLT entries, the list of libraries. It
// says the same of GNU ld's output.

import { match } from "node:assert/strict";
import { dirname } from "node:path";
import { compile } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { run } from "../../support/run.ts";
import { LIBRARY, MAIN } from "../../support/two-files.ts";

/** What gdb says, without addresses and process numbers. */
function gdb(directory: string, program: string, sources: readonly string[], commands: readonly string[]): string {
  const args = [
    "-batch",
    "-nx",
    "-ex",
    "set style enabled off",
    ...sources.flatMap((path) => ["-ex", `directory ${path}`]),
  ];
  const all = [...args, ...commands.flatMap((command) => ["-ex", command]), program];
  const { stdout } = run("gdb", all, { cwd: directory });
  return stdout
    .replace(/0x[0-9a-f]+/g, "ADDRESS")
    .replace(/process \d+/g, "process")
    .replaceAll(`${directory}/`, "")
    .split("\n")
    .filter((line) => !/^(Source directories|\[Thread|Using host|warning:)/.test(line))
    .join("\n");
}

eachTarget(
  "gdb stops in main, prints a backtrace with lines and the libraries",
  (target) => {
    const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-g", "-O0"]);
    const main = compile(target, "main.c", MAIN, ["-fpie", "-g", "-O0"]);
    for (const link of ["-pie", "-no-pie"]) {
      const said = likeGnuLd(target, (shop) => {
        shop.cc("liblibrary.so", ["-shared", library]);
        shop.cc("main", [link, main, "./liblibrary.so"]);
        const commands = [
          "break main",
          "run",
          "break deep",
          "continue",
          "bt",
          "info sharedlibrary",
          "info symbol local",
        ];
        return gdb(shop.directory, "./main", [dirname(main), dirname(library)], commands);
      });
      match(said, /Breakpoint 1, main \(\) at main\.c:10/);
      match(said, /#0 +deep \(x=20\) at library\.c:4/);
      match(said, /#1 +ADDRESS in middle \(x=20\) at library\.c:8/);
      match(said, /#2 +ADDRESS in local \(x=20\) at main\.c:6/);
      match(said, /#3 +ADDRESS in main \(\) at main\.c:10/);
      match(said, /Yes .*liblibrary\.so/);
      match(said, /local in section \.text/);
    }
  },
  "gdb",
);

eachTarget(
  "gdb follows a C++ exception out of a static program",
  (target) => {
    const main = compile(
      target,
      "main.cc",
      "struct Oops {};\nstatic void fail()\n{\n  throw Oops();\n}\nint main()\n{\n  try {\n    fail();\n  } catch (Oops &) {\n    return 3;\n  }\n}\n",
      ["-fno-pie", "-g", "-O0"],
    );
    const said = likeGnuLd(target, (shop) => {
      shop.cxx("main", ["-static", main]);
      return gdb(shop.directory, "./main", [dirname(main)], ["break 4", "run", "bt", "break 11", "continue", "kill"]);
    });
    match(said, /#0 +fail \(\) at main\.cc:4/);
    match(said, /#1 +ADDRESS in main \(\) at main\.cc:9/);
    match(said, /Breakpoint 2, main \(\) at main\.cc:11/);
  },
  "gdb",
);

for (const binding of ["lazy", "now"]) {
  eachTarget(
    `gdb finds the way back out of a PLT entry, -z ${binding}`,
    (target) => {
      const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-g", "-O0"]);
      const main = compile(target, "main.c", MAIN, ["-fPIC", "-g", "-O0"]);
      const said = likeGnuLd(target, (shop) => {
        const flags = [`-Wl,-z,${binding}`];
        shop.cc("liblibrary.so", ["-shared", library, ...flags]);
        shop.cc("main", ["-pie", main, "./liblibrary.so", ...flags]);
        const commands = ["break main", "run", "break *'middle@plt'", "continue", "bt", "stepi", "bt", "stepi", "bt"];
        return gdb(shop.directory, "./main", [dirname(main), dirname(library)], commands).replace(/^=>.*\n/gm, "");
      });
      match(said, /#0 +ADDRESS in middle@plt \(\)\n#1 +ADDRESS in local \(x=20\) at main\.c:6\n#2 +ADDRESS in main/);
    },
    "gdb",
  );
}
