// The functions that TLS descriptors point to are ld.so's own and have no names in its dynamic symbol table, but on both
// machines they are a few fixed instructions that stand there once (sysdeps/x86_64/dl-tlsdesc.S, sysdeps/i386/dl-tlsdesc.S).

import { PF_X } from "../../elf/index.ts";
import type { LoadedProcess } from "../objects/objects.ts";
import type { LoaderMachine } from "../settings/contract.ts";

export interface DescriptorFunctions {
  /** `_dl_tlsdesc_return`: the argument is the offset. Undefined if ld.so's code is not as known. */
  readonly static: number | undefined;
  /** `_dl_tlsdesc_undefweak`: minus the thread pointer plus the addend. */
  readonly undefinedWeak: number | undefined;
}

type Pattern = readonly number[];

/** mov 8(%rax), %rax; ret — and for i386 mov 4(%eax), %eax; ret. */
const RETURN: Readonly<Record<LoaderMachine, Pattern>> = {
  "x86-64": [0x48, 0x8b, 0x40, 0x08, 0xc3],
  i386: [0x8b, 0x40, 0x04, 0xc3],
};

/** mov 8(%rax), %rax; sub %fs:0, %rax; ret — and for i386 mov 4(%eax), %eax; sub %gs:0, %eax; ret. */
const UNDEFINED_WEAK: Readonly<Record<LoaderMachine, Pattern>> = {
  "x86-64": [0x48, 0x8b, 0x40, 0x08, 0x64, 0x48, 0x2b, 0x04, 0x25, 0, 0, 0, 0, 0xc3],
  i386: [0x8b, 0x40, 0x04, 0x65, 0x2b, 0x05, 0, 0, 0, 0, 0xc3],
};

const ENDBR: Readonly<Record<LoaderMachine, Pattern>> = {
  "x86-64": [0xf3, 0x0f, 0x1e, 0xfa],
  i386: [0xf3, 0x0f, 0x1e, 0xfb],
};

/** Their addresses in this process. */
export function descriptorFunctions(task: LoadedProcess): DescriptorFunctions {
  return {
    static: findFunction(task, RETURN[task.machine]),
    undefinedWeak: findFunction(task, UNDEFINED_WEAK[task.machine]),
  };
}

/** A function that is nothing but `code`, with or without an ENDBR before it: functions begin at multiples of 16. */
function findFunction(task: LoadedProcess, code: Pattern): number | undefined {
  const loader = task.objects.find(({ kind }) => kind === "loader");
  const segment = loader?.file.loads.find(({ flags }) => (flags & PF_X) !== 0);
  if (loader === undefined || segment === undefined) return undefined;
  const { bytes } = loader.file.elf;
  const marked = [...ENDBR[task.machine], ...code];
  const end = Math.min(segment.offset + segment.fileBytes, bytes.length) - marked.length;
  for (let at = segment.offset; at < end; at += 16) {
    if (stands(bytes, at, code) || stands(bytes, at, marked))
      return loader.base + segment.address + (at - segment.offset);
  }
  return undefined;
}

function stands(bytes: Uint8Array, at: number, code: Pattern): boolean {
  return code.every((byte, i) => bytes[at + i] === byte);
}
