// Files are looked for where GNU ld looks, in its order.

import { deepEqual, ok } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { memoryFiles } from "../../../src/host/memory-files.ts";
import {
  expandSysroot,
  fileCandidates,
  libraryCandidates,
  liesInSysroot,
  type NamingScript,
  type SearchPath,
  scriptCandidates,
  scriptInputCandidates,
} from "../../../src/link/inputs/expand.ts";
import { folder } from "../../support/folder.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const search: SearchPath = { libraryPaths: ["/one", "=/two", "$SYSROOT/three"], sysroot: "/root" };
/** A script that is an input, and one of -T. */
const at = (path: string): NamingScript => ({ path, inSysroot: path.startsWith("/root/") });
const commandScript: NamingScript = { path: undefined, inSysroot: false };
const bare: SearchPath = { libraryPaths: ["lib", "=/two"], sysroot: "" };

test("-lNAME: the shared library and then the archive, directory by directory", () => {
  deepEqual(libraryCandidates("m", false, false, search), [
    "/one/libm.so",
    "/one/libm.a",
    "/root/two/libm.so",
    "/root/two/libm.a",
    "/root/three/libm.so",
    "/root/three/libm.a",
  ]);
});

test("-Bstatic: archives only; -l:FILE: the file itself", () => {
  deepEqual(libraryCandidates("m", false, true, bare), ["lib/libm.a", "/two/libm.a"]);
  deepEqual(libraryCandidates("m.o", true, true, bare), ["lib/m.o", "/two/m.o"]);
});

test("= and $SYSROOT stand for the sysroot, nothing without one", () => {
  deepEqual(fileCandidates("=/a.o", search), ["/root/a.o"]);
  deepEqual(fileCandidates("$SYSROOT/a.o", bare), ["/a.o"]);
  deepEqual(fileCandidates("a.o", search), ["a.o"]);
  deepEqual(expandSysroot("=", "/root"), "/root");
  deepEqual(libraryCandidates("=/m", false, true, { libraryPaths: ["=lib"], sysroot: "root/" }), [
    "root/lib/libroot//m.a",
  ]);
});

test("a script's inputs: next to the script, as given, then in the directories", () => {
  deepEqual(scriptInputCandidates("a.o", at("dir/x.ld"), false, bare), ["dir/a.o", "a.o", "lib/a.o", "/two/a.o"]);
  deepEqual(scriptInputCandidates("a.o", at("x.ld"), false, { ...bare, libraryPaths: [] }), ["./a.o", "a.o"]);
  deepEqual(scriptInputCandidates("a.o", commandScript, false, bare), ["a.o", "lib/a.o", "/two/a.o"]);
  deepEqual(scriptInputCandidates("-lm", at("x.ld"), false, bare).slice(0, 2), ["lib/libm.so", "lib/libm.a"]);
  deepEqual(scriptInputCandidates("-l:m.o", at("x.ld"), false, bare), ["lib/m.o", "/two/m.o"]);
});

test("absolute names in a script that lies in the sysroot are in the sysroot", () => {
  deepEqual(scriptInputCandidates("/lib/a.so", at("/root/lib/x.so"), false, search), ["/root/lib/a.so"]);
  deepEqual(scriptInputCandidates("/lib/a.so", at("/lib/x.so"), false, search), ["/lib/a.so"]);
  deepEqual(scriptInputCandidates("=/lib/a.so", at("/root/lib/x.so"), false, search), ["/root/lib/a.so"]);
  const { realPath = (path) => path } = memoryFiles({});
  ok(liesInSysroot("/root/./lib/../x", "/root/", realPath));
  ok(liesInSysroot("/root/lib/x", "/usr/../root", realPath));
  ok(!liesInSysroot("/root/../x", "/root", realPath));
  ok(!liesInSysroot("/rooted/x", "/root", realPath));
  ok(!liesInSysroot("/root", "/root", realPath));
  ok(!liesInSysroot("/root/x", "", realPath));
});

test("included scripts: as given, then in the directories", () => {
  deepEqual(scriptCandidates("x.ld", bare), ["x.ld", "lib/x.ld", "/two/x.ld"]);
  deepEqual(scriptCandidates("/x.ld", bare), ["/x.ld"]);
});

test("ld --verbose tries the same files", needs("ld.bfd"), () => {
  const dir = folder("expand");
  const root = dir.at("root");
  mkdirSync(`${root}/lib`, { recursive: true });
  mkdirSync(dir.at("sub"));
  dir.write("root/lib/libq.so", "INPUT(/lib/none.o none.o =/x/none.o =none.o -lnone -l:none.o)");
  dir.write("sub/s.ld", "INPUT(none.o /abs/none.o -lnone)");
  // -nostdlib leaves ld's own directories out.
  const libraryPaths = ["=/lib", "$SYSROOT/usr", "/one", "two"];
  const paths = libraryPaths.flatMap((path) => ["-L", path]);
  const attempts = (args: readonly string[]): string[] => {
    const { stdout, stderr } = run("ld.bfd", ["--verbose", "-nostdlib", ...paths, ...args], { cwd: dir.path });
    const lines = `${stdout}${stderr}`.matchAll(/^attempt to open (\S+) (?:succeeded|failed)$|cannot find/gm);
    // After each miss ld looks for a library without "lib", to give a hint; those attempts follow "cannot find".
    const tried: string[] = [];
    let hinting = false;
    for (const [, path] of lines) {
      if (path === undefined) hinting = true;
      else if (!hinting || !tried.includes(path)) tried.push(path);
    }
    return [...new Set(tried)];
  };
  const inSysrootSearch: SearchPath = { libraryPaths, sysroot: root };
  const script = { path: `${root}/lib/libq.so`, inSysroot: true };
  const expected = ["/lib/none.o", "none.o", "=/x/none.o", "=none.o", "-lnone", "-l:none.o"].flatMap((name) =>
    scriptInputCandidates(name, script, false, inSysrootSearch),
  );
  const tried = attempts([`--sysroot=${root}`, "-lq"]);
  deepEqual(
    [...new Set([libraryCandidates("q", false, false, inSysrootSearch)[0], ...expected])],
    tried.filter((path) => !/\/(?:none|libnone)\.a$/.test(path) || expected.includes(path)),
  );

  const plain: SearchPath = { libraryPaths, sysroot: "" };
  const named = ["none.o", "/abs/none.o", "-lnone"].flatMap((name) =>
    scriptInputCandidates(name, at("sub/s.ld"), true, plain),
  );
  deepEqual(
    ["sub/s.ld", ...named],
    attempts(["-Bstatic", "sub/s.ld"]).filter((path) => !/\/none\.a$/.test(path)),
  );
});
