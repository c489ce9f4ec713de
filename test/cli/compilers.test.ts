// What gcc and clang really pass, for every kind of output: each line has to be taken without a word, and to mean what the
// compiler meant.
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { splitArguments } from "../../src/cli/ld/response-files.ts";
import type { OutputKind } from "../../src/link/options.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { type Parsed, parseLine } from "./support.ts";

const directory = mkdtempSync(join(tmpdir(), "solder-compilers-"));
after(() => rmSync(directory, { recursive: true }));
writeFileSync(join(directory, "a.o"), "");

interface Case {
  readonly compiler: string;
  readonly flags: string;
  readonly output: OutputKind;
  readonly emulation: "elf_x86_64" | "elf_i386";
  /** The loader's path; undefined where there must be none. */
  readonly loader?: string;
}

const L64 = "/lib64/ld-linux-x86-64.so.2";
const L32 = "/lib/ld-linux.so.2";

function cases(compiler: string, prefix: string, emulation: Case["emulation"], loader: string): Case[] {
  const make = (flags: string, output: OutputKind, withLoader: boolean): Case => ({
    compiler,
    flags: `${prefix} ${flags}`,
    output,
    emulation,
    ...(withLoader ? { loader } : {}),
  });
  return [
    make("", "pie", true),
    make("-no-pie", "executable", true),
    make("-static", "static", false),
    make("-static-pie", "static-pie", false),
    make("-shared", "shared", false),
    make("-r -nostdlib", "relocatable", true),
  ];
}

const all: readonly Case[] = [
  ...cases("gcc", "", "elf_x86_64", L64),
  ...cases("gcc", "-m32", "elf_i386", L32),
  ...cases("clang", "", "elf_x86_64", L64),
  ...cases("clang", "-m32", "elf_i386", L32),
  ...cases("i686-linux-gnu-gcc", "", "elf_i386", L32),
];

/** The linker's arguments in what `compiler -###` prints. */
function linkLine(compiler: string, flags: string): string[] {
  const words = flags.split(" ").filter((word) => word !== "");
  const { stderr } = run(compiler, ["-###", ...words, "a.o", "-o", "program"], { cwd: directory });
  const line = stderr.split("\n").find((it) => /^ "?\S*\/(collect2|ld|ld\.[a-z]+|\S*-ld)"? /.test(it)) ?? "";
  const [, ...args] = splitArguments(line);
  ok(args.length > 5, stderr);
  return args;
}

function libraries({ inputs }: Parsed): string[] {
  return inputs.flatMap((input) =>
    input.kind === "library" ? [`${input.name}${input.state.asNeeded ? " if needed" : ""}`] : [],
  );
}

for (const { compiler, flags, output, emulation, loader } of all) {
  test(`${compiler} ${flags}: ${output} for ${emulation}`, needs(compiler), () => {
    const parsed = parseLine(linkLine(compiler, flags));
    const { options, settings, codes } = parsed;
    deepEqual(codes, []);
    const isStatic = output === "static" || output === "static-pie";
    equal(options.output, output === "static" ? "executable" : output === "static-pie" ? "pie" : output);
    equal(options.staticFirst, isStatic);
    equal(options.emulation, emulation);
    equal(settings.outputPath, "program");
    equal(options.noDynamicLinker, output === "static-pie");
    if (output === "pie" || output === "executable") equal(options.dynamicLinker, loader);
    if (output !== "relocatable" && compiler !== "clang") deepEqual(options.buildId, { style: "sha1" });
    equal(options.hashStyle, compiler === "clang" ? "both" : "gnu");
    ok(parsed.inputs.some((input) => input.kind === "file" && input.path === "a.o"));
    if (output === "pie" || output === "shared") {
      deepEqual(new Set(libraries(parsed)).has("gcc_s if needed"), true);
      ok(libraries(parsed).some((name) => name.startsWith("c")));
    }
    if (isStatic) {
      ok(parsed.inputs.some(({ kind }) => kind === "group-start"));
      ok(parsed.inputs.every((input) => input.kind !== "library" || input.state.preferStatic));
    }
  });
}

describe("options that builds hand through the compiler", () => {
  test("-Wl, in gcc's usual combinations", needs("gcc"), () => {
    const flags =
      "-shared -Wl,-soname,libx.so.1 -Wl,--version-script,/dev/null -Wl,-z,relro,-z,now -Wl,--no-undefined -Wl,-rpath,$ORIGIN -s";
    const args = linkLine("gcc", flags);
    const { options, codes } = parseLine(
      args.filter((word, i) => word !== "--version-script" && args[i - 1] !== "--version-script"),
    );
    deepEqual(codes, []);
    equal(options.soname, "libx.so.1");
    deepEqual([options.z.now, options.z.relro, options.noUndefined], [true, true, true]);
    deepEqual(options.rpath, ["$ORIGIN"]);
    equal(options.strip, "all");
  });

  test("musl-gcc", needs("musl-gcc"), () => {
    const { options, codes } = parseLine(linkLine("musl-gcc", ""));
    deepEqual(codes, []);
    equal(options.dynamicLinker, "/lib/ld-musl-x86_64.so.1");
    deepEqual(options.libraryPaths[0], "/usr/lib/x86_64-linux-musl");
    ok(options.noStandardLibraryPaths);
  });

  test("link-time optimization", needs("gcc"), () => {
    deepEqual(parseLine(linkLine("gcc", "-flto -O2")).codes, []);
  });

  // Rust 1.80 for a release build of a program, by way of cc.
  test("rustc's", () => {
    const line =
      "-m elf_x86_64 -dynamic-linker /lib64/ld-linux-x86-64.so.2 -pie --eh-frame-hdr -o x Scrt1.o a.rcgu.o --as-needed -Bstatic libstd.rlib -Bdynamic -lgcc_s -lutil -lc --eh-frame-hdr -z noexecstack -L /lib --gc-sections -z relro -z now --strip-debug -O1";
    const { options, codes } = parseLine(line.split(" "));
    deepEqual(codes, []);
    deepEqual([options.gcSections, options.z.execstack, options.strip, options.optimize], [true, false, "debug", 1]);
  });

  // What the Linux kernel's arch/x86/Makefile and scripts/link-vmlinux.sh pass.
  test("the Linux kernel's", () => {
    const line =
      "-m elf_x86_64 --emit-relocs --discard-none -z noexecstack --no-warn-rwx-segments -z max-page-size=0x200000 --build-id=sha1 --orphan-handling=warn -o vmlinux --whole-archive vmlinux.a --no-whole-archive --start-group --end-group";
    const { options, codes, settings } = parseLine(line.split(" "));
    deepEqual(codes, []);
    deepEqual([options.emitRelocs, options.discard, options.z.maxPageSize], [true, "none", 0x200000]);
    deepEqual([...settings.unwanted], ["rwx-segment"]);
  });
});
