// Files below a sysroot, however it and they are spelled, and where libraries are looked for that libraries need.

import { deepEqual } from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { archive, compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { run } from "../../support/run.ts";

function object(target: Target, name: string, source: string): string {
  return compile(target, `${name}.c`, source, ["-fPIC"]);
}

const start = (target: Target): string => object(target, "start", "void f(void); void _start(void) { f(); }");

/** Links something that is not itself to be compared: did it work, and did the linker miss a library? */
function link(shop: Workshop, output: string, line: string): string {
  const words = line.replaceAll("HERE", shop.directory).split(" ");
  const args = ["-m", shop.target.emulation, "-o", output, ...words];
  const { status, stderr } = run(shop.linker.path, args, { cwd: shop.directory });
  return status === 0 ? "linked" : /not found \(try/.test(stderr) ? "needed library missing" : "refused";
}

/** tool/sys is a sysroot with lib/own.o, lib/libown.a and scripts that name them; `link` is a symbolic link to it. */
function toolchain(shop: Workshop): string {
  const own = object(shop.target, "own", "void f(void) {}");
  mkdirSync(join(shop.directory, "tool/bin"), { recursive: true });
  mkdirSync(join(shop.directory, "tool/sys/lib"), { recursive: true });
  archive(join(shop.directory, "tool/sys/lib"), "libown.a", [own]);
  run("cp", [own, join(shop.directory, "tool/sys/lib/own.o")]);
  shop.file("tool/sys/lib/libf.so", "INPUT(/lib/own.o)");
  shop.file("tool/sys/lib/libequals.so", "INPUT(=/lib/own.o)");
  shop.file("tool/sys/lib/libvariable.so", "INPUT($SYSROOT/lib/own.o)");
  shop.file("tool/sys/lib/libnext.so", "GROUP(own.o)");
  shop.file("outside.ld", "INPUT(/lib/own.o)");
  symlinkSync("tool/sys", join(shop.directory, "link"));
  return start(shop.target);
}

function outcomes(target: Target, lines: readonly string[]): readonly string[] {
  return likeGnuLd(target, (shop) => {
    const main = toolchain(shop);
    return lines.map((line) => link(shop, "out", `${main} ${line}`));
  });
}

const SYSROOTS = ["HERE/tool/sys", "HERE/tool/bin/../sys", "HERE/link", "tool/bin/../sys", "tool/sys/", "link/."];

eachTarget("absolute names in a script below the sysroot are below it, however that is spelled", (target) => {
  const lines = SYSROOTS.flatMap((root) => [
    `--sysroot=${root} tool/sys/lib/libf.so`,
    `--sysroot=${root} -L=/lib -lf`,
    `--sysroot=${root} link/lib/libf.so`,
  ]);
  deepEqual(
    outcomes(target, lines),
    lines.map(() => "linked"),
  );
});

eachTarget("= and $SYSROOT in scripts and on the command line; a name next to the script", (target) => {
  const lines = [
    "--sysroot=HERE/link -L=/lib -lequals",
    "--sysroot=tool/sys -L$SYSROOT/lib -lvariable",
    "--sysroot=tool/sys -L=/lib -lnext",
    "--sysroot=tool/sys =/lib/own.o",
    "--sysroot=tool/sys $SYSROOT/lib/own.o",
    "--sysroot=tool/sys/ =lib/own.o",
    "-L=tool/sys/lib -lown",
    "-L tool/sys/lib -l=own",
    "-L tool/sys/lib -l:own.o",
  ];
  deepEqual(
    outcomes(target, lines),
    lines.map(() => "linked"),
  );
});

eachTarget("a sysroot is put before a name letter by letter", (target) => {
  const linked = [
    "--sysroot=tool/sys -L=/lib -lown",
    "--sysroot=tool/sys/ -L=/lib -lown",
    "--sysroot=tool/sys/ -L=lib -lown",
  ];
  const refused = [
    "-nostdlib --sysroot=tool/sys -L=lib -lown",
    "--sysroot=tool/sys outside.ld",
    "tool/sys/lib/libf.so",
  ];
  deepEqual(outcomes(target, [...linked, ...refused]), [
    ...linked.map(() => "linked"),
    ...refused.map(() => "refused"),
  ]);
});

eachTarget("libraries that libraries need are looked for by -rpath-link and -rpath, not along -L", (target) => {
  const lines = {
    "liba.so -Lneeded": "needed library missing",
    "liba.so -Y needed": "needed library missing",
    "liba.so -rpath-link needed": "linked",
    "liba.so -rpath needed": "linked",
    "liba.so -rpath HERE/needed": "linked",
    "--sysroot=root liba.so -rpath /needed": "linked",
    "--sysroot=root liba.so -rpath HERE/needed": "needed library missing",
    "--sysroot=root liba.so -rpath-link /needed": "needed library missing",
    "--sysroot=root libpath.so": "linked",
    "libpath.so": "needed library missing",
    "--sysroot=root liborigin.so": "linked",
    "liba.so search.ld": "linked",
    "-nostdlib liba.so search.ld": "needed library missing",
  };
  const said = likeGnuLd(target, (shop) => {
    mkdirSync(join(shop.directory, "needed"));
    mkdirSync(join(shop.directory, "root/needed"), { recursive: true });
    const needed = object(target, "needed", "void g(void) {}");
    const library = object(target, "library", "void g(void); void f(void) { g(); }");
    for (const directory of ["needed", "root/needed"])
      link(shop, `${directory}/libb.so`, `-shared -soname libb.so ${needed}`);
    link(shop, "liba.so", `-shared ${library} needed/libb.so`);
    link(shop, "libpath.so", `-shared ${library} needed/libb.so -rpath /needed`);
    link(shop, "liborigin.so", `-shared ${library} needed/libb.so -rpath $ORIGIN/needed`);
    shop.file("search.ld", "SEARCH_DIR(needed)");
    const main = start(target);
    return Object.keys(lines).map((line) => link(shop, "out", `${main} ${line}`));
  });
  deepEqual(said, Object.values(lines));
});
