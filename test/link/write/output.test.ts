// The file that is written: the same bytes every time, whole or not at all, with the right mode, wherever -o points.

import { deepEqual, equal, match } from "node:assert/strict";
import { linkSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, type Target, x86_64 } from "../../support/build.ts";
import {
  beyondGnuLd,
  driverCommand,
  eachTarget,
  likeGnuLd,
  underTest,
  type Workshop,
  workshop,
} from "../../support/link.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const trivial = (target: Target, status = 0): string =>
  compile(target, "main.c", `int main(void) { return ${status}; }`, ["-fpie"]);

eachTarget("two links of the same inputs give the same bytes, in every kind of output", (target) => {
  const main = compile(
    target,
    "main.cc",
    '#include <iostream>\nthread_local int t = 1;\nint main() { std::cout << "same" << t << std::endl; }',
    ["-fPIC", "-g"],
  );
  const kinds: readonly (readonly [string, readonly string[]])[] = [
    ["pie", ["-pie", main]],
    ["executable", ["-no-pie", main]],
    ["static", ["-static", main]],
    ["static-pie", ["-static-pie", main]],
    ["library.so", ["-shared", main]],
    ["joined.o", ["-r", "-nostdlib", main]],
  ];
  const build = (shop: Workshop) => kinds.map(([name, flags]) => readFileSync(shop.cxx(name, flags)));
  const first = build(workshop(underTest, target));
  const second = build(workshop(underTest, target));
  for (const [index, [name]] of kinds.entries()) {
    equal(Buffer.compare(first[index] ?? Buffer.of(1), second[index] ?? Buffer.of(2)), 0, `${name} differs`);
  }
});

eachTarget("programs and libraries are executable, objects are not", (target) => {
  const modes = likeGnuLd(target, (shop) => {
    const main = trivial(target);
    const outputs = [
      shop.cc("main", [main]),
      shop.cc("library.so", ["-shared", main]),
      shop.ld("joined.o", ["-r", main]),
    ];
    return outputs.map((path) => (statSync(path).mode & 0o777).toString(8));
  });
  deepEqual(modes.slice(0, 1), [(0o777 & ~process.umask()).toString(8)]);
});

eachTarget("a new output does not write into the old one's file: other links to it keep their bytes", (target) => {
  const statuses = likeGnuLd(target, (shop) => {
    const path = shop.cc("main", [trivial(target, 1)]);
    linkSync(path, join(shop.directory, "kept"));
    shop.cc("main", [trivial(target, 2)]);
    return [shop.run("kept").status, shop.run("main").status];
  });
  equal(statuses.join(), "1,2");
});

eachTarget("an output that is a symbolic link is treated as GNU ld does", (target) => {
  likeGnuLd(target, (shop) => {
    writeFileSync(join(shop.directory, "pointed"), "old");
    symlinkSync("pointed", join(shop.directory, "main"));
    shop.cc("main", [trivial(target)]);
    const linked = lstatSync(join(shop.directory, "main")).isSymbolicLink();
    return [linked, readFileSync(join(shop.directory, "pointed")).length === 3];
  });
});

test("an output that is a device is written to, not replaced", needs("ld.bfd", "mknod", ...x86_64.tools), (t) => {
  const shop = workshop(underTest, x86_64);
  // Not /dev/null itself: a linker that gets this wrong would take it away from the machine.
  const device = join(shop.directory, "null");
  if (run("mknod", [device, "c", "1", "3"]).status !== 0) return t.skip("needs the right to make a device node");
  shop.cc("null", [trivial(x86_64)]);
  equal(lstatSync(device).isCharacterDevice(), true);
});

beyondGnuLd("a link that fails leaves the previous output as it was", (target) => {
  const shop = workshop(underTest, target);
  shop.cc("main", [trivial(target, 4)]);
  const broken = compile(target, "broken.c", "int absent(void); int main(void) { return absent(); }", ["-fpie"]);
  match(shop.refuses("main", [broken]), /absent/);
  equal(shop.run("main").status, 4);
});

eachTarget("--dependency-file lists what was read, for make", (target) => {
  const text = likeGnuLd(target, (shop) => {
    const main = trivial(target);
    shop.ld("main", ["-e", "main", main, "--dependency-file=main.d"]);
    return readFileSync(join(shop.directory, "main.d"), "utf8").replaceAll(/\s+/g, " ");
  });
  match(text, /^main: \\ .*main\.o/);
});

eachTarget("without -o the output is a.out; --help and --version answer like a linker", (target) => {
  const shop = workshop(underTest, target);
  run(shop.linker.path, ["-m", target.emulation, "-e", "main", trivial(target)], { cwd: shop.directory });
  equal(statSync(join(shop.directory, "a.out")).isFile(), true);
  const version = run(shop.linker.path, ["--version"]);
  equal(version.status, 0);
  // Build systems recognise a linker that understands GNU ld's options by this word.
  match(version.stdout, /GNU ld|compatible with GNU linkers/);
  equal(run(shop.linker.path, ["--help"]).status, 0);
});

test("clang takes it with --ld-path", needs("ld.bfd", "clang", "clang++", ...x86_64.tools), () => {
  const clang = { ...x86_64, name: "clang", cc: "clang", cxx: "clang++" };
  const main = compile(
    clang,
    "main.cc",
    '#include <iostream>\n#include <vector>\nint main() { try { std::vector<int>().at(1); } catch (std::exception &e) { std::cout << "caught" << std::endl; } }',
    ["-fPIE", "-g"],
  );
  for (const link of ["-pie", "-no-pie", "-static"]) {
    const { stdout } = likeGnuLd(clang, (shop) => {
      shop.cxx("main", [link, main]);
      return shop.run("main");
    });
    equal(stdout, "caught\n");
  }
  equal(driverCommand(underTest, "clang")[1], `--ld-path=${underTest.path}`);
});

beyondGnuLd("an object that only LTO can read is refused by name, with what to do", (target) => {
  const main = compile(target, "main.c", "int main(void) { return 0; }", ["-flto", "-fno-fat-lto-objects"]);
  const said = workshop(underTest, target).refuses("main", ["-fno-lto", "-nostdlib", main]);
  match(said, /main\.o/);
  match(said, /lto/i);
});

eachTarget("--fatal-warnings turns a warning into a failure", (target) => {
  const silent = compile(target, "silent.s", ".text\nnop\n");
  likeGnuLd(target, (shop) => {
    shop.cc("main", [trivial(target), silent]);
    shop.refuses("fatal", [trivial(target), silent, "-Wl,--fatal-warnings"]);
  });
});

eachTarget("unknown options are errors that name the option", (target) => {
  likeGnuLd(target, (shop) => {
    match(shop.refuses("main", [trivial(target), "--no-such-option"], "ld"), /no-such-option/);
  });
});
