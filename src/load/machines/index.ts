// The machines whose dynamic linkers are known. Adding one is a word in `LoaderMachine`, a file, and a line here.

import type { ElfImage } from "../../elf/file.ts";
import { AARCH64_LOADER } from "./aarch64.ts";
import { ARM_LOADER, ARMEL_LOADER } from "./arm.ts";
import { I386_LOADER } from "./i386.ts";
import { LOONGARCH64_LOADER } from "./loongarch64.ts";
import { MIPS64EL_LOADER } from "./mips64el.ts";
import { PPC64LE_LOADER } from "./ppc64le.ts";
import type { LoaderMachine, LoaderRecord } from "./record.ts";
import { RISCV64_LOADER } from "./riscv64.ts";
import { S390X_LOADER } from "./s390x.ts";
import { X86_64_LOADER } from "./x86_64.ts";

export * from "./kinds.ts";
export * from "./record.ts";

/** By the name that users say. */
export const LOADER_RECORDS: Readonly<Record<LoaderMachine, LoaderRecord>> = {
  "x86-64": X86_64_LOADER,
  i386: I386_LOADER,
  aarch64: AARCH64_LOADER,
  riscv64: RISCV64_LOADER,
  ppc64le: PPC64LE_LOADER,
  loongarch64: LOONGARCH64_LOADER,
  arm: ARM_LOADER,
  armel: ARMEL_LOADER,
  s390x: S390X_LOADER,
  mips64el: MIPS64EL_LOADER,
};

const RECORDS: readonly LoaderRecord[] = Object.values(LOADER_RECORDS);

/** All of them, in the order of the list. */
export function loaderRecords(): readonly LoaderRecord[] {
  return RECORDS;
}

/** The record of a file's machine, by class and byte order too; undefined for one that Solder does not load, and for x32. */
export function loaderRecordOf({ header, elfClass, littleEndian }: LoadableHeader): LoaderRecord | undefined {
  return RECORDS.find(
    ({ facts, isOwn }) =>
      facts.elfMachine === header.machine &&
      facts.elfClass === elfClass &&
      facts.littleEndian === littleEndian &&
      isOwn?.(header.flags) !== false,
  );
}

/**
 * The byte order of a file in words, where its machine is known in the other one only: "big-endian" for one of AArch64. Otherwise empty, as
 * the machine's name says enough.
 */
export function unusualOrder({ header, elfClass, littleEndian }: LoadableHeader): string {
  const known = RECORDS.filter(({ facts }) => facts.elfMachine === header.machine && facts.elfClass === elfClass);
  if (known.length === 0 || known.some(({ facts }) => facts.littleEndian === littleEndian)) return "";
  return littleEndian ? "little-endian" : "big-endian";
}

/** What of a file tells its machine. */
export interface LoadableHeader extends Pick<ElfImage, "elfClass" | "littleEndian"> {
  readonly header: Pick<ElfImage["header"], "machine" | "flags">;
}

/** The machine of a file in words; undefined as for `loaderRecordOf`. */
export function loaderMachineOf(elf: LoadableHeader): LoaderMachine | undefined {
  return loaderRecordOf(elf)?.name;
}

/** Something for each machine. */
export function forEachMachine<T>(make: (record: LoaderRecord) => T): Readonly<Record<LoaderMachine, T>> {
  const entries = RECORDS.map((record) => [record.name, make(record)] as const);
  return Object.fromEntries(entries) as Record<LoaderMachine, T>;
}

/** Is this where systems have the dynamic linker of a C library? glibc's stands in /lib and /lib64 alike. */
export function isInterpreterOf(library: "glibc" | "musl", path: string): boolean {
  const place = library === "glibc" ? path.replace(/^\/lib(64)?\//, "") : path;
  const names = RECORDS.flatMap(({ interpreters }) => interpreters[library]);
  return names.some((it) => (library === "glibc" ? it.replace(/^\/lib(64)?\//, "") : it) === place);
}
