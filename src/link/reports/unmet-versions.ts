// Reports references to a version of a symbol that go into the output, and that no library meets.

import { error, type Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { nameText } from "../tables/names.ts";
import { FLAG_DYNSYM, FLAG_VERSIONED, isUndefined, plainEnd } from "../tables/symbol-table.ts";

/**
 * Only a library that is linked can say in .gnu.version_r where a version comes from; without it the dynamic linker would
 * take any version (bfd/elflink.c, elf_link_output_extsym: "no symbol version section"). After symbols are bound.
 * Error: `version-unmet`.
 */
export function reportUnmetVersions({ symbols, objects }: Loader, report: Report): void {
  const { names, flags, version } = symbols;
  for (let id = 0; id < names.count; id++) {
    const isVersioned = (flags[id] & (FLAG_DYNSYM | FLAG_VERSIONED)) === (FLAG_DYNSYM | FLAG_VERSIONED);
    if (!isVersioned || version[id] === 0 || !isUndefined(symbols, id)) continue;
    const file = objects[symbols.owner[id]]?.name;
    const symbol = nameText(names, id).slice(0, plainEnd(symbols, id) - names.start[id]);
    const details = { symbol, version: symbols.versionNames[version[id]] };
    report(error("version-unmet", file === undefined ? {} : { file }, details));
  }
}
