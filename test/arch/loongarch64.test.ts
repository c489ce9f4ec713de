// 64-bit LoongArch's rows against LLVM's assembler, lld and llvm-readelf.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { RelocationType } from "../../src/arch/index.ts";
import { LOONGARCH64 } from "../../src/arch/loongarch64/tables.ts";
import { needs } from "../support/tools.ts";
import { everyRowIsJudged } from "./coverage.ts";
import { differencesOfRows, namesByReadelf } from "./rows.ts";
import { differencesOfSlots, type SlotJudge } from "./slots.ts";

const AS = "llvm-mc-19";
const ASSEMBLER = [AS, "--triple=loongarch64", "--filetype=obj"];
const LD = "ld.lld-19";
const READELF = "llvm-readelf-19";

test("loongarch64: names and numbers are readelf's", needs(AS, READELF), (t) => {
  const theirs = namesByReadelf(t, ASSEMBLER, [READELF]);
  for (const [number, name] of theirs.entries()) {
    equal(LOONGARCH64.relocations.types[number]?.name, name, `type ${number}`);
  }
});

/**
 * What the bits from 32 on of a page distance have to be, because what they are added to is a sum of signed parts: the ELF
 * psABI's formulas of R_LARCH_PCALA64_LO20 and R_LARCH_PCALA64_HI12.
 */
function pageDistance({ name }: RelocationType, symbol: number, place: number): number | undefined {
  if (!name.includes("64")) return undefined;
  const inPage = (address: number): number => ((address % 4096) + 4096) % 4096;
  const page = (address: number): number => address - inPage(address);
  const low = inPage(symbol) >= 0x800 ? 0x1000 - 2 ** 32 : 0;
  const distance = page(symbol) + low - page(place - (name.endsWith("LO20") ? 8 : 12));
  return (distance | 0) < 0 ? distance + 2 ** 32 : distance;
}

test("loongarch64: fields hold what lld writes, and what it refuses does not fit", needs(AS, LD), (t) => {
  const problems = differencesOfRows(t, {
    machine: LOONGARCH64,
    assembler: ASSEMBLER,
    linker: [LD, "--error-limit=0", "--no-relax"],
    pageDistance,
    oddEndsLink: true,
    background: ({ name }, random) => [random() & (/ULEB128/.test(name) ? 0x7fff_ffff : -1), random()],
    // lld does not know them.
    isElsewhere: ({ name }) => /(ADD|SUB)24$/.test(name),
  });
  deepEqual(problems, []);
});

test("loongarch64: what lld stores of slots in the GOT", needs(AS, LD), (t) => {
  const judge: SlotJudge = {
    machine: LOONGARCH64,
    assembler: ASSEMBLER,
    linker: [LD, "--error-limit=0", "--no-relax"],
    freedom: () => "place",
    value: (type, slot, place) => (type.name.includes("64_PC") ? pageDistance(type, slot, place) : undefined),
    // lld makes the slot for the high part.
    symbolFor: ({ name }) => (/TLS_IE(_PC)?_(HI20|LO12)$/.test(name) ? name.slice(0, -5) : undefined),
  };
  const slots = LOONGARCH64.relocations.types.filter(
    (type): type is RelocationType =>
      type !== undefined && /^R_LARCH_(GOT|TLS_(IE|LD|GD|DESC))\w*_\w*$/.test(type.name) && type.bytes > 0,
  );
  const isRelative = ({ name }: RelocationType): boolean => name.includes("PC");
  deepEqual(differencesOfSlots(t, judge, slots.filter(isRelative)), []);
  // A program's module is 1: no relocation says where that stands.
  const absolute = slots.filter((type) => !isRelative(type) && type.name !== "R_LARCH_TLS_LD_HI20");
  deepEqual(differencesOfSlots(t, { ...judge, isProgram: true }, absolute), []);
});

test("loongarch64: why the others are not judged", needs(AS, LD), () => {
  everyRowIsJudged(LOONGARCH64, [
    ["the first ABI's stack, which lld does not know", /_SOP_POP_/],
    ["lld does not know them", /_(ADD|SUB)24$/],
    ["a program's module is known, and no relocation says where", /_TLS_LD_HI20$/],
  ]);
});

test("loongarch64: flags of the header have their psABI's names", () => {
  deepEqual(LOONGARCH64.flagNames?.(0x43), ["ABI_DOUBLE_FLOAT", "OBJABI_V1"]);
});
