// Where libraries are found: the simulated search against LD_DEBUG=libs of the real loader, line by line. Each case makes a
// small tree of libraries; the real loader is asked first, and what it did is spelled out where that is the point.

import { deepEqual, equal, ok } from "node:assert/strict";
import { linkSync, mkdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { i386, type Target, x86_64 } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";
import { type Circumstances, realSearch, type Searched, simulatedSearch } from "../support/searching.ts";
import { type Tree, tree } from "../support/tree.ts";

const BITS: readonly Target[] = [x86_64, i386];

/** Compares and gives back what happened. */
function compare(program: string, circumstances: Circumstances = {}): Searched {
  const real = realSearch(program, circumstances);
  deepEqual(simulatedSearch(program, circumstances), real);
  ok(real.lines.length > 0, "the real loader said something");
  return real;
}

/** The file taken for a library: the last one tried. */
function taken(searched: Searched, name: string): string | undefined {
  const start = searched.lines.indexOf(`find library=${name} [0]; searching`);
  const end = searched.lines.indexOf("", start);
  return searched.lines.slice(start, end).at(-1)?.replace("  trying file=", "");
}

for (const target of BITS) {
  const { name } = target;
  const judge = (title: string, body: (here: Tree) => void): void => {
    test(`${name}: ${title}`, needs("ld", ...target.tools), () => body(tree(target, "search")));
  };

  judge("the RPATH of the program counts for what its libraries need", (here) => {
    here.library("libs/liba.so", { needed: ["libb.so"] });
    here.library("libs/libb.so");
    const program = here.program("main", { needed: ["liba.so"], rpath: here.at("libs") });
    equal(taken(compare(program), "libb.so"), here.at("libs/libb.so"));
  });

  judge("its RUNPATH does not", (here) => {
    here.library("libs/liba.so", { needed: ["libb.so"] });
    here.library("libs/libb.so");
    const program = here.program("main", { needed: ["liba.so"], runpath: here.at("libs") });
    const searched = compare(program);
    equal(taken(searched, "liba.so"), here.at("libs/liba.so"));
    ok(taken(searched, "libb.so") !== here.at("libs/libb.so"), "not found there");
  });

  judge("a library's RUNPATH keeps the program's RPATH from what that library needs", (here) => {
    here.library("libs/liba.so", { needed: ["libb.so"], runpath: here.at("more") });
    here.library("libs/libb.so");
    here.library("more/libb.so");
    const program = here.program("main", { needed: ["liba.so"], rpath: here.at("libs") });
    equal(taken(compare(program), "libb.so"), here.at("more/libb.so"));
  });

  judge("RPATHs are gone through from who asks up to the program", (here) => {
    here.library("one/liba.so", { needed: ["libb.so"], rpath: here.at("two") });
    here.library("two/libb.so", { needed: ["libc1.so", "libd1.so", "libe1.so"], rpath: `${here.at("three")}:` });
    here.library("three/libc1.so");
    here.library("two/libd1.so");
    here.library("one/libe1.so");
    const program = here.program("main", { needed: ["liba.so"], rpath: here.at("one") });
    const searched = compare(program);
    equal(taken(searched, "libe1.so"), here.at("one/libe1.so"));
  });

  judge("LD_LIBRARY_PATH comes after RPATH and before RUNPATH", (here) => {
    for (const directory of ["env", "own"]) {
      here.library(`${directory}/liba.so`);
    }
    const env = { LD_LIBRARY_PATH: here.at("env") };
    const old = here.program("old", { needed: ["liba.so"], rpath: here.at("own") });
    const modern = here.program("modern", { needed: ["liba.so"], runpath: here.at("own") });
    equal(taken(compare(old, { env }), "liba.so"), here.at("own/liba.so"));
    equal(taken(compare(modern, { env }), "liba.so"), here.at("env/liba.so"));
  });

  judge("elements of LD_LIBRARY_PATH: colons and semicolons, empty ones, slashes at the end, duplicates", (here) => {
    here.library("libs/liba.so");
    here.library("here/libb.so");
    const program = here.program("main", { needed: ["liba.so", "libb.so", "libmissing.so"] });
    const path = `/nowhere;${here.at("libs")}//:;${here.at("libs")}:relative/:/:${here.at("libs/")}`;
    compare(program, { env: { LD_LIBRARY_PATH: path }, cwd: here.at("here") });
    compare(program, { env: { LD_LIBRARY_PATH: ":" }, cwd: here.at("here") });
    compare(program, { env: { LD_LIBRARY_PATH: "" }, cwd: here.at("here") });
  });

  judge("a directory that both LD_LIBRARY_PATH and the program name is said to be the program's", (here) => {
    here.library("libs/liba.so");
    const program = here.program("main", { needed: ["liba.so", "libmissing.so"], runpath: `${here.at("libs")}:/lib` });
    const { lines } = compare(program, { env: { LD_LIBRARY_PATH: here.at("libs") } });
    ok(lines[1].endsWith(`(RUNPATH from file ${program})`), lines[1]);
  });

  judge("tokens in search paths", (here) => {
    here.library("libs/liba.so");
    const paths = [
      "$ORIGIN/libs",
      "$" + "{ORIGIN}/libs",
      "$ORIGIN/$LIB/$PLATFORM",
      "$" + "{LIB}x/$" + "{PLATFORM}y",
      "$ORIGINAL/libs",
      "$" + "{ORIGIN/libs",
      "$UNKNOWN/$ORIGIN",
      "$$ORIGIN",
      "$",
    ];
    const program = here.program("bin/main", { needed: ["libmissing.so"], runpath: paths.join(":") });
    compare(program);
    compare(here.program("bin/env", { needed: ["libmissing.so"] }), { env: { LD_LIBRARY_PATH: paths.join(":") } });
  });

  judge("$ORIGIN of a program reached by a link is where the file is; of a library, where the link is", (here) => {
    here.library("real/liba.so", { needed: ["libb.so"], runpath: "$ORIGIN/beside" });
    here.library("real/beside/libb.so");
    here.library("linked/beside/libb.so");
    here.link("linked/liba.so", "../real/liba.so");
    here.program("real/main", { needed: ["liba.so"], runpath: "$ORIGIN/../linked" });
    const searched = compare(here.link("elsewhere/deep/main", "../../real/main"));
    equal(taken(searched, "libb.so"), `${here.path}/real/../linked/beside/libb.so`);
  });

  judge("names with a slash are opened as they are, with tokens replaced", (here) => {
    here.library("libs/liba.so", { needed: ["$ORIGIN/../more/libb.so", "libc1.so"] });
    here.library("more/libb.so", { runpath: "$ORIGIN", needed: ["libd1.so"] });
    here.library("more/libd1.so");
    const program = here.program("main", { needed: ["$ORIGIN/libs/liba.so", "./more/libd1.so"] });
    compare(program, { cwd: here.path });
  });

  judge("copies for CPUs are preferred", (here) => {
    for (const directory of ["glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2", "tls/i686", "sse2", "haswell", "."]) {
      here.library(`libs/${directory}/liba.so`);
    }
    const program = here.program("main", { needed: ["liba.so", "libb.so"], rpath: here.at("libs") });
    here.library("libs/tls/libb.so");
    compare(program);
    compare(program, { env: { LD_LIBRARY_PATH: here.at("libs") } });
  });

  judge("directories found missing are not tried again", (here) => {
    mkdirSync(here.at("empty"));
    here.write("file", "no directory");
    const path = `${here.at("empty")}:${here.at("file")}:${here.at("nowhere")}:${here.at("libs")}`;
    here.library("libs/liba.so");
    here.library("libs/libb.so");
    const needed = ["liba.so", "libb.so", "libx.so", "liby.so"];
    compare(here.program("old", { needed, rpath: path }));
    compare(here.program("modern", { needed, runpath: path }));
    compare(here.program("env", { needed }), { env: { LD_LIBRARY_PATH: path } });
    compare(here.program("none", { needed, rpath: "/nowhere1:/nowhere2" }));
    compare(here.program("none-env", { needed }), { env: { LD_LIBRARY_PATH: "/nowhere1:/nowhere2" } });
  });

  judge("NODEFLIB keeps from the default directories and from what the cache has of them", (here) => {
    const flags = ["-z", "nodefaultlib"];
    here.library("libs/liba.so", { needed: ["libc.so.6"], flags });
    compare(here.program("main", { needed: ["libc.so.6", "libfakeroot.so"], flags }));
    compare(here.program("second", { needed: ["liba.so"], runpath: here.at("libs") }));
  });

  judge("a file of another class or machine is passed over", (here) => {
    const other = tree(target === i386 ? x86_64 : i386, "other").library("liba.so");
    here.write("one/liba.so", readFileSync(other));
    here.library("two/liba.so");
    const foreign = readFileSync(here.library("three/libb.so"));
    foreign.writeUInt16LE(183, 18);
    here.write("one/libb.so", foreign);
    here.library("two/libb.so");
    const path = `${here.at("one")}:${here.at("two")}`;
    compare(here.program("main", { needed: ["liba.so", "libb.so"], runpath: path }));
    compare(here.program("alone", { needed: ["liba.so", "libb.so"], runpath: here.at("one") }));
  });

  judge("what is wrong in other ways ends the search", (here) => {
    const good = readFileSync(here.library("good.so"));
    const wide = target === x86_64;
    const changed = (at: number, byte: number): Uint8Array => {
      const bytes = Uint8Array.from(good);
      bytes[at] = byte;
      return bytes;
    };
    const files: readonly (readonly [string, string | Uint8Array])[] = [
      ["empty", ""],
      ["text", "INPUT(libreal.so)\n".repeat(10)],
      ["short-text", "abc"],
      ["header-cut", good.subarray(0, wide ? 63 : 51)],
      ["segments-cut", good.subarray(0, wide ? 100 : 80)],
      ["byte-order", changed(5, 2)],
      ["ident-version", changed(6, 2)],
      ["os-abi", changed(7, 9)],
      ["gnu-abi", changed(7, 3)],
      ["abi-version", changed(8, 1)],
      ["padding", changed(9, 1)],
      ["version", changed(20, 2)],
      ["object", changed(16, 1)],
      ["executable-entry-size", changed(wide ? 54 : 42, 1)],
      ["no-segments", changed(wide ? 56 : 44, 0)],
    ];
    for (const [name, content] of files) {
      here.write(`${name}/libx.so`, content);
      here.library("later/libx.so");
      const program = here.program(`${name}-main`, {
        needed: ["libx.so"],
        runpath: `${here.at(name)}:${here.at("later")}`,
      });
      const real = realSearch(program);
      const simulated = simulatedSearch(program);
      deepEqual(simulated.lines, real.lines, name);
      if (name !== "no-segments") equal(simulated.error, real.error, name);
    }
  });

  judge("ABI notes are looked at as this loader does (up to 2.35 it did)", (here) => {
    const note = (system: number, kernel: string): string =>
      `.section .note.ABI-tag, "a", @note\n.align 4\n.long 4, 16, 1\n.asciz "GNU"\n.long ${system}, ${kernel}\n`;
    const alone = (name: string, source: string): string => {
      here.library(`${name}/libx.so`, { source: `${source}.text\nthing: ret\n` });
      here.library("later/libx.so");
      return here.program(`${name}-main`, { needed: ["libx.so"], runpath: `${here.at(name)}:${here.at("later")}` });
    };
    compare(alone("hurd", note(1, "0, 0, 0")));
    compare(alone("first-counts", note(0, "2, 6, 32") + note(1, "0, 0, 0")));
    compare(alone("linux", note(0, "2, 6, 32")));
  });

  judge("a directory in the place of a library ends it too", (here) => {
    mkdirSync(here.at("libs/libx.so"), { recursive: true });
    compare(here.program("main", { needed: ["libx.so"], runpath: here.at("libs") }));
  });

  judge("links that lead in a circle end one list, not the search", (here) => {
    here.link("one/libx.so", "libx.so");
    here.library("two/libx.so");
    const program = here.program("main", { needed: ["libx.so"], runpath: `${here.at("one")}:${here.at("two")}` });
    compare(program);
    compare(program, { env: { LD_LIBRARY_PATH: here.at("one") } });
  });

  judge("two names of one file are one object", (here) => {
    here.library("libs/liba.so", { needed: ["libb.so"] });
    linkSync(here.at("libs/liba.so"), here.at("libs/libhard.so"));
    here.link("libs/libsoft.so", "liba.so");
    here.library("libs/libb.so", { needed: ["libhard.so", "libsoft.so"] });
    compare(here.program("main", { needed: ["libsoft.so", "liba.so", "libhard.so"], rpath: here.at("libs") }));
  });

  judge("a soname is a name of its object as soon as that is loaded", (here) => {
    here.library("libs/file.so", { soname: "libname.so.1" });
    here.library("libs/libname.so.1");
    compare(here.program("main", { needed: ["file.so", "libname.so.1"], runpath: here.at("libs") }));
    compare(here.program("turned", { needed: ["libname.so.1", "file.so"], runpath: here.at("libs") }));
  });

  judge("LD_PRELOAD is found as what the program needs is", (here) => {
    here.library("libs/libp.so", { needed: ["libq.so"] });
    here.library("libs/libq.so");
    const program = here.program("main", { needed: ["libq.so"], rpath: here.at("libs") });
    compare(program, { env: { LD_PRELOAD: "libp.so  libq.so:" } });
    compare(program, { env: { LD_PRELOAD: `${here.at("libs/libq.so")} $ORIGIN/libs/libp.so` } });
  });
}

test("programs of the system", needs("/usr/bin/git", "/usr/bin/env"), () => {
  for (const program of [
    "/usr/bin/git",
    "/usr/bin/env",
    "/usr/bin/ld",
    "/usr/bin/gdb",
    "/usr/bin/python3",
    "/bin/sh",
  ]) {
    compare(program);
  }
});
