// Files that the loader refuses to map, and relocations that it refuses to apply: its words and exit codes.

import { equal, ok } from "node:assert/strict";
import { copyFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  DF_1_NOOPEN,
  DT_FLAGS_1,
  type ElfFile,
  PF_W,
  PT_DYNAMIC,
  PT_LOAD,
  SHT_GNU_verneed,
  SHT_REL,
  SHT_RELA,
  sectionOfType,
  sysvHash,
} from "../../src/elf/index.ts";
import { dlopen } from "../../src/load/index.ts";
import { compile, i386, type Target, targets } from "../support/build.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { addDynamicEntry, agree, refuse, type Workshop, workshop } from "./judges/agree.ts";
import { forgetFiles, loaded } from "./judges/reality.ts";
import { patch } from "./support/patch.ts";

/** Where fields of program headers are: type, offset, address, file bytes, memory bytes, alignment. */
function headerAt(elf: ElfFile, index: number, field: "type" | "offset" | "alignment" | "memory"): number {
  const wide = elf.elfClass === 64;
  const at = elf.header.segmentOffset + index * elf.header.segmentBytes;
  const fields = wide
    ? { type: 0, offset: 8, memory: 40, alignment: 48 }
    : { type: 0, offset: 4, memory: 20, alignment: 28 };
  return at + fields[field];
}

/** Is this the need of GLIBC_ABI_DT_RELR, by its hash? */
function isRelr(view: DataView, auxiliary: number): boolean {
  const name = new TextEncoder().encode("GLIBC_ABI_DT_RELR");
  return view.getUint32(auxiliary, true) === sysvHash(name, 0, name.length);
}

/** A program and the library it needs, ready to be spoiled. */
function pair(target: Target): { readonly shop: Workshop; readonly program: string; readonly library: string } {
  const shop = workshop(target);
  const source = "int number = 3; int *pointer = &number; int spoiled(void) { return *pointer; }";
  const library = shop.library("spoiled", source);
  const program = shop.program("main", "int spoiled(void); int main(void) { return spoiled() - 3; }", "-lspoiled");
  return { shop, program, library };
}

for (const target of targets) {
  const options = needs(...target.tools);

  test(`${target.name}: a program in the place of a library`, options, () => {
    for (const kind of [["-no-pie"], ["-pie"], ["-static"]]) {
      const { shop, program, library } = pair(target);
      copyFileSync(shop.program("other", "int main(void) { return 0; }", ...kind), library);
      refuse(program);
    }
  });

  test(`${target.name}: an object file in the place of a library`, options, () => {
    const { program, library } = pair(target);
    copyFileSync(compile(target, "object.c", "int spoiled(void) { return 3; }"), library);
    refuse(program);
  });

  test(`${target.name}: a library without segments to load, or without a dynamic section`, options, () => {
    for (const type of [PT_LOAD, PT_DYNAMIC]) {
      const { program, library } = pair(target);
      patch(library, (view, elf) => {
        for (const segment of elf.segments) {
          if (segment.type === type) view.setUint32(headerAt(elf, segment.index, "type"), 0, true);
        }
      });
      refuse(program);
    }
  });

  test(
    `${target.name}: segments whose offset does not fit their address; their alignment does not matter`,
    options,
    () => {
      const spoil = (field: "alignment" | "offset", value: number): string => {
        const { program, library } = pair(target);
        patch(library, (view, elf) => {
          const segment = elf.segments.filter(({ type }) => type === PT_LOAD).at(-1);
          ok(segment !== undefined && (segment.flags & PF_W) !== 0);
          view.setUint32(headerAt(elf, segment.index, field), value, true);
        });
        return program;
      };
      refuse(spoil("offset", 0x1010));
      agree(target, spoil("alignment", 0x800));
      agree(target, spoil("alignment", 0x200000));
    },
  );

  test(`${target.name}: relocation types that only linkers know`, options, () => {
    for (const type of target === i386 ? [3, 20, 77] : [2 + 22, 12, 77]) {
      const { program, library } = pair(target);
      patch(library, (view, elf) => {
        const section = elf.sections.find(({ type: kind }) => kind === (target === i386 ? SHT_REL : SHT_RELA));
        ok(section !== undefined);
        const entry = target === i386 ? 8 : 24;
        const info = section.offset + section.size - entry + (target === i386 ? 4 : 8);
        // The last one names a symbol.
        if (target === i386) view.setUint8(info, type);
        else view.setUint32(info, type, true);
      });
      refuse(program);
    }
  });

  test(`${target.name}: a library that must not be opened by dlopen`, options, () => {
    const { shop, library } = pair(target);
    addDynamicEntry(library, DT_FLAGS_1, DF_1_NOOPEN);
    const source = `#include <dlfcn.h>\n#include <stdio.h>\nint main(void) { puts(dlopen("${library}", RTLD_NOW) ? "opened" : dlerror()); return 0; }`;
    const program = shop.program("opener", source);
    forgetFiles();
    const task = loaded(program);
    const result = dlopen(task, library, task.objects[0], { now: true });
    equal(result.opened ? "opened" : result.message, run(program).stdout.trimEnd());
  });

  test(`${target.name}: a segment larger than the address space`, options, () => {
    const { program, library } = pair(target);
    patch(library, (view, elf) => {
      const segment = elf.segments.filter(({ type }) => type === PT_LOAD).at(-1);
      ok(segment !== undefined);
      const at = headerAt(elf, segment.index, "memory");
      if (target === i386) view.setUint32(at, 0xf0000000, true);
      else view.setUint32(at + 4, 0x00010000, true);
    });
    refuse(program);
  });

  test(`${target.name}: DT_RELR without the version that says that the loader must know it`, options, () => {
    const shop = workshop(target);
    const table = Array.from({ length: 20 }, (_, i) => `x + ${i}`).join();
    const source = `#include <stdio.h>\nstatic int x[20]; int *table[] = {${table}}; int spoiled(void) { return puts("x"); }`;
    const library = shop.library("relr", source, "-Wl,-z,pack-relative-relocs");
    const program = shop.program("main", "int spoiled(void); int main(void) { return spoiled() < 0; }", "-lrelr");
    agree(target, program);
    patch(library, (view, elf) => {
      const table = sectionOfType(elf, SHT_GNU_verneed);
      ok(table !== undefined);
      // Elf_Vernaux by Elf_Vernaux: the one of GLIBC_ABI_DT_RELR becomes a second one of another version.
      const first = table.offset + view.getUint32(table.offset + 8, true);
      const second = first + view.getUint32(first + 12, true);
      for (const at of [0, 8]) {
        const [from, to] = isRelr(view, second) ? [first, second] : [second, first];
        view.setUint32(to + at, view.getUint32(from + at, true), true);
      }
    });
    refuse(program);
    // What comes behind it is not heard of any more.
    writeFileSync(shop.at("v.map"), "V1 { v; };");
    shop.library("versioned", "int v(void) { return 1; }", `-Wl,--version-script=${shop.at("v.map")}`);
    shop.library("user", "int v(void); int user(void) { return v(); }", "-lversioned");
    shop.library("versioned", "int v(void) { return 1; }");
    const both = "int spoiled(void), user(void); int main(void) { return spoiled() + user() < 0; }";
    equal(refuse(shop.program("both", both, "-lrelr", "-luser", "-Wl,--allow-shlib-undefined")).messages.length, 1);
  });
}
