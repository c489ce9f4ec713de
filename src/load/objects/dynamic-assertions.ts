// What glibc reads and asserts of an object's dynamic section as soon as it has mapped it (elf/get-dynamic-info.h, elf_get_dynamic_info): the form and
// the size of relocations. A file that was linked with -z rel for a machine whose loader knows RELA only ends the process so. The
// lines are those of 2.36 and 2.41.

import { DT_PLTREL, DT_REL, DT_RELA, DT_RELAENT, DT_RELENT, PT_DYNAMIC } from "../../elf/constants.ts";
import { namesManyTypes } from "../../elf/relocations.ts";
import { pageDown, pageUp } from "./map.ts";
import { endProcess, type LoadedObject, type LoadedProcess, SIGSEGV_STATUS } from "./objects.ts";

const [ONE_FORM_LINE, TWO_FORMS_LINE, RELA_LINE, REL_LINE] = [115, 117, 123, 127];

const IS_RELA = "info[DT_PLTREL]->d_un.d_val == DT_RELA";
const IS_REL = "info[DT_PLTREL]->d_un.d_val == DT_REL";

export function assertDynamicSection(task: LoadedProcess, object: LoadedObject): void {
  const { kind, file } = object;
  if (task.options.profile.library !== "glibc" || kind === "loader" || task.exitCode !== undefined) return;
  // Without a loader nobody looks, but the program itself.
  if (kind === "program" && file.interpreter === undefined) return;
  const failed = failedAssertion(object);
  if (failed === undefined) return;
  if (failed === "null") {
    endProcess(task, SIGSEGV_STATUS, { step: "search", object });
    return;
  }
  const [line, assertion] = failed;
  // As rtld.c and dl-load.c include it.
  const directory = kind === "program" ? "./" : "";
  const where = `${directory}get-dynamic-info.h: ${line}: elf_get_dynamic_info`;
  const text = `Inconsistency detected by ld.so: ${where}: Assertion \`${assertion}' failed!`;
  task.messages.push({ text, fatal: true });
  endProcess(task, 127, { step: "search", object });
}

/** Line and assertion; "null" where a size is read that is not there. */
function failedAssertion({ file: { elf, values } }: LoadedObject): readonly [number, string] | "null" | undefined {
  const wide = elf.elfClass === 64;
  // ELF_MACHINE_NO_REL: all 64-bit machines but MIPS.
  const knowsRel = !wide || namesManyTypes(elf.header.machine, elf.elfClass);
  const form = values.get(DT_PLTREL);
  if (form !== undefined && form !== DT_RELA && !(knowsRel && form === DT_REL))
    return knowsRel ? [TWO_FORMS_LINE, `${IS_REL} || ${IS_RELA}`] : [ONE_FORM_LINE, IS_RELA];
  const rela = sizeAssertion(values, DT_RELA, DT_RELAENT, wide ? 24 : 12);
  if (rela !== undefined)
    return rela === "null" ? rela : [RELA_LINE, "info[DT_RELAENT]->d_un.d_val == sizeof (ElfW(Rela))"];
  const rel = knowsRel ? sizeAssertion(values, DT_REL, DT_RELENT, wide ? 16 : 8) : undefined;
  if (rel !== undefined) return rel === "null" ? rel : [REL_LINE, "info[DT_RELENT]->d_un.d_val == sizeof (ElfW(Rel))"];
  return undefined;
}

function sizeAssertion(
  values: ReadonlyMap<number, number>,
  table: number,
  sizeTag: number,
  expected: number,
): "null" | "other" | undefined {
  if (!values.has(table)) return undefined;
  const size = values.get(sizeTag);
  return size === undefined ? "null" : size === expected ? undefined : "other";
}

/** The loader reads a library's dynamic section as soon as it is mapped. Its process ends if there is no memory. */
export function noteLostDynamicSection(task: LoadedProcess, object: LoadedObject): void {
  const { kind, file } = object;
  const segment = file.elf.segments.findLast(({ type }) => type === PT_DYNAMIC);
  if (kind !== "library" || segment === undefined || task.options.profile.library !== "glibc") return;
  const isMapped = file.loads.some(
    ({ address, memoryBytes }) =>
      segment.address >= pageDown(address, object.pageSize) &&
      segment.address < pageUp(address + memoryBytes, object.pageSize),
  );
  if (!isMapped) endProcess(task, SIGSEGV_STATUS, { step: "search", object });
}
