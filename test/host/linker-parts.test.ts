// What is left out of large inputs when a link reads them partly (host/linker-parts.ts) is not missed: whatever stands there
// instead, the link is the same.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runLd } from "../../src/cli/ld/run.ts";
import { nodeAccelerators } from "../../src/host/accelerators.ts";
import type { FileSystem } from "../../src/host/files.ts";
import { readLinkerParts } from "../../src/host/linker-parts.ts";
import { batchFiles, nodeFiles } from "../../src/host/node-files.ts";
import { systemLibraryPaths } from "../../src/host/system-paths.ts";
import { link } from "../../src/link/link.ts";
import { archive, compile, x86_64 } from "../support/build.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

/** Bytes that nobody has read are no zeros here. */
const UNREAD = 0xa5;

interface Linked {
  readonly status: number;
  readonly output: Uint8Array | undefined;
  readonly said: string;
}

function linkWith(files: FileSystem, args: readonly string[]): Linked {
  let output: Uint8Array | undefined;
  let said = "";
  const io = { out: () => {}, err: (text: string) => (said += text), color: { out: false, err: false }, env: {} };
  const write = (_path: string, bytes: Uint8Array): undefined => {
    output = bytes;
  };
  const status = runLd(args, io, { files, accelerators: nodeAccelerators, link, systemLibraryPaths, write }, "ld");
  return { status, output, said };
}

/** Reads partly, and counts how much. */
function partly(count: { read: number; size: number }): FileSystem {
  return {
    ...nodeFiles,
    readPartly: (path) => {
      const whole = nodeFiles.read(path);
      if (whole === undefined) return undefined;
      const bytes = new Uint8Array(whole.length).fill(UNREAD);
      const fill = (start: number, end: number): void => {
        bytes.set(whole.subarray(start, end), start);
        count.read += end - start;
      };
      count.size += whole.length;
      if (readLinkerParts(bytes, fill)) return { bytes };
      const complete = (part: Uint8Array): boolean => {
        fill(part.byteOffset, part.byteOffset + part.length);
        return true;
      };
      return { bytes, complete };
    },
  };
}

/** What the compiler gives the linker. */
function argumentsOf(compiler: string, words: readonly string[]): string[] {
  const { stderr } = run(compiler, ["-###", ...words, "-o", "program"]);
  const line = stderr.split("\n").find((it) => /^ \S*collect2/.test(it)) ?? "";
  const all = line.trim().split(" ").slice(1);
  return all.map((it) => it.replaceAll('"', "")).filter((it, i) => !/^-plugin/.test(it) && all[i - 1] !== "-plugin");
}

const SOURCE = `#include <iostream>
#include <map>
#include <stdexcept>
int main(int argc, char **) {
  std::map<int, int> squares{{1, 1}, {2, 4}};
  try { if (argc > 1) throw std::runtime_error("x"); std::cout << squares.at(argc) << std::endl; } catch (...) { return 1; }
}`;

const LINKS = [
  { title: "a C++ program with shared libraries", compiler: "g++", words: [], most: 0.4 },
  { title: "a static one", compiler: "g++", words: ["-static"], most: 1 },
  { title: "--whole-archive", compiler: "g++", words: ["-Wl,--whole-archive,-lsupc++,--no-whole-archive"], most: 1 },
  { title: "what is undefined is looked for in libraries that are not named", compiler: "gcc", words: [], most: 0.8 },
  { title: "a library as data", compiler: "g++", words: ["-Wl,-b,binary,-lgcc_s,-b,elf64-x86-64"], most: 1 },
] as const;

for (const { title, compiler, words, most } of LINKS) {
  test(`${title}: the same link`, needs(...x86_64.tools), () => {
    const object = compile(x86_64, "squares.cc", SOURCE, ["-fpie"]);
    const args = argumentsOf(compiler, [object, ...words]);
    const count = { read: 0, size: 0 };
    deepEqual(linkWith(partly(count), args), linkWith(nodeFiles, args));
    ok(count.read < count.size * most, `${count.read} of ${count.size} bytes`);
  });
}

test("a library's warning about a symbol is said", needs(...x86_64.tools), () => {
  inDirectory((path) => {
    const library = compile(
      x86_64,
      "warns.s",
      `.globl old
       old: ret
       .data
       .fill 100000, 1, 7
       .section .gnu.warning.old,"",@progbits
       .string "old is dangerous"
       # What is read of the end of the file is not this page.
       .section behind,"",@progbits
       .fill 100000, 1, 7
       .section .note.GNU-stack,"",@progbits`,
    );
    tool("gcc", ["-shared", "-nostdlib", "-o", path("libwarns.so"), library]);
    const main = compile(x86_64, "main.c", "void old(void); int main(void) { old(); return 0; }", ["-fpie"]);
    const args = argumentsOf("gcc", [main, path("libwarns.so")]);
    const count = { read: 0, size: 0 };
    const linked = linkWith(partly(count), args);
    match(linked.said, /old is dangerous/);
    deepEqual(linked, linkWith(nodeFiles, args));
  });
});

test("--whole-archive reads an archive once, not member by member", needs("gcc", "ar"), () => {
  inDirectory((path) => {
    const libraries = largeArchive(path);
    const completions: number[] = [];
    const files: FileSystem = {
      ...nodeFiles,
      readPartly: (name) => {
        const found = batchFiles().readPartly?.(name);
        if (found?.complete === undefined) return found;
        const { complete } = found;
        return { ...found, complete: (part) => completions.push(part.length) > 0 && complete(part) };
      },
    };
    const { status } = linkWith(files, ["-m", "elf_x86_64", "-e", "one", "--whole-archive", libraries]);
    equal(status, 0);
    deepEqual(completions, [statSync(libraries).size]);
  });
});

function inDirectory(use: (path: (name: string) => string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "solder-parts-"));
  try {
    use((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Two members of 100 KB each. */
function largeArchive(path: (name: string) => string): string {
  const member = (name: string): string =>
    compile(x86_64, `${name}.s`, `.globl ${name}\n${name}: ret\n.data\n.fill 100000, 1, 7\n`);
  archive(path("."), "libtwo.a", [member("one"), member("two")]);
  return path("libtwo.a");
}

test("a member is there when it has been asked for, and only then", needs("gcc", "ar"), () => {
  inDirectory((path) => {
    const found = batchFiles().readPartly?.(largeArchive(path));
    const whole = nodeFiles.read(path("libtwo.a"));
    const [start, end] = [0x10000, 0x11000];
    const part = found?.bytes.subarray(start, end) ?? new Uint8Array(0);
    deepEqual(part, new Uint8Array(0x1000));
    equal(found?.complete?.(part), true);
    deepEqual(part, whole?.slice(start, end));
  });
});

test("an archive that is another one by now is an error, not another member", needs("gcc", "ar"), () => {
  inDirectory((path) => {
    const libraries = largeArchive(path);
    const files = batchFiles();
    const replaced: FileSystem = {
      ...files,
      readPartly: (name) => {
        const found = files.readPartly?.(name);
        if (name === libraries) appendFileSync(name, "\n");
        return found;
      },
    };
    const { status, said } = linkWith(replaced, ["-m", "elf_x86_64", "-e", "one", "-u", "one", libraries]);
    equal(status, 1);
    equal(said.split("\n")[0], `ld: error: ${libraries}(one.o): it was changed while it was read [file-changed]`);
  });
});

test("files that are not as ar and linkers write them are read whole", needs("gcc", "ar"), () => {
  inDirectory((path) => {
    const bytes = nodeFiles.read(largeArchive(path)) ?? new Uint8Array(0);
    tool("gcc", ["-shared", "-nostdlib", "-o", path("lib.so"), "-Wl,--whole-archive", path("libtwo.a")]);
    const library = nodeFiles.read(path("lib.so")) ?? new Uint8Array(0);
    const changed = (of: Uint8Array, at: number, value: number): Uint8Array => {
      const copy = of.slice();
      copy[at] = value;
      return copy;
    };
    const readsAll = (of: Uint8Array): boolean => {
      const into = new Uint8Array(of.length);
      const all = readLinkerParts(into, (start, end) => into.set(of.subarray(start, end), start));
      if (all) deepEqual(into, of);
      return all;
    };
    equal(readsAll(bytes), false);
    equal(readsAll(library), false);
    const { length } = "!<arch>\n";
    const cases = [
      changed(bytes, 2, 0x74), // no archive
      changed(bytes, length, 0x78), // the first member is no index
      changed(bytes, length + 58, 0), // no end of header
      bytes.subarray(0, bytes.length - 1000), // cut
      changed(library, 5, 2), // big-endian
      changed(library, 16, 1), // an object
      changed(library, 58, 0), // section headers of no size
      library.subarray(0, library.length - 64), // they are not all there
    ];
    deepEqual(cases.map(readsAll), Array(cases.length).fill(true));
  });
});

test("small files are read whole, and files that do not know their size", () => {
  inDirectory((path) => {
    writeFileSync(path("small"), "INPUT ( nothing )");
    const small = batchFiles().readPartly?.(path("small"));
    equal(small?.complete, undefined);
    equal(small?.bytes.length, statSync(path("small")).size);
    ok((batchFiles().readPartly?.("/proc/self/maps")?.bytes.length ?? 0) > 0);
    equal(batchFiles().readPartly?.(path("missing")), undefined);
    equal(batchFiles().readPartly?.(path(".")), undefined);
  });
});
