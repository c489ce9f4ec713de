// `solder load --headers`: what a program learns from dl_iterate_phdr.

import { segmentPermissions, segmentTypeName } from "../../elf/names/names.ts";
import { iterateHeaders, type LoadedProcess } from "../../load/index.ts";
import { heading, hex, type Style, table } from "../dump/table.ts";

const RIGHT = "right" as const;

/** Each object in the order of the callback's calls. The kernel's vDSO, which comes second there, is not known. */
export function* headerLines(task: LoadedProcess, style: Style): Generator<string> {
  for (const it of iterateHeaders(task)) {
    yield* heading(`${it.name === "" ? '"" (the program)' : it.name}`, style);
    const tls = it.tlsModule === 0 ? "" : `, dlpi_tls_modid ${it.tlsModule}`;
    yield `  dlpi_addr ${hex(it.base)}, dlpi_phdr ${hex(it.headers)}, dlpi_phnum ${it.headerCount}${tls}`;
    const columns = [
      { title: "type" },
      { title: "address", align: RIGHT },
      { title: "bytes", align: RIGHT },
      { title: "flags" },
    ];
    const rows = it.object.file.elf.segments.map(({ type, address, memoryBytes, flags }) => [
      segmentTypeName(type, it.object.file.elf.header.machine),
      hex(it.base + address),
      hex(memoryBytes),
      segmentPermissions(flags),
    ]);
    yield* table(columns, rows, style);
  }
}
