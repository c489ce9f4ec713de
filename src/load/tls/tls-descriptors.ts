// The functions that TLS descriptors point to are ld.so's own and have no names in its dynamic symbol table, but they are a few
// fixed instructions that stand there once (dl-tlsdesc.S of each machine): the machine's record has them.

import { PF_X } from "../../elf/index.ts";
import type { DescriptorRules } from "../machines/index.ts";
import type { LoadedProcess } from "../objects/objects.ts";

export interface DescriptorFunctions {
  /** `_dl_tlsdesc_return`: the argument is the offset. Undefined if ld.so's code is not as known. */
  readonly static: number | undefined;
  /** `_dl_tlsdesc_undefweak`: minus the thread pointer plus the addend. */
  readonly undefinedWeak: number | undefined;
}

type Pattern = readonly number[];

type Codes = Pick<DescriptorRules, "static" | "undefinedWeak" | "musl" | "alignment">;

/** Their addresses in this process. */
export function descriptorFunctions(task: LoadedProcess): DescriptorFunctions {
  const { descriptors } = task.record;
  if (descriptors === undefined) return { static: undefined, undefinedWeak: undefined };
  const { odd } = descriptors;
  const isMusl = task.options.profile.library === "musl";
  const findOf = (
    rules: Codes,
    which: "static" | "undefinedWeak",
    prefixes: readonly Pattern[],
  ): number | undefined => {
    const { code, alignment } = (isMusl && which === "static" ? rules.musl : undefined) ?? {
      code: rules[which],
      alignment: rules.alignment,
    };
    return findFunction(task, code, prefixes, alignment);
  };
  const find = (which: "static" | "undefinedWeak"): number | undefined => {
    const found = findOf(descriptors, which, descriptors.prefixes);
    if (found !== undefined || odd === undefined) return found;
    const other = findOf(odd, which, []);
    return other === undefined ? undefined : other + 1;
  };
  return { static: find("static"), undefinedWeak: find("undefinedWeak") };
}

/** A function that is nothing but `code`, with or without a landing pad before it. */
function findFunction(
  task: LoadedProcess,
  code: Pattern,
  prefixes: readonly Pattern[],
  alignment: number,
): number | undefined {
  if (code.length === 0) return undefined;
  const loader = task.objects.find(({ kind }) => kind === "loader");
  const segment = loader?.file.loads.find(({ flags }) => (flags & PF_X) !== 0);
  if (loader === undefined || segment === undefined) return undefined;
  const { bytes } = loader.file.elf;
  const forms = [...prefixes.map((prefix) => [...prefix, ...code]), code];
  const longest = Math.max(...forms.map(({ length }) => length));
  const end = Math.min(segment.offset + segment.fileBytes, bytes.length) - longest;
  for (let at = segment.offset; at < end; at += alignment) {
    if (forms.some((form) => stands(bytes, at, form))) return loader.base + segment.address + (at - segment.offset);
  }
  return undefined;
}

function stands(bytes: Uint8Array, at: number, code: Pattern): boolean {
  return code.every((byte, i) => bytes[at + i] === byte);
}
