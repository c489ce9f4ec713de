// Node's hashes and decompressors behind the linker's interface.
import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { nodeAccelerators } from "../../src/host/index.ts";
import { loadZstd } from "../../src/host/zstd.ts";

const text = new TextEncoder().encode("what is linked together stays together. ".repeat(500));
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

test("hashes are the published ones of the empty string", () => {
  const empty = new Uint8Array(0);
  equal(hex(nodeAccelerators.md5?.(empty)), "d41d8cd98f00b204e9800998ecf8427e");
  equal(hex(nodeAccelerators.sha1?.(empty)), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  equal(hex(nodeAccelerators.sha256?.(empty)), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("inflate undoes deflate", () => {
  const packed = nodeAccelerators.deflate?.(text) ?? new Uint8Array(0);
  ok(packed.length < text.length);
  deepEqual(new Uint8Array(nodeAccelerators.inflate?.(packed, text.length) ?? []), text);
});

test("inflate gives nothing when the size is not the promised one or the stream is damaged", () => {
  const packed = nodeAccelerators.deflate?.(text) ?? new Uint8Array(0);
  equal(nodeAccelerators.inflate?.(packed, text.length - 1), undefined);
  equal(nodeAccelerators.inflate?.(packed, text.length + 1), undefined);
  equal(nodeAccelerators.inflate?.(packed.subarray(0, packed.length - 8), text.length), undefined);
  equal(nodeAccelerators.inflate?.(new Uint8Array(0), 0), undefined);
});

test("random bytes have the length asked for", () => equal(nodeAccelerators.randomBytes?.(16).length, 16));

/** One frame: single segment, content size in one byte, one raw block. */
const frame = (content: string): number[] => [
  ...[0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length],
  ...[(content.length << 3) | 1, 0, 0],
  ...new TextEncoder().encode(content),
];
const decoders = [
  ["the accelerator", nodeAccelerators.zstd],
  ["fzstd", loadZstd()],
] as const;

for (const [name, decompress] of decoders) {
  test(`zstd by ${name}: one frame and two frames`, () => {
    deepEqual(hex(decompress?.(Uint8Array.from(frame("abc")), 3)), hex(new TextEncoder().encode("abc")));
    const two = Uint8Array.from([...frame("abc"), ...frame("de")]);
    deepEqual(hex(decompress?.(two, 5)), hex(new TextEncoder().encode("abcde")));
  });

  test(`zstd by ${name}: nothing when the content has another size or the stream is damaged`, () => {
    equal(decompress?.(Uint8Array.from(frame("abc")), 4), undefined);
    equal(decompress?.(Uint8Array.from(frame("abc")).subarray(0, 9), 3), undefined);
    equal(decompress?.(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 3), undefined);
  });

  test(`zstd by ${name}: what the zstd tool packs, at the levels that compilers use`, (t) => {
    for (const level of ["-1", "-3", "-19"]) {
      const { stdout, error } = spawnSync("zstd", [level, "-q", "-c", "--stream-size", String(text.length)], {
        input: text,
      });
      if (error !== undefined) return t.skip("needs zstd");
      equal(hex(decompress?.(stdout, text.length)), hex(text), level);
    }
  });
}

test("zstd: a header that asks for 2 GiB of window is refused before any memory is taken", () => {
  const bomb = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x80, 0xa8, 0xff, 0xff, 0xff, 0x7f, 0x01, 0x00, 0x00]);
  equal(loadZstd()?.(bomb, 100), undefined);
});
