// Objects of aarch64 at given bases: instructions with parts of addresses in them. GNU ld, told to put each section at the same
// address, judges the bytes.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { AARCH64 } from "../../../src/arch/aarch64/tables.ts";
import { readField, relocationByName } from "../../../src/arch/index.ts";
import { needs } from "../../support/tools.ts";
import { likeGnuLdThere, place } from "../support/placed.ts";

const AS = "aarch64-linux-gnu-as";
const LD = "aarch64-linux-gnu-ld";

const MAIN = `
  .text
  .global go
go:
  adrp x0, table
  add x0, x0, :lo12:table
  adrp x1, table+8
  ldr x1, [x1, :lo12:table+8]
  adr x2, go
  bl twice
  b.ne near
  tbnz w0, #3, near
  movz x3, #:abs_g1:number
  movk x3, #:abs_g0_nc:number
near:
  b twice
  .data
  .xword go, twice + 4
  .word twice - .
  .hword number
`;
const OTHER = `
  .text
  .global twice
twice:
  add w0, w0, w0
  ret
  .data
  .balign 8
  .global table
table:
  .xword 1, 2
  .global number
  .set number, 0x1234
`;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

test("aarch64: the bytes of placed objects are GNU ld's", needs(AS, LD), () => {
  const placed = place(
    [AS],
    [
      [MAIN, 0x40_0000],
      [OTHER, 0x81_2340],
    ],
  );
  const { sections } = likeGnuLdThere(placed, [LD]);
  equal(sections, 4, "two of each");
});

test("aarch64: a call out of reach goes through an entry, and a GOT load to its word", needs(AS), () => {
  const far = 0x12_3450_0000;
  const text = ".text\n.global go\ngo: bl twice\nadrp x0, :got:table\nldr x0, [x0, :got_lo12:table]\n";
  const { loaded } = place(
    [AS],
    [
      [text, 0x40_0000],
      [OTHER, far],
    ],
  );
  deepEqual(loaded.problems, []);
  const [object, other] = loaded.objects;
  const code = viewOf(object.sections.find((it) => it?.section.name === ".text")?.memory ?? new Uint8Array());
  const field = (view: DataView, at: number, name: string): number => {
    const row = relocationByName(AARCH64.relocations, name);
    ok(row !== undefined);
    return readField(view, at, row, true, AARCH64.instructions);
  };
  /** Where an adrp at this address and the load of 8 bytes behind it come to. */
  const loadedFrom = (view: DataView, at: number, address: number): number =>
    address -
    (address % 4096) +
    field(view, at, "R_AARCH64_ADR_PREL_PG_HI21") +
    field(view, at + 4, "R_AARCH64_LDST64_ABS_LO12_NC");
  const word = (address: number): bigint =>
    viewOf(object.slots.got).getBigUint64(address - object.slots.gotAddress, true);
  const entry = 0x40_0000 + field(code, 0, "R_AARCH64_CALL26");
  const plt = viewOf(object.slots.plt);
  const at = entry - object.slots.pltAddress;
  const twice = loaded.globals.find(({ name }) => name === "twice")?.value.address ?? 0;
  equal(word(loadedFrom(plt, at, entry)), BigInt(twice));
  equal(twice, far);
  const table = other.values[other.symbols.findIndex(({ name }) => name === "table")]?.address ?? 0;
  equal(word(loadedFrom(code, 4, 0x40_0004)), BigInt(table));
});

test("aarch64: numbers of 64 bits are exact, in words, instructions and the GOT", needs(AS, LD), () => {
  const numbers = ".global minus, big\n.set minus, -1\n.set big, 0xfedcba9876543211\n";
  const text = `.quad minus, big, minus + 5, big + 1
    movz x0, #:abs_g3:big
    movk x0, #:abs_g2_nc:big
    movk x0, #:abs_g1_nc:big
    movk x0, #:abs_g0_nc:big
    movn x1, #:abs_g0_s:minus
    add x1, x2, #:lo12:big
  `;
  const sources = [
    [text, 0x40_0000],
    [numbers, 0x41_0000],
  ] as const;
  likeGnuLdThere(place([AS], sources), [LD]);
  const { loaded } = place([AS], [["adrp x0, :got:big\n", 0x40_0000], sources[1]]);
  equal(viewOf(loaded.objects[0].slots.got).getBigUint64(0, true), 0xfedc_ba98_7654_3211n);
});

test("aarch64: a weak symbol that nobody defines is at the place itself, for distances", needs(AS, LD), () => {
  const text = `.weak nobody
    b.eq nobody
    tbz x0, #1, nobody
    ldr x1, nobody
    adr x0, nobody + 4
    adrp x0, nobody + 4096
    add x0, x0, :lo12:nobody
    .word nobody - .
    .quad nobody + 1
  `;
  likeGnuLdThere(place([AS], [[text, 0x40_0000]]), [LD]);
});
