// --pack-dyn-relocs=android. The format against a decoder written from its description; whole files against llvm-readelf.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { I386, X86_64 } from "../../../src/arch/index.ts";
import { addRelocation, createRelocationList } from "../../../src/link/made/dynamic-relocations.ts";
import { packAndroid } from "../../../src/link/made/pack-android.ts";
import { compile, x86_64 as host, scratch } from "../../support/build.ts";
import { underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

interface Relocation {
  readonly offset: number;
  readonly info: bigint;
  readonly addend: number;
}

/** Reads APS2 as Bionic does: groups of relocations, each field a difference or said once for the group. */
function decode(bytes: Uint8Array): Relocation[] {
  equal(String.fromCharCode(...bytes.subarray(0, 4)), "APS2");
  let at = 4;
  const next = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[at++]);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return byte & 64n ? value - (1n << (shift + 7n)) : value;
    }
  };
  const found: Relocation[] = [];
  const count = Number(next());
  let offset = next();
  let addend = 0n;
  while (found.length < count) {
    const size = Number(next());
    const flags = Number(next());
    const delta = flags & 2 ? next() : undefined;
    const info = flags & 1 ? next() : undefined;
    const groupAddend = (flags & 12) === 12 ? next() : undefined;
    if (groupAddend !== undefined) addend += groupAddend;
    if ((flags & 8) === 0) addend = 0n;
    for (let i = 0; i < size; i++) {
      offset += delta ?? next();
      const its = info ?? next();
      if (flags & 8 && groupAddend === undefined) addend += next();
      found.push({ offset: Number(offset), info: its, addend: Number(addend) });
    }
  }
  equal(at, bytes.length, "nothing is left over");
  return found;
}

const relocation = fc.record({
  offset: fc.oneof(
    fc.nat(64).map((it) => 0x4000 + it * 8),
    fc.nat(2 ** 40),
  ),
  type: fc.constantFrom(1, 6, 8, 37),
  symbol: fc.constantFrom(0, 0, 1, 2, 70000),
  addend: fc.oneof(fc.constant(0), fc.integer({ min: -(2 ** 40), max: 2 ** 40 })),
});

for (const machine of [X86_64, I386]) {
  test(`what is packed is read back (${machine.name})`, () => {
    fc.assert(
      fc.property(fc.array(relocation, { maxLength: 60 }), (relocations) => {
        const list = createRelocationList(relocations.length);
        for (const { offset, type, symbol, addend } of relocations) addRelocation(list, offset, type, symbol, addend);
        const order = Int32Array.from(relocations.keys());
        const shift = machine.elfClass === 64 ? 32n : 8n;
        const expected = relocations.map(({ offset, type, symbol, addend }) => ({
          offset,
          info: (BigInt(symbol) << shift) | BigInt(type),
          // REL has the addend in the field.
          addend: machine.rela ? addend : 0,
        }));
        deepEqual(decode(packAndroid(list, order, machine)), expected);
      }),
    );
  });
}

const SOURCE = `#include <stdio.h>
static int value = 3;
int *pointer = &value;
int (*imported[3])(const char *, ...) = {printf, printf, printf};
struct { int number; int *to; } table[40] = {[0 ... 39] = {1, &value}};
`;

test(
  "llvm-readelf finds as many relocations of each kind, in a fraction of the space",
  needs("llvm-readelf-19", ...host.tools),
  () => {
    const shop = workshop(underTest, host, scratch("android"));
    const object = compile(host, "tables.c", SOURCE, ["-fPIC"]);
    const look = (method: string): { readonly kinds: string[]; readonly size: number } => {
      const path = shop.ld(`${method}.so`, ["-shared", `--pack-dyn-relocs=${method}`, object]);
      const kinds = [...tool("llvm-readelf-19", ["-rW", path]).matchAll(/ (R_X86_64_\w+)(?: +\w+ (\S+ \+ \w+))?/g)];
      const [, size = ""] = / \.rela\.dyn +\w+ +\w+ +\w+ +(\w+)/.exec(tool("llvm-readelf-19", ["-SW", path])) ?? [];
      return {
        kinds: kinds.map(([, type, symbol]) => `${type} ${symbol ?? ""}`).sort(),
        size: Number.parseInt(size, 16),
      };
    };
    const plain = look("none");
    const packed = look("android");
    deepEqual(packed.kinds, plain.kinds);
    ok(packed.size * 4 < plain.size, `${packed.size} of ${plain.size} bytes`);
    const tags = tool("llvm-readelf-19", [
      "-dW",
      shop.ld("both.so", ["-shared", "--pack-dyn-relocs=android+relr", object]),
    ]);
    match(tags, /\(ANDROID_RELA\)[\s\S]*\(ANDROID_RELASZ\)[\s\S]*\(RELR\)/);
    ok(!tags.includes("(RELACOUNT)"));
  },
);

test("relocations packed for Android and -z nocombreloc do not go together", needs(...host.tools), () => {
  const shop = workshop(underTest, host, scratch("android"));
  const object = compile(host, "tables.c", SOURCE, ["-fPIC"]);
  match(
    shop.refuses("out.so", ["-shared", "--pack-dyn-relocs=android", "-z", "nocombreloc", object], "ld"),
    /may not be used together/,
  );
});
