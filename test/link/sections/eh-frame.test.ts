// .eh_frame of the output: functions that are in it and no others, equal CIEs once, and a table that finds them all.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "../../../src/elf/problem.ts";
import { link } from "../../../src/link/link.ts";
import { defaultOptions, type LinkOptions } from "../../../src/link/options.ts";
import {
  createEhFrameRecords,
  type EhFrameRecords,
  parseEhFrame,
  RECORD_CIE,
  RECORD_END,
  RECORD_FDE,
  readEncodedPointer,
} from "../../../src/link/sections/unwind/eh-frame-format.ts";
import { compile, i386, scratch, type Target, x86_64 } from "../../support/build.ts";
import { present } from "../../support/present.ts";
import { tool } from "../../support/run.ts";
import { type ElfFile, parseSections, readSections, type Section } from "../../support/sections.ts";
import { needs, needsToRun } from "../../support/tools.ts";

interface Linked {
  readonly file: ElfFile;
  readonly problems: readonly Problem[];
}

/** Links objects into a shared library. */
function linkObjects(objects: readonly string[], options: Partial<LinkOptions> = {}): Linked {
  const state = { wholeArchive: false, asNeeded: false, preferStatic: false, copyDtNeeded: false };
  const inputs = objects.map((path) => ({
    kind: "file" as const,
    path,
    bytes: new Uint8Array(readFileSync(path)),
    state,
  }));
  const files = { read: () => undefined, exists: () => false };
  const result = link(inputs, { ...defaultOptions, output: "shared", ehFrameHdr: true, ...options }, files);
  return { file: parseSections(present(result.image)), problems: result.problems };
}

/** Links sources in assembler. */
function linkSources(sources: readonly string[], target: Target = x86_64, options: Partial<LinkOptions> = {}): Linked {
  return linkObjects(
    sources.map((source, i) => compile(target, `frames${i}.s`, source)),
    options,
  );
}

const section = (file: ElfFile, name: string): Section => present(file.sections.find((one) => one.name === name));

interface Frames {
  readonly records: EhFrameRecords;
  readonly kinds: readonly number[];
  /** Start and length of each FDE's function, in the order of the records. */
  readonly functions: readonly (readonly [start: number, length: number])[];
}

/** The records of a linked file. Fails where padding or leftovers lie between them. */
function framesOf(file: ElfFile): Frames {
  const { bytes, address } = section(file, ".eh_frame");
  const wordBytes = file.elfClass === 64 ? 8 : 4;
  const records = createEhFrameRecords();
  const problems: Problem[] = [];
  parseEhFrame(records, bytes, 0, bytes.length, wordBytes, {}, (problem) => problems.push(problem));
  deepEqual(problems, []);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kinds = [...records.kinds.subarray(0, records.count)];
  const functions = kinds.flatMap((kind, i) => {
    if (kind !== RECORD_FDE) return [];
    const at = records.pointers[i];
    const start = readEncodedPointer(view, at, records.pointerEncodings[i], address + at, wordBytes);
    return [[start, view.getUint32(at + 4, true)] as const];
  });
  return { records, kinds, functions };
}

/** Function and FDE of each row of .eh_frame_hdr. */
function headerTable(file: ElfFile): (readonly [start: number, fde: number])[] {
  const { bytes, address } = section(file, ".eh_frame_hdr");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  equal(view.getUint32(0, true), 0x3b031b01);
  equal(address + 4 + view.getInt32(4, true), section(file, ".eh_frame").address);
  const count = view.getUint32(8, true);
  equal(bytes.length, 12 + 8 * count);
  return Array.from({ length: count }, (_, i) => {
    return [address + view.getInt32(12 + 8 * i, true), address + view.getInt32(16 + 8 * i, true)] as const;
  });
}

const kindNames = (frames: Frames): string => frames.kinds.map((kind) => ["CIE", "FDE", "END"][kind]).join(" ");

/** A function of `bytes` bytes in a section of its own, with an FDE. */
const functionOf = (name: string, bytes: number, more = ""): string => `
  .section .text.${name},"ax"${more}
  .globl ${name}
  ${name}: .cfi_startproc
  .zero ${bytes}
  .cfi_endproc
`;

const END = '.section .eh_frame,"a"\n.long 0\n';

test("records of all objects follow each other, with one CIE for those that are equal", needs(...x86_64.tools), () => {
  const { file } = linkSources([functionOf("f", 16) + functionOf("g", 32), functionOf("h", 48)]);
  const frames = framesOf(file);
  equal(kindNames(frames), "CIE FDE FDE FDE");
  deepEqual(
    frames.functions.map(([, length]) => length),
    [16, 32, 48],
  );
});

test(
  "CIEs of different personality routines stay apart, and those of the same one do not",
  needs(...x86_64.tools),
  () => {
    const withPersonality = (name: string, personality: string): string =>
      functionOf(name, 16).replace(".cfi_startproc", `.cfi_startproc\n.cfi_personality 0x1b, ${personality}`) +
      `.weak ${personality}\n.hidden ${personality}\n.text\n${personality}: nop\n`;
    const sources = [withPersonality("f", "first"), withPersonality("g", "second"), withPersonality("h", "first")];
    equal(kindNames(framesOf(linkSources(sources).file)), "CIE FDE CIE FDE FDE");
  },
);

test("the copy of a function that lost to another takes its FDE along", needs(...x86_64.tools), () => {
  const shared = functionOf("same", 16, "G,@progbits,same,comdat").replace('"ax"G', '"axG"');
  const { file } = linkSources([shared + functionOf("f", 32), shared + functionOf("g", 48)]);
  deepEqual(
    framesOf(file).functions.map(([, length]) => length),
    [16, 32, 48],
  );
});

test("an FDE for no bytes is left out", needs(...x86_64.tools), () => {
  deepEqual(
    framesOf(linkSources([functionOf("f", 0) + functionOf("g", 16)]).file).functions.map(([, length]) => length),
    [16],
  );
});

test("only a terminator at the very end is kept (crtend.o's)", needs(...x86_64.tools), () => {
  equal(kindNames(framesOf(linkSources([functionOf("f", 16), END, functionOf("g", 16)]).file)), "CIE FDE FDE");
  equal(kindNames(framesOf(linkSources([functionOf("f", 16), END, functionOf("g", 16), END]).file)), "CIE FDE FDE END");
});

test("records of odd sizes are filled up, so that nothing reads as a terminator", needs(...x86_64.tools), () => {
  const odd = `${functionOf("f", 16)}
    .section .eh_frame,"a"
    0: .long 2f - 1f
    1: .long 0
    .byte 1, 0, 1, 0x78, 16, 0x0c, 7
    2:
    .long 4f - 3f
    3: .long 3b - 0b
    .quad f, 16
    .byte 0
    4:
  `;
  const { file } = linkSources([odd, functionOf("g", 32)], x86_64, { output: "executable", entry: "f" });
  const { records, kinds } = framesOf(file);
  equal(kinds.filter((kind) => kind === RECORD_FDE).length, 3);
  ok(records.sizes.subarray(0, records.count).every((size) => size % 4 === 0));
});

for (const target of [x86_64, i386]) {
  test(`.eh_frame_hdr lists every FDE by function (${target.name})`, needsToRun(...target.tools), () => {
    const { file } = linkSources([functionOf("f", 16) + functionOf("g", 32), functionOf("h", 48)], target);
    const { records, kinds, functions } = framesOf(file);
    const { address } = section(file, ".eh_frame");
    const fdes = kinds.flatMap((kind, i) => (kind === RECORD_FDE ? [address + records.offsets[i]] : []));
    const rows = functions.map(([start], i) => [start, fdes[i]] as const);
    deepEqual(
      headerTable(file),
      rows.sort(([a], [b]) => a - b),
    );
  });
}

test("without unwind records there is no .eh_frame_hdr", needs(...x86_64.tools), () => {
  const { file } = linkSources([`.globl f\nf: nop\n${END}`]);
  equal(
    file.sections.find(({ name }) => name === ".eh_frame_hdr"),
    undefined,
  );
});

test(
  "a section that makes no sense is copied as it is, with a warning and without a table",
  needs(...x86_64.tools),
  () => {
    const broken = '.section .eh_frame,"a"\n.long 100, 7\n';
    const { file, problems } = linkSources([functionOf("f", 16), broken]);
    deepEqual(
      problems.map(({ code, severity }) => `${severity} ${code}`),
      ["warning eh-frame-cut-short"],
    );
    const { bytes } = section(file, ".eh_frame");
    deepEqual([...new Uint32Array(bytes.slice(-8).buffer)], [100, 7]);
    const header = section(file, ".eh_frame_hdr").bytes;
    deepEqual([...header.subarray(0, 4)], [1, 0x1b, 0xff, 0xff]);
    equal(header.length, 8);
  },
);

test("an FDE that names no function makes its section one that is copied", needs(...x86_64.tools), () => {
  const nameless = `.section .eh_frame,"a"
    .long 12, 0
    .byte 1, 0, 1, 0x78, 16, 0, 0, 0
    .long 20, 20
    .quad 0x1234, 16
  `;
  const { problems } = linkSources([functionOf("f", 16), nameless]);
  deepEqual(
    problems.map(({ code, place }) => `${code} ${place.offset}`),
    ["eh-frame-no-relocation 16"],
  );
});

test("symbols in .eh_frame move along with their records", needs(...x86_64.tools), () => {
  const begin =
    '.section .eh_frame,"a"\n.globl begin\n.hidden begin\nbegin:\n.data\n.globl pointers\npointers: .quad begin - .\n';
  const end = '.section .eh_frame,"a"\n.globl end\n.hidden end\nend: .long 0\n.data\n.quad end - .\n';
  const { file } = linkSources([functionOf("f", 16), begin, functionOf("g", 16), end]);
  const data = section(file, ".data");
  const view = new DataView(data.bytes.buffer, data.bytes.byteOffset, data.bytes.byteLength);
  const { address, bytes } = section(file, ".eh_frame");
  const { records, kinds } = framesOf(file);
  // `begin` stands before the second FDE, whose CIE is the first one's; `end` at the terminator.
  equal(data.address + view.getInt32(0, true), address + records.offsets[kinds.lastIndexOf(RECORD_FDE)]);
  equal(data.address + 8 + view.getInt32(8, true), address + bytes.length - 4);
  equal(kinds.at(-1), RECORD_END);
});

const CXX = `
  struct guard { ~guard(); };
  void work();
  template <typename T> T twice(T x) { guard g; work(); return x + x; }
  int NAME(int x) { guard g; try { work(); } catch (int e) { return e; } return twice(x); }
  static int quiet(int x) { return x + 1; }
  int (*NAME_address)(int) = quiet;
`;

for (const target of [x86_64, i386]) {
  test(
    `the functions of a C++ library are those that GNU ld keeps (${target.name})`,
    needsToRun(...target.tools, "ld.bfd"),
    () => {
      const objects = ["first", "second", "third"].map((name) =>
        compile(target, `${name}.cc`, CXX.replaceAll("NAME", name), ["-O1", "-fPIC", "-ffunction-sections"]),
      );
      const theirs = join(scratch("eh-frame"), "gnu.so");
      const flags = ["-m", target.emulation, "-shared", "--eh-frame-hdr", "--no-ld-generated-unwind-info"];
      tool("ld.bfd", [...flags, "-o", theirs, ...objects]);
      const gnu = framesOf(readSections(theirs));
      const { file, problems } = linkObjects(objects, { ldGeneratedUnwindInfo: false });
      const ours = framesOf(file);
      deepEqual(problems, []);
      const lengths = (frames: Frames): number[] => frames.functions.map(([, length]) => length);
      deepEqual(lengths(ours), lengths(gnu));
      const cies = (frames: Frames): number => frames.kinds.filter((kind) => kind === RECORD_CIE).length;
      equal(cies(ours), cies(gnu));
      equal(headerTable(file).length, ours.functions.length);
    },
  );
}
