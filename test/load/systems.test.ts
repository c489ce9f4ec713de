// The bundled tables against what is installed here: Debian 12's libraries must be what the tables say of Debian 12.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  compareReleases,
  findSystem,
  gccOfVersion,
  glibcOfVersion,
  glibcSymbols,
  glibcxxOfGcc,
  muslSymbols,
  releaseText,
} from "../../src/load/systems/index.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const libc64 = "/lib/x86_64-linux-gnu/libc.so.6";
const libc32 = "/lib32/libc.so.6";
const musl = "/usr/lib/x86_64-linux-musl/libc.so";
const libstdcxx = "/usr/lib/x86_64-linux-gnu/libstdc++.so.6";

/** What readelf says a library exports: [name, version]. */
function exportsOf(path: string): readonly (readonly [string, string])[] {
  return tool("readelf", ["-W", "--dyn-syms", path])
    .split("\n")
    .flatMap((line) => {
      const [, section, name, version = ""] = /\s(\S+)\s+([^\s@]+)(?:@@?(\S+))?$/.exec(line) ?? [];
      return section === undefined || section === "UND" || !/^\s+\d+:/.test(line) ? [] : [[name, version] as const];
    });
}

for (const [path, machine] of [
  [libc64, "x86-64"],
  [libc32, "i386"],
] as const) {
  test(`glibc's symbols on ${machine}: the table has all that libc.so.6 exports`, needs("readelf", path), () => {
    const symbols = glibcSymbols(machine, [2, 36]);
    const promised = exportsOf(path).filter(([name, version]) => /^GLIBC_\d/.test(version) && name !== version);
    ok(promised.length > 2000);
    const absent = promised.filter(
      ([name, version]) => !symbols.versionsOf(name)?.some((it) => `GLIBC_${releaseText(it)}` === version),
    );
    deepEqual(absent, []);
    equal(symbols.complete, true);
  });
}

test("a symbol is there from the release of its first version on", () => {
  const since = (name: string, minor: number): boolean =>
    glibcSymbols("x86-64", [2, minor]).versionsOf(name) !== undefined;
  deepEqual([since("strlcpy", 37), since("strlcpy", 38)], [false, true]);
  deepEqual([since("getentropy", 24), since("getentropy", 25)], [false, true]);
  deepEqual(glibcSymbols("x86-64", [2, 36]).versionsOf("memcpy"), [
    [2, 2, 5],
    [2, 14],
  ]);
  deepEqual(glibcSymbols("i386", [2, 36]).versionsOf("memcpy"), [[2, 0]]);
});

test("musl's symbols: the table has what musl's libc.so exports", needs("readelf", musl), () => {
  const symbols = muslSymbols("x86-64", [1, 2, 3]);
  // Debian adds fts_*.
  const absent = exportsOf(musl).filter(([name]) => symbols.versionsOf(name) === undefined && !name.startsWith("fts_"));
  deepEqual(absent, []);
  equal(symbols.versionsOf("statx"), undefined);
  ok(muslSymbols("x86-64", [1, 2, 5]).versionsOf("statx") !== undefined);
});

test("versions of libstdc++ and libgcc_s belong to releases of GCC", needs("readelf", libstdcxx), () => {
  deepEqual(gccOfVersion("GLIBCXX_3.4.29"), [11, 1]);
  deepEqual(gccOfVersion("CXXABI_1.3.13"), [11, 1]);
  deepEqual(gccOfVersion("GCC_4.2.0"), [4, 2, 0]);
  equal(gccOfVersion("GLIBCXX_3.4.99"), undefined);
  equal(gccOfVersion("OPENSSL_3.0.0"), undefined);
  equal(glibcxxOfGcc([10, 2]), "GLIBCXX_3.4.28");

  const system = findSystem("debian:12");
  ok(system?.gcc !== undefined);
  const versions = new Set(exportsOf(libstdcxx).map(([, version]) => version));
  versions.delete("");
  const newest = [...versions].filter((version) => /^(GLIBCXX|CXXABI)_[\d.]+$/.test(version));
  for (const version of newest) {
    const gcc = gccOfVersion(version);
    ok(gcc !== undefined && compareReleases(gcc, system.gcc) <= 0, version);
  }
  ok(versions.has(glibcxxOfGcc(system.gcc) ?? "none"));
});

test("systems are found by their names and their other names", () => {
  deepEqual(findSystem("debian:bookworm")?.version, [2, 36]);
  deepEqual(findSystem("almalinux:9")?.version, [2, 34]);
  deepEqual(findSystem("alpine:3.20")?.version, [1, 2, 5]);
  deepEqual(findSystem("glibc:2.28")?.version, [2, 28]);
  deepEqual(findSystem("musl")?.library, "musl");
  for (const name of ["debian:99", "glibc:2.9", "glibc:2.99", "musl:2.0", "toString", ""])
    equal(findSystem(name), undefined);
});

test("Debian 12: every library of the list is installed here, where this is Debian 12", (t) => {
  if (!existsSync("/etc/debian_version") || !existsSync(libc64)) return t.skip("needs Debian");
  if (!/^12\./.test(readFileSync("/etc/debian_version", "utf8"))) return t.skip("needs Debian 12");
  const absent = findSystem("debian:12")?.libraries.filter(
    (name) => !existsSync(`/lib/x86_64-linux-gnu/${name}`) && !existsSync(`/usr/lib/x86_64-linux-gnu/${name}`),
  );
  deepEqual(absent, []);
});

test("GLIBC_PRIVATE is no promise; GLIBC_ABI_DT_RELR is", () => {
  equal(glibcOfVersion("GLIBC_PRIVATE"), undefined);
  deepEqual(glibcOfVersion("GLIBC_ABI_DT_RELR"), [2, 36]);
  deepEqual(glibcOfVersion("GLIBC_2.2.5"), [2, 2, 5]);
});
