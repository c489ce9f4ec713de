// How the command line is read: dashes, arguments, abbreviations, the state of the options for files that follow.
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { memoryFiles } from "../../src/host/memory-files.ts";
import { defaultOptions } from "../../src/link/options.ts";
import { ld, type Parsed, parseLine, textFiles } from "./support.ts";

/** The inputs in short: names, with the letters of the state: whole archive, as needed, static, copy needed. */
function inputs({ inputs }: Parsed): string[] {
  return inputs.map((input) => {
    if (input.kind === "just-symbols") return `R ${input.path}`;
    if (input.kind === "script") return `T ${input.path}`;
    if (input.kind !== "file" && input.kind !== "library") return input.kind;
    const { wholeArchive, asNeeded, preferStatic, copyDtNeeded, format } = input.state;
    const name = input.kind === "file" ? input.path : `-l${input.exact ? ":" : ""}${input.name}`;
    const letters = `${wholeArchive ? "w" : ""}${asNeeded ? "a" : ""}${preferStatic ? "s" : ""}${copyDtNeeded ? "c" : ""}`;
    return [name, letters, format ?? ""].filter((it) => it !== "").join(" ");
  });
}

test("without options the record is GNU ld's defaults, and the built-in directories are searched", () => {
  const { options, settings, codes } = ld("a.o");
  deepEqual(codes, []);
  deepEqual({ ...options, libraryPaths: [], neededPaths: undefined }, defaultOptions);
  deepEqual(options.neededPaths, options.libraryPaths);
  equal(options.libraryPaths[1], "=/lib/x86_64-linux-gnu");
  equal(settings.outputPath, "a.out");
});

// Dashes and arguments

test("a word takes one dash or two, and its argument after = or as the next one", () => {
  for (const line of ["-soname x", "--soname x", "-soname=x", "--soname=x", "-h x", "-hx"]) {
    equal(ld(line).options.soname, "x", line);
  }
});

test("the next argument is taken whatever it looks like", () => {
  equal(ld("-soname --as-needed").options.soname, "--as-needed");
  equal(ld("-o -").settings.outputPath, "-");
});

test("an optional argument needs the =", () => {
  deepEqual(ld("--build-id=md5").options.buildId, { style: "md5" });
  const { options, inputs } = ld("--build-id md5");
  deepEqual(options.buildId, { style: "sha1" });
  equal(inputs.length, 1);
});

test("one dash and a word that begins with o is -o and a file name; GNU ld wants two dashes", () => {
  equal(ld("-omagic").settings.outputPath, "magic");
  equal(ld("-output").settings.outputPath, "utput");
  equal(ld("--omagic").options.omagic, true);
  equal(ld("--output x").settings.outputPath, "x");
});

test("-l takes the rest of the word, even if that makes the name of an option", () => {
  deepEqual(inputs(ld("-library -lc -l m -l:libx.a --library z --library=y")), [
    "-library",
    "-lc",
    "-lm",
    "-l:libx.a",
    "-lz",
    "-ly",
  ]);
});

test("letters without argument may stand together, and the last may have one", () => {
  const { options, settings } = ld("-sEoprogram");
  deepEqual([options.strip, options.exportDynamic, settings.outputPath], ["all", true, "program"]);
});

test("a letter and its argument win over nothing: -Tscript is a script, -Ttext an address", () => {
  deepEqual(inputs(ld("-Tscript.ld", { files: textFiles({ "script.ld": "" }) })), ["T script.ld"]);
  deepEqual([...ld("-Ttext 1000").options.sectionStart], [[".text", 0x1000]]);
  deepEqual([...ld("-Ttext=0x2000").options.sectionStart], [[".text", 0x2000]]);
});

test("words may be shortened as long as only one of GNU ld's fits", () => {
  equal(ld("--no-as a.o").codes.length, 0);
  equal(ld("--exp").options.exportDynamic, true);
  equal(ld("-whole-arch a.a").inputs.length, 1);
  const { problems } = ld("--dis");
  equal(problems[0].code, "ambiguous-option");
  deepEqual(problems[0].details.option, "--dis");
});

test("-G is -shared unless a number follows", () => {
  equal(ld("-G").options.output, "shared");
  equal(ld("-G a.o").options.output, "shared");
  equal(ld("-G 8 a.o").options.output, "executable");
});

test("-- ends the options, and - alone is a file", () => {
  deepEqual(inputs(ld("- -- -s")), ["-", "-s"]);
});

// Mistakes

test("an unknown option is an error with the nearest name", () => {
  const { problems } = ld("--as-neded");
  equal(problems[0].code, "unknown-option");
  deepEqual(problems[0].details, { option: "--as-neded", suggestion: "--as-needed" });
});

test("nothing is suggested for what resembles nothing", () => {
  equal(ld("--frobnicate=3").problems[0].details.suggestion, "");
});

test("a missing argument, an argument too many, a bad value: all are reported together", () => {
  const { codes } = ld(
    "--gc-sections=3 --hash-style=md5 -Ttext=4x --sort-common=size -z stack-size=x -z max-page-size=3 -rpath",
  );
  deepEqual(codes, [
    "option-takes-no-argument",
    "bad-option-value",
    "bad-option-value",
    "bad-option-value",
    "bad-option-value",
    "bad-option-value",
    "option-needs-argument",
  ]);
});

test("an unknown -z keyword is a warning with the nearest keyword", () => {
  const { problems } = ld("-z noww");
  deepEqual([problems[0].severity, problems[0].details], ["warning", { keyword: "noww", suggestion: "now" }]);
  equal(ld("-z now=1").problems[0].code, "unknown-z-keyword");
  equal(ld("-z max-page-size").problems[0].code, "unknown-z-keyword");
});

test("an option without effect is named once; the ones that compilers pass are not", () => {
  deepEqual(ld("--split-by-file --split-by-file").codes, ["option-ignored"]);
  deepEqual(ld("-plugin x.so -plugin-opt=-fresolution=y -flto -fuse-ld=bfd").codes, []);
});

test("-r goes with neither -shared nor -pie", () => {
  deepEqual(ld("-r -shared").codes, ["options-conflict"]);
  deepEqual(ld("-pie -r").codes, ["options-conflict"]);
});

test("-f and -F are for shared libraries", () => {
  deepEqual(ld("-F a.so -f b.so").codes, ["option-needs-shared", "option-needs-shared"]);
  const { codes, options } = ld("-F a.so -shared -f b.so");
  deepEqual([codes, options.filter, options.auxiliary], [[], ["a.so"], ["b.so"]]);
});

// Options for the files that follow

test("options for files work on the files after them", () => {
  deepEqual(
    inputs(ld("a.a --whole-archive b.a --as-needed -lc --no-whole-archive -Bstatic -lm --no-as-needed -Bdynamic d.so")),
    ["a.a", "b.a w", "-lc wa", "-lm as", "d.so"],
  );
});

test("--push-state and --pop-state nest", () => {
  deepEqual(inputs(ld("--push-state --as-needed -la --push-state -dn -lb --pop-state -lc --pop-state -ld")), [
    "-la a",
    "-lb as",
    "-lc a",
    "-ld",
  ]);
  deepEqual(ld("--pop-state").codes, ["pop-without-push"]);
});

test("a group in a group is one group, as in GNU ld; an open one is closed with a warning", () => {
  deepEqual(inputs(ld("-( a.a --start-group b.a -) c.a --end-group")), [
    "group-start",
    "a.a",
    "b.a",
    "c.a",
    "group-end",
  ]);
  deepEqual(ld("-( a.a").codes, ["group-not-closed"]);
  deepEqual(ld("a.a -)").codes, ["group-not-open"]);
});

test("--start-lib and --end-lib are handed on", () => {
  deepEqual(inputs(ld("--start-lib a.o --end-lib")), ["lib-start", "a.o", "lib-end"]);
});

test("-b binary works on the files after it", () => {
  deepEqual(inputs(ld("-b binary a.txt -b default b.o --format=elf64-x86-64 c.o")), ["a.txt binary", "b.o", "c.o elf"]);
  deepEqual(ld("-b pe-i386").codes, ["bad-option-value"]);
});

test("-R takes symbols from a file, and adds a directory to -rpath", () => {
  const { options, ...parsed } = ld("-R symbols.o -R /opt/lib", {
    files: memoryFiles({ "symbols.o": new Uint8Array(1) }),
  });
  deepEqual(inputs({ options, ...parsed }), ["R symbols.o"]);
  deepEqual(options.rpath, ["/opt/lib"]);
});

test("SEARCH_DIR of -T stands among the -L where -T does; -nostdlib leaves it out", () => {
  const files = textFiles({ "x.ld": "SEARCH_DIR(/script)" });
  deepEqual(ld("-L/a -T x.ld -L/b", { files }).options.libraryPaths.slice(0, 3), ["/a", "/script", "/b"]);
  deepEqual(ld("-L/a -nostdlib -T x.ld -L/b", { files }).options.libraryPaths, ["/a", "/b"]);
  // What libraries need is looked for there too, and not along -L.
  deepEqual(ld("-L/a -T x.ld", { files }).options.neededPaths?.slice(0, 2), [
    "/script",
    "=/usr/local/lib/x86_64-linux-gnu",
  ]);
  deepEqual(ld("-L/a -nostdlib", { files }).options.neededPaths, []);
});

test("-T looks along -L, and --default-script counts only without -T", () => {
  const files = textFiles({ "/lib/x.ld": "", "y.ld": "" });
  deepEqual(inputs(ld("-L/lib -T x.ld a.o -dT y.ld", { files })), ["T /lib/x.ld", "a.o"]);
  deepEqual(inputs(ld("-dT y.ld a.o", { files })), ["a.o", "T y.ld"]);
  // It is read after all other options, so along every -L; -T along those before it.
  deepEqual(inputs(ld("-dT x.ld a.o -L=/lib --sysroot=", { files })), ["a.o", "T /lib/x.ld"]);
  deepEqual(ld("-T x.ld a.o -L/lib", { files }).codes, ["file-not-found"]);
});

// The kind of output

test("the kind of output", () => {
  const kinds: Readonly<Record<string, string>> = {
    "": "executable",
    "-Bstatic": "executable",
    // Static if no shared library comes in: whether one may is said of each input, and by staticFirst.
    "-static": "executable",
    "-static -Bdynamic": "executable",
    "-pie": "pie",
    "-static -pie": "pie",
    "-static -pie --no-dynamic-linker -z text -pie": "pie",
    "-shared": "shared",
    "-static -shared": "shared",
    "-r": "relocatable",
    "-Ur": "relocatable",
    "-pie -shared": "shared",
    "-shared -pie": "pie",
    "-pie -no-pie": "executable",
  };
  for (const [line, kind] of Object.entries(kinds)) equal(ld(line).options.output, kind, line);
});

test("-r -s keeps what an object needs: it is -r -S -x", () => {
  const { options } = ld("-r -s");
  deepEqual([options.strip, options.discard], ["debug", "all"]);
  equal(ld("-s").options.strip, "all");
});

test("-m chooses the emulation and its directories; x32 is refused by name", () => {
  const { options } = ld("-m elf_i386");
  deepEqual([options.emulation, options.libraryPaths[1]], ["elf_i386", "=/lib/i386-linux-gnu"]);
  deepEqual(ld("-m elf32_x86_64").codes, ["emulation-x32"]);
  deepEqual(ld("-m aarch64linux").problems[0].details.supported, ["elf_x86_64", "elf_i386"]);
});

test("without -m the command's name decides, then LDEMULATION, then the first object", () => {
  const cross = ld("a.o", { program: "i686-linux-gnu-ld" });
  deepEqual([cross.options.emulation, cross.options.libraryPaths.at(-1)], ["elf_i386", "=/usr/i686-linux-gnu/lib"]);
  equal(ld("a.o", { env: { LDEMULATION: "elf_i386" } }).options.emulation, "elf_i386");

  const object = new Uint8Array(64);
  object.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  object[18] = 3;
  const byObject = ld("a.o", { files: memoryFiles({ "a.o": object }) });
  equal(byObject.options.emulation, undefined);
  equal(byObject.options.libraryPaths[1], "=/lib/i386-linux-gnu");
  const [input] = byObject.inputs;
  equal(input.kind === "file" && input.bytes, object);
});

// Search paths

test("-L, then -Y, then the built-in directories; -nostdlib leaves -L", () => {
  const { libraryPaths } = ld("-Y /y:/z -L/a -L =/b -L/c/").options;
  deepEqual(libraryPaths.slice(0, 6), ["/a", "=/b", "/c/", "/y", "/z", "=/usr/local/lib/x86_64-linux-gnu"]);
  deepEqual(ld("-nostdlib -Y /y -La").options.libraryPaths, ["a"]);
});

test("-static counts as the first word only before every file, and where nobody names a dynamic linker", () => {
  const first = (line: string): boolean => ld(line).options.staticFirst;
  deepEqual(["-static a.o", "-( -Bstatic a.o", "-dn -lx", "-pie -non_shared a.o"].map(first), [true, true, true, true]);
  deepEqual(["a.o -static", "-lx -static", "-static a.o -I /ld.so", "-a archive a.o"].map(first), [
    false,
    false,
    false,
    false,
  ]);
});

test("--sysroot is kept for = paths letter by letter, means the same wherever it stands, and / is none", () => {
  equal(ld("--sysroot=/target/").options.sysroot, "/target/");
  equal(ld("--sysroot /target").options.sysroot, "/target");
  equal(ld("--sysroot=/a --sysroot=b").options.sysroot, "b");
  equal(ld("--sysroot=/").options.sysroot, "");
  const files = textFiles({ "/target/lib/x.ld": "" });
  deepEqual(inputs(ld("-L=/lib -T x.ld --sysroot=/target", { files })), ["T /target/lib/x.ld"]);
});

test("-rpath collects directories, and what is there already is not added", () => {
  deepEqual(ld("-rpath /a:/b -rpath /b -rpath=/c -rpath /a:/b").options.rpath, ["/a", "/b", "/c"]);
});

test("LD_RUN_PATH counts where there is no -rpath and is searched where there is no -rpath-link either", () => {
  const env = { LD_RUN_PATH: "/r:/s", LD_LIBRARY_PATH: "/l" };
  const written = (line: string): unknown => {
    const { rpath, impliedRpath } = ld(line, { env }).options;
    return [rpath, impliedRpath];
  };
  const searched = (line: string): unknown => ld(line, { env }).options.environmentPaths;
  deepEqual(
    [written(""), searched("")],
    [
      [[], ["/r", "/s"]],
      ["/r", "/s", "/l"],
    ],
  );
  deepEqual([written("-rpath-link /k"), searched("-rpath-link /k")], [[[], ["/r", "/s"]], ["/l"]]);
  deepEqual([written("-rpath /a"), searched("-rpath /a")], [[["/a"], []], ["/l"]]);
});

// Undefined symbols

test("what is said about undefined symbols, last word wins", () => {
  const of = (line: string): unknown[] => {
    const { noUndefined, allowShlibUndefined, unresolvedSymbols } = ld(line).options;
    return [noUndefined, allowShlibUndefined, unresolvedSymbols];
  };
  deepEqual(of("-shared"), [undefined, undefined, "report-all"]);
  deepEqual(of("-z defs"), [true, undefined, "report-all"]);
  deepEqual(of("--no-undefined -z undefs"), [false, undefined, "ignore-in-object-files"]);
  deepEqual(of("--unresolved-symbols=ignore-all"), [false, true, "ignore-all"]);
  deepEqual(of("--unresolved-symbols=ignore-in-shared-libs"), [true, true, "ignore-in-shared-libs"]);
  deepEqual(of("--unresolved-symbols=ignore-all --unresolved-symbols=report-all"), [true, false, "report-all"]);
  deepEqual(of("--no-allow-shlib-undefined"), [undefined, false, "report-all"]);
});

// Values

test("build IDs in every style", () => {
  deepEqual(ld("--build-id").options.buildId, { style: "sha1" });
  deepEqual(ld("--build-id=none").options.buildId, { style: "none" });
  deepEqual(ld("--build-id=0xAB-cd:01").options.buildId, { style: "hex", bytes: Uint8Array.of(0xab, 0xcd, 1) });
  const odd = ld("--build-id=0xabc");
  deepEqual([odd.codes, odd.options.buildId], [["build-id-style-unknown"], { style: "none" }]);
});

test("addresses are hexadecimal with or without 0x, a kernel's too", () => {
  equal(ld("-Ttext-segment 400000").options.textSegment, 0x400000);
  deepEqual([...ld("--section-start=.init=0xffffffff80000000").options.sectionStart], [[".init", 0xffffffff80000000]]);
  deepEqual(ld("-Ttext ffffffff80000001").codes, ["bad-option-value"]);
});

test("sizes are decimal, hexadecimal or octal", () => {
  deepEqual(
    ["4096", "0x1000", "010000"].map((size) => ld(`-z max-page-size=${size}`).options.z.maxPageSize),
    [4096, 4096, 4096],
  );
});

test("-O without a number is no optimization", () => {
  deepEqual(
    ["-O2", "-O 1", "-O0", "-Ofast"].map((line) => ld(line).options.optimize),
    [2, 1, 0, 0],
  );
});

test("--retain-symbols-file is read, and takes back -s", () => {
  const { options } = ld("-s --retain-symbols-file keep", { files: textFiles({ keep: "main\n foo\tbar\n" }) });
  deepEqual([options.retainSymbols, options.strip], [["main", "foo", "bar"], "none"]);
});

test("version scripts, dynamic lists and --defsym are parsed where they stand", () => {
  const files = textFiles({ v: "V1 { global: f*; local: *; };", d: "{ g; };", e: "{ h*; };" });
  const { options, codes } = ld(
    "--version-script v --dynamic-list d --export-dynamic-symbol-list e --export-dynamic-symbol i[0-9] --defsym a=b+1",
    { files },
  );
  deepEqual(codes, []);
  equal(options.versionNodes[0].name, "V1");
  deepEqual(
    options.dynamicList?.map(({ text }) => text),
    ["g"],
  );
  deepEqual(
    options.exportDynamicSymbols.map(({ text, literal }) => [text, literal]),
    [
      ["h*", false],
      ["i[0-9]", false],
    ],
  );
  equal(options.defsym[0].symbol, "a");
});

test("a script that is not there is an error", () => {
  deepEqual(ld("--version-script v --dynamic-list d --retain-symbols-file r").codes, [
    "file-not-found",
    "file-not-found",
    "file-not-found",
  ]);
});

test("C++ names on the dynamic list", () => {
  const { dynamicList } = ld("--dynamic-list-cpp-new --dynamic-list-cpp-typeinfo").options;
  deepEqual(
    dynamicList?.map(({ text, language }) => [text, language]),
    ["operator new*", "operator delete*", "typeinfo for*", "typeinfo name for*"].map((text) => [text, "C++"]),
  );
});

test("an argument with blanks is one argument", () => {
  equal(parseLine(["-o", "my program", "a b.o"]).settings.outputPath, "my program");
});

test("--version and --help end the reading, -v does not", () => {
  equal(ld("--version --nonsense").codes.length, 0);
  equal(ld("-v --nonsense").codes.length, 1);
});
