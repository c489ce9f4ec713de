// `solder check` on files of several machines: each on its own platform, systems that do not exist on a machine, and what is left
// unjudged. The files are made by changing what tells the machine in those of x86-64, or by cross compilers.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { runLoad } from "../../../src/cli/load/load.ts";
import { error } from "../../../src/elf/index.ts";
import { nodeFiles } from "../../../src/host/node-files.ts";
import { type FileReport, settleVariants } from "../../../src/load/check/index.ts";
import { findSystem } from "../../../src/load/systems/index.ts";
import { folder } from "../../support/folder.ts";
import { printed } from "../../support/io.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { check, checkText, codes, verdict } from "./checking.ts";

const CC = "aarch64-linux-gnu-gcc";

/** A library of aarch64 that needs one function of glibc. */
function library(path: string, flags: readonly string[] = []): string {
  const source = `${path}.c`;
  writeFileSync(source, "int getentropy(void *, unsigned long); int f(void) { return getentropy(0, 0); }\n");
  tool(CC, ["-shared", "-fPIC", "-O1", ...flags, source, "-o", path]);
  return path;
}

test("names of machines, and where systems exist", () => {
  const on = (name: string, machine: string): boolean => findSystem(name)?.machines.includes(machine) === true;
  const machines = ["arm64", "aarch64", "armhf", "armel", "amd64", "ppc64el", "loong64", "mips64el", "i386"];
  deepEqual(
    machines.map((it) => findSystem(`debian:12/${it}`)?.machine),
    ["aarch64", "aarch64", "arm", "armel", "x86-64", "ppc64le", "loongarch64", "mips64el", "i386"],
  );
  equal(findSystem("debian:12/vax"), undefined);
  deepEqual([on("debian:12", "riscv64"), on("debian:13", "riscv64")], [false, true]);
  deepEqual([on("debian:12", "mips64el"), on("debian:13", "mips64el")], [true, false]);
  deepEqual([on("alpine:3.19", "riscv64"), on("alpine:3.20", "riscv64")], [false, true]);
  deepEqual([on("alpine:3.20", "loongarch64"), on("alpine:3.21", "loongarch64")], [false, true]);
  deepEqual([on("glibc:2.26", "riscv64"), on("glibc:2.27", "riscv64")], [false, true]);
  deepEqual([on("rhel:10", "i386"), on("almalinux:8", "s390x")], [false, true]);
  match(
    checkText(["--for", "debian:12/vax", "x"]).err,
    /does not know the machine 'vax' of 'debian:12\/vax'; it knows/,
  );
});

test("a system is that of the file's machine, or of the one that is said", needs(CC), () => {
  const here = folder("for-machine");
  const path = library(here.at("libf.so"));
  const { files, status } = check(["--for", "debian:10,debian:10/arm64,debian:10/amd64,debian:12/riscv64", path]);
  equal(status, 1);
  // GLIBC_2.25: newer than the machine's first, so it is what the file asks for.
  equal(files[0].oldest?.glibc?.version, "GLIBC_2.25");
  const [own, same, other, none] = files[0].targets;
  deepEqual([own.loads, same.loads], [true, true]);
  deepEqual([codes(other), codes(none)], [["check-for-other-machine"], ["check-system-without-machine"]]);
  deepEqual([other.findings[0].details.made, other.findings[0].details.has], ["aarch64", "x86-64"]);
  match(none.findings[0].message, /there is no debian:12 for riscv64/);
  deepEqual(none.findings[0].details.others, ["debian:13", "ubuntu:20.04", "ubuntu:22.04", "ubuntu:24.04"]);
});

test(
  "where the machine's dynamic linker is missing, the cure names Debian's package of its C library",
  needs(CC),
  () => {
    const here = folder("no-linker");
    mkdirSync(here.at("root"));
    const path = library(here.at("root/libf.so"));
    const { loads, findings } = verdict(["--root", here.at("root"), "/libf.so"]);
    deepEqual(
      [path.endsWith("/root/libf.so"), loads, findings.map(({ code }) => code)],
      [true, false, ["check-no-linker"]],
    );
    const [{ details, message }] = findings;
    match(message, /there is no dynamic linker for aarch64 on .*root$/);
    // The words of the cure.
    deepEqual([details.machine, details.package], ["aarch64", "libc6:arm64"]);
  },
);

test("in a tree each build is judged on its own platform, and what is not judged is counted", needs(CC), () => {
  const here = folder("platforms");
  for (const name of ["linux-arm64", "darwin-arm64", "sunos-sparc"]) mkdirSync(here.at(name));
  const path = library(here.at("linux-arm64/libf.so"));
  const sparc = Buffer.from(readFileSync(path));
  sparc.writeUInt16LE(43, 18);
  writeFileSync(here.at("sunos-sparc/libf.so"), sparc);
  writeFileSync(here.at("darwin-arm64/libf.dylib"), Buffer.from("cffaedfe0c000001", "hex"));
  const { files, status } = check([here.path]);
  equal(status, 0);
  const [arm, other] = files;
  deepEqual([arm.loads, arm.targets[0].platform], [true, "glibc:2.43/aarch64"]);
  ok(codes(arm.targets[0], "note").includes("check-judged-elsewhere"));
  deepEqual([other.unjudged, other.targets], ["Sparc v9 (64 bits)", []]);
  const { out } = checkText([here.path]);
  match(out, /2 files checked: all load; 1 file not ELF, passed over\n {2}judged {4}1 aarch64 glibc\n/);
  match(out, /\n {2}unjudged {2}1 Mach-O, 1 Sparc v9 \(64 bits\)\n/);
});

test("builds of one thing, by the names of platforms in their paths", () => {
  const report = (name: string, code?: string): FileReport => ({
    ...{ name, role: "addon", machine: "x86-64", library: "glibc", made: "glibc", soname: undefined, defines: [] },
    ...{ oldest: undefined, problems: code === undefined ? [] : [error(code, { file: name })] },
    verdicts: code === undefined ? [{ target: "here", loads: true, findings: [] }] : [],
  });
  for (const [own, others] of [
    [
      "a/prebuilds/linux-x64/n.node",
      ["darwin-arm64", "linux-armv7l", "linux-loong64", "linux-ppc64le", "linux-mips64el"],
    ],
    ["b/prebuilds/linux-x64/n.glibc.node", ["linux-arm/n.armv7", "linux-arm/n.armv6.musl", "linux-riscv64/n.musl"]],
    ["@x/y-linux-x64-gnu/y.linux-x64-gnu.node", ["android-arm-eabi", "linux-arm-gnueabihf", "openharmony-arm64"]],
  ] as const) {
    const named = (other: string): string =>
      other.includes("/") ? own.replace("linux-x64/n.glibc", other) : own.replaceAll(/linux-x64(-gnu)?/g, other);
    const reports = [report(own), ...others.map((other) => report(named(other), "check-foreign-machine"))];
    deepEqual(
      settleVariants(reports).map(({ instead }) => instead),
      [undefined, ...others.map(() => own)],
    );
  }
});

test("a library that is elsewhere in the tree is one of the same machine", needs(CC, "gcc"), () => {
  const here = folder("elsewhere");
  for (const name of ["x64", "arm64", "plugin"]) mkdirSync(here.at(name));
  writeFileSync(here.at("core.c"), "int core(void) { return 0; }\n");
  writeFileSync(here.at("plugin.c"), "int core(void); int plug(void) { return core(); }\n");
  for (const [cc, name] of [
    ["gcc", "x64"],
    [CC, "arm64"],
  ]) {
    tool(cc, [
      "-shared",
      "-fPIC",
      "-nostdlib",
      here.at("core.c"),
      "-Wl,-soname,libcore.so",
      "-o",
      here.at(`${name}/libcore.so`),
    ]);
    tool(cc, [
      "-shared",
      "-fPIC",
      "-nostdlib",
      here.at("plugin.c"),
      here.at(`${name}/libcore.so`),
      "-o",
      here.at("plugin/p.so"),
    ]);
    const { files } = check(["--for", "debian:12", here.path]);
    const plugin = files.find(({ file }) => file.endsWith("p.so"));
    const finding = plugin?.targets[0].findings.find(({ code }) => code === "check-library-elsewhere");
    deepEqual(finding?.details.found, [here.at(`${name}/libcore.so`)]);
  }
});

test("pages: where it fails, and the largest that would do", needs(CC), () => {
  const here = folder("pages");
  const path = library(here.at("libf.so"), ["-Wl,-z,max-page-size=4096,-z,separate-code"]);
  const note = verdict(["--for", "debian:12", path]).findings.find(({ code }) => code === "check-larger-pages");
  deepEqual([note?.severity, note?.details.pages, note?.details.largest], ["note", ["16 KiB", "64 KiB"], "4 KiB"]);
  const [failed] = verdict(["--for", "debian:12", "--page-size", "16K", path]).findings;
  deepEqual([failed.code, failed.details.largest], ["check-page-size", "4 KiB"]);
  match(failed.message, /ELF load command address\/offset not page-aligned/);
  equal(verdict(["--for", "debian:12", "--page-size", "64K", library(here.at("libg.so"))]).loads, true);
});

test("a library that larger pages do not fit is told by its pages, not as a wrong file", needs("gcc"), () => {
  const here = folder("pages-of-library");
  writeFileSync(here.at("a.c"), "int number = 1; int *pointer = &number; int f(void) { return *pointer; }\n");
  const link = (name: string, ...flags: readonly string[]): void =>
    void tool("gcc", ["-shared", "-fPIC", "-nostdlib", here.at("a.c"), ...flags, "-o", here.at(name)]);
  link("libsmall.so", "-Wl,-z,max-page-size=4096,-z,separate-code");
  link("libown.so", "-Wl,-z,max-page-size=65536,--no-as-needed,-rpath,$ORIGIN", here.at("libsmall.so"));
  const answer = verdict(["--page-size", "64K", here.at("libown.so")]);
  deepEqual([codes(answer), answer.findings[0].details.largest], [["check-library-page-size"], "4 KiB"]);
});

test("an addon of another machine is held to what Node.js here says of versions", needs(CC), () => {
  const here = folder("addons");
  const addon = (name: string, source: string): string => {
    writeFileSync(here.at("a.c"), source);
    tool(CC, ["-shared", "-fPIC", "-O2", "-nostdlib", here.at("a.c"), "-o", here.at(name)]);
    return here.at(name);
  };
  const napi = "void *napi_create_object(void); void *napi_register_module_v1(void) { return napi_create_object(); }\n";
  const asking = (version: number): string =>
    addon("napi.node", `int node_api_module_get_api_version_v1(void) { return ${version}; }\n${napi}`);
  deepEqual(codes(verdict([asking(8)])), []);
  deepEqual(codes(verdict([asking(Number(process.versions.napi) + 1)])), ["check-node-api-version"]);
  const other = verdict([addon("v.node", "void node_register_module_v72(void) {}\n")]);
  deepEqual([codes(other), other.findings[1].details.versions], [["check-node-version"], ["72"]]);
  deepEqual(codes(verdict([addon("none.node", "int f(void) { return 0; }\n")])), ["check-node-entry-missing"]);
  const lacking = verdict([
    addon("lacks.node", `void napi_frobnicate(void); void f(void) { napi_frobnicate(); }\n${napi}`),
  ]);
  deepEqual(codes(lacking), ["check-symbols-of-node"]);
});

test(
  "a library of another float ABI is passed over where there is only the usual one",
  needs("riscv64-linux-gnu-gcc"),
  () => {
    const here = folder("float-abi");
    const source = here.at("f.c");
    writeFileSync(source, "int f(void) { return 1; } int main(void) { return f(); }\n");
    const linker = "-Wl,--dynamic-linker=/lib/ld-linux-riscv64-lp64.so.1";
    tool("riscv64-linux-gnu-gcc", ["-shared", "-fPIC", source, "-o", here.at("libf.so")]);
    tool("riscv64-linux-gnu-gcc", [linker, source, "-o", here.at("f")]);
    for (const name of ["libf.so", "f"]) {
      const bytes = readFileSync(here.at(name));
      bytes.writeUInt32LE(bytes.readUInt32LE(48) & ~6, 48);
      writeFileSync(here.at(name), bytes);
    }
    const { files } = check(["--for", "debian:13,glibc:2.41", here.at("libf.so"), here.at("f")]);
    deepEqual(
      files.map(({ targets }) => targets.map((it) => codes(it))),
      [
        [["check-other-abi"], []],
        [["check-interpreter-missing"], []],
      ],
    );
    match(
      files[0].targets[0].findings[0].message,
      /made for RISC-V soft-float: the dynamic linker of debian:13 passes over it/,
    );
  },
);

test(
  "a file of a known machine in the other byte order is called so, by all commands",
  needs("clang", "ld.lld"),
  () => {
    const here = folder("byte-order");
    writeFileSync(here.at("f.s"), ".globl f\nf: ret\n");
    const path = here.at("f.o");
    tool("clang", ["--target=aarch64_be-linux-gnu", "-c", here.at("f.s"), "-o", path]);
    const load = (name: string): string => printed((io) => runLoad([name], io, nodeFiles)).err;
    match(load(path), /this object is for AArch64 \(64 bits, big-endian\), another machine, or one/);
    const library = here.at("libf.so");
    tool("ld.lld", ["-shared", path, "-o", library]);
    match(load(library), /it is for AArch64 \(64 bits, big-endian\); programs that can be loaded are/);
    const { files } = check([library]);
    equal(files[0].unjudged, "AArch64 (64 bits, big-endian)");
  },
);

test(
  "what is made for glibc is told the name of Android's build as packages have it, and the first Android of its machine",
  needs(CC),
  () => {
    const path = library(folder("names").at("libf.so"), ["-lc"]);
    const { out } = checkText(["--for", "android:30", path]);
    match(out, /npm packages name it android-arm64\)/);
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(243, 18);
    bytes.writeUInt32LE(4, 48);
    writeFileSync(path, bytes);
    deepEqual(verdict(["--for", "android:30", path]).findings[0].details.others, ["android:35"]);
  },
);
