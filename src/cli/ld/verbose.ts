// `--verbose`: version, emulations, and the script in force: GNU ld's default for these options, or the text of -T. People
// start their own scripts from it, and build tools look for the search directories in it.

import { defaultStatements } from "../../link/script/default-script.ts";
import { printSections } from "../../link/script/print-script.ts";
import { joinsGotPlt } from "../../link/tables/mode.ts";
import { emulations } from "./emulations.ts";
import type { LdCommand } from "./finish.ts";
import { emulationsText } from "./options/help.ts";
import { searchDirectories } from "./search-dirs.ts";

const LINE = "==================================================";

export function verboseText(program: string, command: LdCommand): string {
  const scripts = command.inputs.flatMap((it) => (it.kind === "script" && it.bytes !== undefined ? [it.bytes] : []));
  const script = scripts.at(-1);
  const decoder = new TextDecoder();
  const [whose, text] =
    script === undefined ? ["internal", defaultText(program, command)] : ["external", decoder.decode(script.slice())];
  return `${emulationsText()}using ${whose} linker script:\n${LINE}\n${text}\n\n${LINE}\n`;
}

/** Where a position-dependent program starts, by word size. */
const TEXT_SEGMENTS = { 64: 0x40_0000, 32: 0x804_8000 } as const;

function defaultText(program: string, { options, likelyEmulation }: LdCommand): string {
  const { output, omagic, nmagic, z } = options;
  const is64 = likelyEmulation === "elf_x86_64";
  const isRelocatable = output === "relocatable";
  const statements = defaultStatements({
    is64,
    textSegment: TEXT_SEGMENTS[is64 ? 64 : 32],
    kind: isRelocatable ? "relocatable" : omagic ? "omagic" : nmagic ? "nmagic" : "paged",
    pie: output === "pie" || output === "static-pie",
    shared: output === "shared",
    separateCode: z.separateCode,
    combreloc: z.combreloc,
    now: joinsGotPlt(options),
  });
  const format = emulations.find(({ name }) => name === likelyEmulation)?.target ?? "";
  const directories = searchDirectories(program, likelyEmulation).map((it) => `SEARCH_DIR("${it}");`);
  return [
    `OUTPUT_FORMAT("${format}", "${format}", "${format}")\nOUTPUT_ARCH(${is64 ? "i386:x86-64" : "i386"})\n`,
    isRelocatable ? "" : `ENTRY(_start)\n${directories.join(" ")}\n`,
    printSections(statements),
  ].join("");
}
