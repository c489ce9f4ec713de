// Rules of musl's loader that glibc's does not share, each found by random processes (random.ts with --machine x86-64-musl) and held to
// the real loader: what it says, how it ends, and its memory.

import { deepEqual, equal, ok } from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { type LoadedProcess, type LoaderProfile, pagesOf, parseProfile, protectionText } from "../../src/load/index.ts";
import { musl } from "../support/build.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { type Workshop, workshop } from "./judges/agree.ts";
import { basesOf, compareMemory, debugStateOffset, describe, forgetFiles, freeze, loaded } from "./judges/reality.ts";

const options = needs(...musl.tools, "/lib/ld-musl-x86_64.so.1");

function profile(): LoaderProfile {
  const found = parseProfile("musl@1.2.3");
  ok(found !== undefined);
  return found;
}

/** The process, whose memory is the real one's. */
function agree(shop: Workshop, program: string): LoadedProcess {
  forgetFiles();
  const offset = debugStateOffset(loaded(program, {}, undefined, profile()));
  const snapshot = freeze(shop.at("snapshot"), offset, {}, [program], 1);
  ok(snapshot !== undefined, "the real loader loads it");
  const task = loaded(program, {}, basesOf(snapshot.mappings), profile());
  const { differences, problems } = compareMemory(task, snapshot);
  deepEqual([...differences.map(describe), ...problems], []);
  return task;
}

/** Says the same as the real loader, and ends as it does; returns the exit status. */
function endAlike(program: string): number {
  forgetFiles();
  const { status, stderr } = run(program);
  const { exitCode, messages } = loaded(program, {}, undefined, profile());
  equal(messages.map(({ text }) => `${text}\n`).join(""), stderr);
  equal(exitCode, status);
  return status;
}

const MAIN = "int main(void) { return 0; }";

test("musl dies of a weak thread-local that nobody defines, whatever it has said before", options, () => {
  const shop = workshop(musl);
  shop.library("first", "int gone(void); int (*pointer)(void) = gone;");
  const weak = "extern __thread int nobody __attribute__((weak)); int *where(void) { return &nobody; }";
  shop.library("weak", weak, "-Wl,-z,undefs");
  equal(endAlike(shop.program("main", MAIN, "-Wl,--no-as-needed", "-lweak")), 139);
  // Libraries are relocated in their order: that of `first` is named before the end comes.
  const both = ["-Wl,--no-as-needed", "-lfirst", "-lweak", "-Wl,--unresolved-symbols=ignore-all"];
  equal(endAlike(shop.program("both", MAIN, ...both)), 139);
  // Here musl has ended before it gets to the second.
  const reverse = ["-Wl,--no-as-needed", "-lweak", "-lfirst", "-Wl,--unresolved-symbols=ignore-all"];
  equal(endAlike(shop.program("reverse", MAIN, ...reverse)), 139);
});

test(
  "musl names a missing symbol for each relocation, those of DT_JMPREL first, and a missing library for each who needs it",
  options,
  () => {
    const shop = workshop(musl);
    shop.library("gone", "int a(void) { return 1; } int b(void) { return 1; }");
    const user = "int a(void), b(void); int (*one)(void) = a, (*two)(void) = a; int call(void) { return b() + a(); }";
    shop.library("user", user, "-lgone");
    shop.library("other", "int b(void); int other(void) { return b(); }", "-lgone");
    const program = shop.program("main", MAIN, "-Wl,--no-as-needed", "-luser", "-lother");
    shop.library("gone", "int nothing(void) { return 1; }");
    equal(endAlike(program), 127);
    rmSync(shop.at("libgone.so"));
    equal(endAlike(program), 127);
  },
);

test(
  "musl knows no filters, adds the base to absolute symbols, and leaves a library with text relocations writable",
  options,
  () => {
    const shop = workshop(musl);
    shop.library("filtee", "int name(void) { return 1; }");
    const shown = "int shown(void) { return 1; }";
    shop.library("filter", shown, "-Wl,-f,libfiltee.so", "-Wl,--defsym=absolute=0x1234");
    const user = `extern char absolute[]; char *pointer = absolute; ${shown.replace("shown", "text")}
    __asm__(".pushsection .text; .quad text; .popsection");`;
    shop.library("user", user, "-Wl,-z,notext", "-lfilter");
    const task = agree(shop, shop.program("main", MAIN, "-Wl,--no-as-needed", "-luser", "-lfilter"));
    deepEqual(
      task.objects.map(({ file }) => file.soname).filter((name) => name?.startsWith("libf")),
      ["libfilter.so"],
    );
    const library = task.objects.find(({ file }) => file.soname === "libuser.so");
    ok(library !== undefined);
    const [first] = pagesOf(library, true);
    equal(protectionText(first.flags), "rwxp");
  },
);

test("musl copies as many bytes as the program's symbol has, and says nothing of other sizes", options, () => {
  const shop = workshop(musl);
  const data = (size: number): string => `char value[${size}] = {1, 2, 3, 4}, behind[64] = {5, 6, 7, 8};`;
  shop.library("data", data(64));
  const source = "extern char value[]; int main(void) { return value[0]; }";
  const program = shop.program("main", source, "-no-pie", "-fno-pic", "-ldata");
  for (const size of [128, 16]) {
    shop.library("data", data(size));
    deepEqual(agree(shop, program).messages, []);
  }
});

test("musl's function for descriptors of static TLS is found where its assembler left it", options, () => {
  const shop = workshop(musl, ["-fPIC", "-mtls-dialect=gnu2"]);
  shop.library("tls", "__thread int first = 1, second = 2; int *where(void) { return &second; }");
  shop.library("user", "extern __thread int first, second; int sum(void) { return first + second; }", "-ltls");
  agree(shop, shop.program("main", MAIN, "-Wl,--no-as-needed", "-luser"));
});
