// Build systems look at what a linker prints to know what it is. The recipes here are theirs.
import { equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { emulationsText, helpText, versionLine, versionText } from "../../src/cli/ld/options/help.ts";
import { searchDirectories } from "../../src/cli/ld/search-dirs.ts";
import { version } from "../../src/cli/version.ts";
import { underTest } from "../support/link.ts";
import { run } from "../support/run.ts";
import { needs, which } from "../support/tools.ts";

test("the version is package.json's", () => {
  equal(version, (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});

test("libtool takes it for GNU ld that knows anonymous versions", () => {
  // m4/libtool.m4, _LT_PATH_LD_GNU: `case $($LD -v 2>&1) in *GNU* | *'with BFD'*)`
  match(versionLine(), /GNU|with BFD/);
  // _LT_LINKER_SHLIBS: `case $($LD -v | sed -e 's/([^)]\+)\s\+//' 2>&1) in *GNU\ gold*) … *\ [01].* | *\ 2.[0-9].* | *\ 2.10.*) …`
  const line = versionLine().replace(/\([^)]+\)\s+/, "");
  ok(!/ [01]\.| 2\.[0-9]\.| 2\.10\./.test(line), line);
  // `if $LD --help 2>&1 | grep ': supported targets:.* elf'`
  match(helpText("ld"), /: supported targets:.* elf/);
});

test("the Linux kernel takes it for GNU ld 2.40", () => {
  // scripts/ld-version.sh: the first line's first words are GNU and ld, its last word is the version.
  const words = versionText().split("\n")[0].split(" ");
  equal(words.slice(0, 2).join(" "), "GNU ld");
  equal(words.at(-1), "2.40");
});

test("meson takes it for GNU ld", () => {
  // mesonbuild/linkers/detect.py: 'GNU' in the output, and neither 'gold' nor 'mold' nor 'LLD' in it.
  match(versionText(), /GNU/);
  ok(!/gold|mold|LLD/.test(versionText()));
  // The first number with a dot is the version (mesonlib.search_version).
  equal(/\d{1,2}(\.\d+)+/.exec(versionText())?.[0], "2.40");
});

test("CMake takes it for GNU ld", () => {
  // Modules/Internal/CMakeDetermineLinkerId.cmake
  match(versionText(), /GNU ld \([^)]+\) ([0-9.]+)/);
});

test("configure scripts find the options that they ask --help for", () => {
  // GCC's configure.ac
  for (const word of [
    "--hash-style",
    "--push-state",
    "--eh-frame-hdr",
    "--as-needed",
    "-z relro",
    "--sysroot",
    "-plugin-opt",
  ]) {
    ok(helpText("ld").includes(word), word);
  }
});

test("-V lists the emulations", () => {
  match(emulationsText(), /Supported emulations:\n {3}elf_x86_64\n {3}elf_i386\n$/);
});

test("the search directories are GNU ld's, where this is Debian", {
  ...needs("ld.bfd", "/etc/debian_version"),
}, (t) => {
  const real = (linker: string, emulation: string): string[] =>
    [...run(linker, ["-m", emulation, "--verbose"]).stdout.matchAll(/SEARCH_DIR\("([^"]+)"\)/g)].map((m) => m[1]);
  for (const emulation of ["elf_x86_64", "elf_i386"]) {
    equal(real(underTest.path, emulation).join("\n"), real("ld.bfd", emulation).join("\n"));
  }
  if (which("i686-linux-gnu-ld") === undefined) return t.skip("needs i686-linux-gnu-ld");
  equal(
    searchDirectories("i686-linux-gnu-ld", "elf_i386").join("\n"),
    real("i686-linux-gnu-ld", "elf_i386").join("\n"),
  );
});

test("no line of --help is wider than 100 columns", () => {
  for (const line of helpText("ld").split("\n")) ok(line.length <= 100, line);
});
