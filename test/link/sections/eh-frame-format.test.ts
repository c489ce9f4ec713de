// The records of .eh_frame as readelf lists them, and .eh_frame_hdr as GNU ld wrote it.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../src/elf/problem.ts";
import {
  createEhFrameRecords,
  DW_EH_PE_omit,
  type EhFrameRecords,
  ehFrameHeaderBytes,
  parseEhFrame,
  RECORD_CIE,
  RECORD_END,
  RECORD_FDE,
  readEncodedPointer,
  writeEhFrameHeader,
  writeEhFrameHeaderWithoutTable,
} from "../../../src/link/sections/unwind/eh-frame-format.ts";
import { compile, i386, x86_64 } from "../../support/build.ts";
import { present } from "../../support/present.ts";
import { tool } from "../../support/run.ts";
import { type ElfFile, readSections, type Section } from "../../support/sections.ts";
import { needs, needsToRun } from "../../support/tools.ts";

function parse(bytes: Uint8Array, wordBytes: 4 | 8 = 8, problems: Problem[] = []): EhFrameRecords | undefined {
  const records = createEhFrameRecords();
  const report = (problem: Problem): void => {
    problems.push(problem);
  };
  return parseEhFrame(records, bytes, 0, bytes.length, wordBytes, { file: "x.o" }, report) ? records : undefined;
}

/** A record: its length, then the numbers, each in as many bytes as it is given with. */
const record = (...bytes: number[]): number[] => [bytes.length, 0, 0, 0, ...bytes];
const u32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];

/** CIE with augmentation "zR": alignment factors 1 and -8, return column 16, pointers pc-relative in 4 bytes; 20 bytes. */
const CIE = record(...u32(0), 1, 0x7a, 0x52, 0, 1, 0x78, 16, 1, 0x1b, 0, 0, 0);
/** An FDE whose CIE begins `back` bytes before its CIE pointer; 20 bytes. */
const fde = (back: number): number[] => record(...u32(back), ...u32(0), ...u32(0x30), 0, 0, 0, 0);

test("a CIE says how its FDEs store pointers; an FDE points back at it; zeros end the section", () => {
  const records = present(parse(Uint8Array.from([...CIE, ...fde(24), ...fde(44), ...u32(0)])));
  equal(records.count, 4);
  deepEqual([...records.kinds.subarray(0, 4)], [RECORD_CIE, RECORD_FDE, RECORD_FDE, RECORD_END]);
  deepEqual([...records.offsets.subarray(0, 4)], [0, 20, 40, 60]);
  deepEqual([...records.sizes.subarray(0, 4)], [20, 20, 20, 4]);
  deepEqual([...records.cies.subarray(0, 3)], [0, 0, 0]);
  deepEqual([...records.pointers.subarray(0, 3)], [0, 28, 48]);
  deepEqual([...records.pointerEncodings.subarray(0, 3)], [0x1b, 0x1b, 0x1b]);
  deepEqual([records.lsdaEncodings[0], records.personalityEncodings[0]], [DW_EH_PE_omit, DW_EH_PE_omit]);
});

test("a CIE with a personality routine says where the pointer to it is", () => {
  // "zPLR": personality indirect pc-relative in 4 bytes, language data and functions pc-relative in 4 bytes.
  const cie = record(...u32(0), 1, 0x7a, 0x50, 0x4c, 0x52, 0, 1, 0x78, 16, 7, 0x9b, ...u32(0), 0x1b, 0x1b, 0, 0);
  const records = present(parse(Uint8Array.from(cie)));
  equal(records.pointers[0], 19);
  deepEqual(
    [records.personalityEncodings[0], records.lsdaEncodings[0], records.pointerEncodings[0]],
    [0x9b, 0x1b, 0x1b],
  );
});

test("a CIE without augmentation has plain addresses of the machine's word", () => {
  const cie = record(...u32(0), 1, 0, 1, 0x7c, 8, 0);
  const records = present(parse(Uint8Array.from([...cie, ...record(...u32(18), ...u32(0), ...u32(4))]), 4));
  deepEqual([records.pointerEncodings[0], records.pointerEncodings[1]], [0, 0]);
  // The same record is too small for two addresses of 8 bytes.
  const problems: Problem[] = [];
  equal(parse(Uint8Array.from([...cie, ...record(...u32(18), ...u32(0), ...u32(4))]), 8, problems), undefined);
  equal(problems[0].code, "eh-frame-cut-short");
});

test("records of the 64-bit format have a longer length field", () => {
  const wide = (bytes: number[]): number[] => [
    ...u32(0xffffffff),
    ...u32(bytes.length - 4),
    ...u32(0),
    ...bytes.slice(4),
  ];
  const records = present(parse(Uint8Array.from([...wide(CIE), ...wide(fde(40))])));
  deepEqual([...records.sizes.subarray(0, 2)], [28, 28]);
  deepEqual([...records.lengthBytes.subarray(0, 2)], [12, 12]);
  equal(records.cies[1], 0);
  equal(records.pointers[1], 28 + 16);
});

test("sections add up in one table, and one that cannot be parsed adds nothing", () => {
  const records = createEhFrameRecords();
  const add = (bytes: number[]): boolean =>
    parseEhFrame(records, Uint8Array.from(bytes), 0, bytes.length, 8, {}, () => {});
  equal(add([...CIE, ...fde(24)]), true);
  equal(add([...CIE, ...fde(24), 1]), false);
  equal(records.count, 2);
  equal(add([...CIE, ...fde(24)]), true);
  deepEqual([...records.cies.subarray(0, 4)], [0, 0, 2, 2]);
});

function refusal(...bytes: number[]): string {
  const problems: Problem[] = [];
  equal(parse(Uint8Array.from(bytes), 8, problems), undefined);
  equal(problems.length, 1);
  equal(problems[0].severity, "warning");
  return `${problems[0].code} at ${problems[0].place.offset}`;
}

test("what cannot be understood is refused with the reason and the place", () => {
  equal(refusal(...CIE, 1, 0, 0), "eh-frame-cut-short at 20");
  equal(refusal(...CIE, ...u32(100), ...u32(0)), "eh-frame-cut-short at 20");
  equal(refusal(...u32(0xffffffff), ...u32(0), ...u32(1)), "eh-frame-cut-short at 0");
  equal(refusal(...CIE, ...record(0, 0)), "eh-frame-cut-short at 20");
  equal(refusal(...CIE, ...fde(20)), "eh-frame-no-cie at 20");
  equal(refusal(...CIE, ...fde(24), ...fde(24)), "eh-frame-no-cie at 40");
  equal(refusal(...u32(0), ...CIE), "eh-frame-after-end at 4");
  equal(refusal(...record(...u32(0), 2, 0, 1, 1, 1)), "eh-frame-version at 0");
  equal(refusal(...record(...u32(0), 1, 0x7a, 0x51, 0, 1, 1, 1, 0)), "eh-frame-augmentation at 0");
  equal(refusal(...record(...u32(0), 1, ...Array(40).fill(0x7a), 0)), "eh-frame-augmentation at 0");
  equal(refusal(...record(...u32(0), 1, 0x7a, 0x52, 0, 1, 1, 1, 1, 0x01)), "eh-frame-encoding at 0");
  equal(refusal(...record(...u32(0), 1, 0x7a, 0x50, 0, 1, 1, 1, 1, 0x00, 0)), "eh-frame-cut-short at 0");
  equal(refusal(...record(...u32(0), 1, 0, 0x80, 0x80, 0x80)), "eh-frame-cut-short at 0");
});

test("no bytes make it throw or hang", () => {
  const whole = [...CIE, ...fde(24), ...fde(44), ...u32(0)];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(64),
      (changes, size) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, byte] of changes) bytes[at] = byte;
        parse(bytes.subarray(0, size));
      },
    ),
    { numRuns: 5000 },
  );
});

// ---------------------------------------------------------------------------------------------------------------------
// Against readelf and GNU ld
// ---------------------------------------------------------------------------------------------------------------------

const CXX = `
  struct guard { ~guard(); };
  void work();
  int careful(int x) { guard g; try { work(); } catch (int e) { return e; } return x; }
  int plain(int x) { return x + 1; }
  template <typename T> T twice(T x) { guard g; work(); return x + x; }
  template int twice(int);
  template long twice(long);
`;

/** "offset size id [cie]" of each record, as `readelf -wF` heads them. */
function listedByReadelf(path: string): string[] {
  const lines = tool("readelf", ["--debug-dump=frames-interp", "-W", path]).split("\n");
  return lines.flatMap((line) => {
    const match = /^([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) (?:CIE|FDE cie=([0-9a-f]+))/.exec(line);
    if (match === null) return [];
    const numbers = [match[1], match[2], match[4] ?? match[1]].map((text) => Number.parseInt(text, 16));
    return [`${numbers[0]} ${numbers[1] + 4} ${numbers[2]}`];
  });
}

for (const target of [x86_64, i386]) {
  test(`the records of a C++ object are those that readelf lists (${target.name})`, needsToRun(...target.tools), () => {
    const path = compile(target, "frames.cc", CXX, ["-O2", "-ffunction-sections"]);
    const section = present(readSections(path).sections.find(({ name }) => name === ".eh_frame"));
    const records = present(parse(section.bytes, target.wordBytes));
    const ours = Array.from({ length: records.count }, (_, i) => {
      return `${records.offsets[i]} ${records.sizes[i]} ${records.offsets[records.cies[i]]}`;
    });
    ok(ours.length > 3);
    deepEqual(ours, listedByReadelf(path));
  });
}

/** Parses a linked .eh_frame and writes its .eh_frame_hdr anew. */
function rebuildHeader(file: ElfFile, ehFrame: Section, header: Section): Uint8Array {
  const wordBytes = file.elfClass === 64 ? 8 : 4;
  const records = present(parse(ehFrame.bytes, wordBytes));
  const view = new DataView(ehFrame.bytes.buffer, ehFrame.bytes.byteOffset, ehFrame.bytes.byteLength);
  const functions = new Float64Array(records.count);
  const fdes = new Float64Array(records.count);
  let count = 0;
  for (let i = 0; i < records.count; i++) {
    if (records.kinds[i] !== RECORD_FDE) continue;
    const at = records.pointers[i];
    functions[count] = readEncodedPointer(view, at, records.pointerEncodings[i], ehFrame.address + at, wordBytes);
    fdes[count++] = ehFrame.address + records.offsets[i];
  }
  const bytes = new Uint8Array(ehFrameHeaderBytes(count));
  const place = { address: header.address, ehFrame: ehFrame.address };
  equal(writeEhFrameHeader(new DataView(bytes.buffer), 0, place, functions, fdes, count), true);
  return bytes;
}

for (const library of [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
  "/lib32/libc.so.6",
  "/usr/lib32/libstdc++.so.6",
]) {
  test(`${library}: .eh_frame_hdr comes out as GNU ld made it`, needs(library), () => {
    const file = readSections(library);
    const section = (name: string): Section => present(file.sections.find((one) => one.name === name));
    const header = section(".eh_frame_hdr");
    deepEqual(rebuildHeader(file, section(".eh_frame"), header), header.bytes);
  });
}

test("the table is sorted by function, also where functions lie on both sides of the header", () => {
  const image = new DataView(new ArrayBuffer(ehFrameHeaderBytes(3)));
  const functions = Float64Array.of(0x402000, 0x3ff000, 0x401000);
  const fdes = Float64Array.of(0x400100, 0x400200, 0x400300);
  equal(writeEhFrameHeader(image, 0, { address: 0x400000, ehFrame: 0x400100 }, functions, fdes, 3), true);
  const words = Array.from({ length: 9 }, (_, i) => image.getInt32(4 * i, true));
  deepEqual(words, [0x3b031b01, 0xfc, 3, -0x1000, 0x200, 0x1000, 0x300, 0x2000, 0x100]);
});

test("a header whose distances do not fit 32 bits is refused", () => {
  const image = new DataView(new ArrayBuffer(ehFrameHeaderBytes(1)));
  const header = { address: 0x400000, ehFrame: 0x400100 };
  equal(writeEhFrameHeader(image, 0, header, Float64Array.of(0x9000_0000), Float64Array.of(0x400100), 1), false);
  equal(writeEhFrameHeaderWithoutTable(image, 0, { address: 0, ehFrame: 0x9000_0000 }), false);
});

test("without a table the header still points at .eh_frame", () => {
  const image = new DataView(new ArrayBuffer(ehFrameHeaderBytes(undefined)));
  equal(writeEhFrameHeaderWithoutTable(image, 0, { address: 0x400000, ehFrame: 0x400100 }), true);
  deepEqual([image.getInt32(0, true), image.getInt32(4, true)], [0xffff1b01 | 0, 0xfc]);
});

test("pointers of all encodings", () => {
  const view = new DataView(Uint8Array.from([0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).buffer);
  const read = (encoding: number, wordBytes: 4 | 8): number => readEncodedPointer(view, 0, encoding, 0x1000, wordBytes);
  equal(read(0x1b, 8), 0xff0);
  equal(read(0x1c, 8), 0xff0);
  equal(read(0x0a, 4), 0xfffffff0);
  equal(read(0x02, 8), 0xfff0);
  equal(read(0x03, 8), 0xfffffff0);
  equal(read(0x00, 4), 0xfffffff0);
  // i386 wraps.
  equal(read(0x13, 4), 0xff0);
  ok(Number.isNaN(read(0x3b, 8)));
  ok(Number.isNaN(read(0x01, 8)));
});
