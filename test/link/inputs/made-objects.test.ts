// Inputs that are no objects: files whose bytes are embedded (-b binary), and programs whose addresses are taken over
// (--just-symbols).

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { link } from "../../../src/link/link.ts";
import { defaultOptions } from "../../../src/link/options.ts";
import { compile, scratch, type Target } from "../../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { portrait } from "../../support/object-portrait.ts";
import { tool } from "../../support/run.ts";

eachTarget("-b binary embeds a file, between symbols with its name", (target) => {
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     #include <string.h>
     extern const char _binary_data_my_file_txt_start[], _binary_data_my_file_txt_end[];
     int main(void) {
       size_t size = _binary_data_my_file_txt_end - _binary_data_my_file_txt_start;
       fwrite(_binary_data_my_file_txt_start, 1, size, stdout);
       return (int)size;
     }`,
    ["-fno-pie"],
  );
  const embedded = (directory: string): void => {
    mkdirSync(join(directory, "data"));
    writeFileSync(join(directory, "data/my-file.txt"), "embedded\0bytes\n");
  };
  const outcome = likeGnuLd(target, (shop) => {
    embedded(shop.directory);
    shop.cc("main", ["-no-pie", main, "-Wl,-b,binary", "data/my-file.txt", "-Wl,-b,default"]);
    return shop.run("main");
  });
  equal(outcome.stdout, "embedded\0bytes\n");
  equal(outcome.status, 15);
});

eachTarget("an embedded file joined with -r is the object that GNU ld makes", (target) => {
  const base = scratch("binary");
  const object = compile(target, "object.s", '.data\n.long 1\n.section .note.GNU-stack,"",@progbits\n');
  const [expected, actual] = [workshop(gnu, target, base), workshop(underTest, target, base)].map((shop) => {
    shop.file("a.bin", "abc");
    shop.file("b.bin", "");
    return portrait(shop.ld("joined.o", ["-r", object, "--format=binary", "a.bin", "b.bin"]));
  });
  deepEqual(actual, expected);
  match(actual?.join("\n") ?? "", /symbol _binary_a_bin_size NOTYPE GLOBAL DEFAULT size 0 value 0+3 in ABS/);
});

test("bytes of any kind can be embedded through the library", () => {
  const state = { wholeArchive: false, asNeeded: false, preferStatic: false, copyDtNeeded: false };
  const options = { ...defaultOptions, output: "relocatable", outputName: "x.o" } as const;
  const bytes = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0xff, 0);
  const files = { read: () => undefined, exists: () => false };
  const input = { kind: "file", path: "raw", bytes, state: { ...state, format: "binary" } } as const;
  const { image, problems } = link([input], options, files);
  deepEqual(problems, []);
  equal(Buffer.from(image ?? []).includes(Buffer.from(bytes)), true);
});

/** A program at fixed addresses, and an object that refers to it. */
function base(target: Target): readonly [string, string] {
  const program = compile(
    target,
    "program.c",
    `int variable = 3;
     __thread int thread;
     static int hidden = 4;
     int function(void) { return variable + hidden; }
     int main(void) { return function() + thread; }`,
    ["-fno-pie"],
  );
  const user = compile(
    target,
    "user.s",
    `.globl _start
     _start: call function
     .data
     .globl pointer
     pointer: .long variable
     .section .note.GNU-stack,"",@progbits`,
  );
  return [program, user];
}

eachTarget("--just-symbols gives a program's addresses", (target) => {
  const [program, user] = base(target);
  const shop = workshop(underTest, target);
  const path = shop.cc("program", ["-no-pie", program]);
  const addresses = (file: string): string[] =>
    tool("nm", [file])
      .split("\n")
      .filter((line) => / (function|variable|thread|hidden)$/.test(line));
  const overlay = shop.ld("overlay", ["--just-symbols=program", user]);
  const expected = addresses(path).filter((line) => / [DT] /.test(line) && !line.endsWith("thread"));
  deepEqual(
    addresses(overlay),
    expected.map((line) => line.replace(/ [DT] /, " A ")),
  );
  // Nothing of the program itself is there.
  equal(tool("nm", [overlay]).includes("hidden"), false);
});

eachTarget("what --just-symbols names may be defined again: the first definition holds", (target) => {
  const [program, user] = base(target);
  const again = compile(target, "again.s", '.globl function\nfunction: nop\n.section .note.GNU-stack,"",@progbits\n');
  const shop = workshop(underTest, target);
  shop.cc("program", ["-no-pie", program]);
  const definition = (output: string): string => / ([AT]) function/.exec(tool("nm", [output]))?.[1] ?? "";
  equal(definition(shop.ld("late", [user, again, "-R", "program"])), "T");
  equal(definition(shop.ld("early", ["-R", "program", user, again])), "A");
});

eachTarget("a shared library has no addresses yet", (target) => {
  const [, user] = base(target);
  const shop = workshop(underTest, target);
  shop.cc("library.so", ["-shared", compile(target, "f.c", "int function(void) { return 1; }", ["-fPIC"])]);
  match(shop.refuses("overlay", ["-R", "library.so", user], "ld"), /just-symbols-shared/);
});
