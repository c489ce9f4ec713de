// Where calls of a listing go: to functions, and through the PLT to names.

import { equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { branchTargets } from "../../src/explain/branches.ts";
import { type Anatomy, anatomyOf } from "../../src/explain/bytes/index.ts";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const SOURCE = '#include <stdio.h>\nint other(int x) { return puts("hi") + x; }\nint main(void) { return other(1); }\n';

function built(machine: readonly string[]): { readonly anatomy: Anatomy; readonly bytes: Uint8Array } {
  const at = folder("branches");
  const path = join(at.path, "program");
  const made = run("gcc", [...machine, "-x", "c", "-", "-o", path, "-Wl,-z,lazy", "-fcf-protection=none", "-O0"], {
    input: SOURCE,
  });
  equal(made.status, 0, made.stderr);
  const bytes = new Uint8Array(readFileSync(path));
  const anatomy = anatomyOf(bytes, path);
  ok(anatomy !== undefined);
  return { anatomy, bytes };
}

for (const [name, flags] of [
  ["x86-64", []],
  ["x86-64 with endbr64 in its PLT", ["-Wl,-z,ibtplt"]],
] as const) {
  test(`${name}: a call of a function, of a stub, and through a slot`, needs("gcc"), () => {
    const { anatomy, bytes } = built(flags);
    const target = branchTargets(anatomy, (from, to) => bytes.subarray(from, to));
    const hex = (address: number): string => `0x${address.toString(16)}`;
    const symbol = anatomy.symbols.find((it) => it.name === "other");
    const section = (wanted: string) => anatomy.file.sections.find((it) => it.name === wanted);
    const stub = section(".plt.sec")?.address ?? (section(".plt")?.address ?? 0) + 16;
    const slot = (section(".got.plt")?.address ?? section(".got")?.address ?? 0) + 24;
    equal(target(`call ${hex(symbol?.value ?? 0)}`)?.name, "other");
    equal(target(`call ${hex((symbol?.value ?? 0) + 4)}`)?.name, "other+0x4");
    equal(target(`call ${hex(stub)}`)?.name, "puts@plt");
    equal(target(`jmp *${hex(slot)}`)?.name, "puts");
    equal(target(`mov ${hex(stub)},%eax`), undefined);
  });
}
