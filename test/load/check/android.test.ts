// `solder check --for android:NN`, on libraries with the marks that the NDK's have: versions of libc.so, public libraries, headers.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { androidOfLibrary, androidOfVersion, findAndroid } from "../../../src/load/systems/index.ts";
import { compile, x86_64 } from "../../support/build.ts";
import { type Folder, folder } from "../../support/folder.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { check, codes, verdict } from "./checking.ts";

const NDK_FLAGS = ["-shared", "-nostdlib", "-Wl,-z,max-page-size=16384,-z,separate-code", "-Wl,--hash-style=both"];

/** bionic's libc.so as the NDK links with it: names and versions. */
function bionic(here: Folder): string {
  mkdirSync(here.at("sdk"), { recursive: true });
  const source = "int e; int *__errno(void) { return &e; } void futimes_(void) {} void nl_(void) {}\n";
  const map =
    "LIBC { global: __errno; local: *; };\nLIBC_N { global: futimes_; } LIBC;\nLIBC_O { global: nl_; } LIBC_N;\n";
  const object = compile(x86_64, "bionic-o.c", source, ["-fPIC"]);
  const script = `-Wl,--version-script=${here.write("libc.map", map)}`;
  tool("gcc", ["-shared", "-nostdlib", object, "-Wl,-soname,libc.so", script, "-o", here.at("sdk/libc.so")]);
  return here.at("sdk/libc.so");
}

const SOURCE = "int *__errno(void); void nl_(void); int f(void) { nl_(); return *__errno(); }\n";

function library(here: Folder, name: string, flags: readonly string[] = [], source = SOURCE): string {
  const object = compile(x86_64, `android-${name}.c`, source, ["-fPIC"]);
  const soname = flags.includes("-Wl,-soname,") ? [] : [`-Wl,-soname,${name}`];
  tool("gcc", [...NDK_FLAGS, ...soname, ...flags, object, bionic(here), "-o", here.at(name)]);
  return here.at(name);
}

/** Makes the code writable, as packers do. */
function writableCode(path: string): string {
  const file = readFileSync(path);
  for (let at = Number(file.readBigUInt64LE(32)); ; at += 56) {
    if (file.readUInt32LE(at) !== 1 || file[at + 4] !== 5) continue;
    file[at + 4] = 7;
    writeFileSync(path, file);
    return path;
  }
}

test("levels of Android by the names of libraries and versions", () => {
  deepEqual(
    ["LIBC", "LIBC_N", "LIBC_O", "LIBDL_OMR1", "LIBC_V", "LIBC_36", "LIBC_PRIVATE", "GLIBC_2.17"].map(androidOfVersion),
    [21, 24, 26, 27, 35, 36, undefined, undefined],
  );
  deepEqual(["liblog.so", "libaaudio.so", "libcutils.so"].map(androidOfLibrary), [3, 26, undefined]);
  deepEqual(
    [findAndroid("android:20"), findAndroid("android:30/vax"), findAndroid("android:30/arm64")?.machine],
    [undefined, undefined, "aarch64"],
  );
  equal(findAndroid("android:34")?.machines.includes("riscv64"), false);
});

test("versions of bionic's libc: what needs API 26 is too new for 24", needs(...x86_64.tools), () => {
  const path = library(folder("android-versions"), "libf.so");
  const { files, status } = check(["--for", "android:24,android:26,android:26/arm64,android:35", path]);
  equal(status, 1);
  const [old, fits, other, recent] = files[0].targets;
  deepEqual([codes(old), old.findings[0].details.symbols], [["check-android-too-old"], ["nl_@LIBC_O"]]);
  equal(old.findings[0].details.since, 26);
  deepEqual([fits.loads, codes(fits, "note")], [true, ["check-android-symbols"]]);
  deepEqual(codes(other), ["check-for-other-machine"]);
  deepEqual([recent.loads, codes(recent, "warning")], [true, []]);
});

test("what the linker of Android refuses, level by level", needs(...x86_64.tools), () => {
  const here = folder("android-refused");
  const refused = (path: string, levels: string): readonly (readonly string[])[] =>
    check(["--for", levels, path]).files[0].targets.map((target) => codes(target));
  const gnu = library(
    here,
    "libgnu.so",
    ["-Wl,--hash-style=gnu"],
    "int *__errno(void); int f(void) { return *__errno(); }\n",
  );
  deepEqual(refused(gnu, "android:22,android:23"), [["check-android-hash"], []]);
  const tls = library(
    here,
    "libtls.so",
    [],
    "__thread int x; int *__errno(void); int f(void) { return x + *__errno(); }\n",
  );
  // The call of __tls_get_addr is found in bionic from 29 on, too.
  deepEqual(refused(tls, "android:28,android:29"), [["check-android-tls"], []]);
  const code = writableCode(library(here, "libwx.so"));
  ok(refused(code, "android:26")[0].includes("check-android-writable-code"));
  const small = library(here, "libsmall.so", ["-Wl,-z,max-page-size=4096"]);
  deepEqual(codes(verdict(["--for", "android:35", small]), "warning"), ["check-android-16k"]);
  deepEqual(codes(verdict(["--for", "android:34", small]), "warning"), []);
  deepEqual(codes(verdict(["--for", "android:34", "--page-size", "16K", small])), ["check-android-page-size"]);
});

test("the API level that the NDK noted in a file", needs(...x86_64.tools), () => {
  const ident = `asm(".section .note.android.ident, \\"a\\", %note\\n .int 8, 4, 1\\n .asciz \\"Android\\"\\n .int 28\\n .previous");\n`;
  const path = library(folder("android-note"), "libnote.so", [], `${ident}${SOURCE}`);
  const warned = (system: string): readonly string[] => codes(verdict(["--for", system, path]), "warning");
  deepEqual([warned("android:26"), warned("android:28")], [["check-android-built-for"], []]);
});

test(
  "libraries: public ones since their level, the app's own beside it, private ones never",
  needs(...x86_64.tools),
  () => {
    const here = folder("android-libraries");
    mkdirSync(here.at("stubs"));
    const stubs = ["libaaudio.so", "libcutils.so"].map((name) => {
      const object = compile(x86_64, "android-stub.c", "int stub;\n", ["-fPIC"]);
      tool("gcc", ["-shared", "-nostdlib", object, `-Wl,-soname,${name}`, "-o", here.at(`stubs/${name}`)]);
      return here.at(`stubs/${name}`);
    });
    const path = library(here, "libapp.so", ["-Wl,--no-as-needed", ...stubs]);
    const { targets } = check(["--for", "android:24,android:26", path]).files[0];
    deepEqual(
      targets.map((target) => codes(target)),
      [["check-android-library", "check-android-library-later", "check-android-too-old"], ["check-android-library"]],
    );
    deepEqual(targets[1].findings[0].details.libraries, ["libcutils.so"]);
    // What lies beside it comes along with it.
    writeFileSync(here.at("libcutils.so"), readFileSync(here.at("stubs/libcutils.so")));
    deepEqual(codes(verdict(["--for", "android:26", path])), []);
  },
);

test(
  "without --for a library for Android is judged as on the newest; one for glibc is none",
  needs(...x86_64.tools),
  () => {
    const here = folder("android-here");
    const own = verdict([library(here, "libf.so")]);
    deepEqual([own.platform, own.loads], ["android:36/x86-64", true]);
    const object = compile(x86_64, "for-glibc.c", '#include <stdio.h>\nint f(void) { return puts(""); }\n', ["-fPIC"]);
    tool("gcc", ["-shared", object, "-o", here.at("libglibc.so")]);
    const [finding] = verdict(["--for", "android:30", here.at("libglibc.so")]).findings;
    deepEqual([finding.code, finding.details.made], ["check-foreign-for-android", "glibc"]);
    match(finding.message, /made for glibc, not for android:30/);
  },
);
