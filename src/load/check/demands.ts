// What a file asks of the system that is to run it: libraries, versions, symbols, and properties of the process. Read from
// the file alone; the checks hold it against a system.

import {
  DF_STATIC_TLS,
  DF_TEXTREL,
  DT_FLAGS,
  DT_NEEDED,
  DT_RELR,
  DT_TEXTREL,
  ET_DYN,
  ET_EXEC,
  GNU_PROPERTY_X86_ISA_1_NEEDED,
  GNU_PROPERTY_X86_ISA_1_V2,
  GNU_PROPERTY_X86_ISA_1_V3,
  GNU_PROPERTY_X86_ISA_1_V4,
  isPropertyNote,
  notesInSegments,
  PF_X,
  propertiesOf,
  SHN_UNDEF,
  STB_LOCAL,
  STB_WEAK,
} from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { symbolBinding, symbolName, symbolSection } from "../file/dynamic-symbols.ts";
import { versionIndex } from "../file/version-table.ts";
import { LOADER_RECORDS } from "../machines/index.ts";
import type { LoaderMachine } from "../settings/contract.ts";
import { isLinux, type MadeFor, madeFor } from "./made-for.ts";

/** What a file is to those who run it. */
export type FileRole =
  | "program"
  /** Needs no dynamic linker: everything is in it. */
  | "static-program"
  | "library"
  /** A library that Node.js opens. */
  | "addon";

/** An undefined symbol. */
export interface Reference {
  readonly name: string;
  /** Empty for a reference without version. */
  readonly version: string;
  /** The library that is to have the version; empty where there is none. */
  readonly library: string;
  readonly weak: boolean;
}

export interface Demands {
  /** As it is called in messages. */
  readonly name: string;
  readonly file: DynamicFile;
  readonly role: FileRole;
  readonly machine: LoaderMachine;
  /** The C library that it was made for; undefined if it asks for none, or was made for another system. */
  readonly library: "glibc" | "musl" | undefined;
  /** The C library, or the system where that is another one than Linux: Android, FreeBSD. */
  readonly made: MadeFor | undefined;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  readonly references: readonly Reference[];
  /** PT_GNU_STACK with PF_X; or none, which asks for an executable stack on some machines. */
  readonly executableStack: boolean;
  readonly textRelocations: boolean;
  /** PT_TLS. */
  readonly tls: { readonly bytes: number; readonly alignment: number; readonly isStatic: boolean } | undefined;
  /** x86-64-v2, v3 or v4; 1 if nothing more than the baseline is asked for. */
  readonly isaLevel: 1 | 2 | 3 | 4;
  readonly relr: boolean;
}

/** Reads the demands of a linked file. */
export function demandsOf(file: DynamicFile, machine: LoaderMachine, name: string): Demands {
  const needed = file.dependencies.flatMap((it) => (it.tag === DT_NEEDED ? [it.name] : []));
  const flags = file.values.get(DT_FLAGS) ?? 0;
  const made = madeFor(file, needed);
  return {
    name,
    file,
    role: roleOf(file, name, needed),
    machine,
    library: isLinux(made) ? made : undefined,
    made,
    needed,
    references: referencesOf(file),
    executableStack:
      file.stackFlags === undefined ? LOADER_RECORDS[machine].stackIsExecutable : (file.stackFlags & PF_X) !== 0,
    textRelocations: file.values.has(DT_TEXTREL) || (flags & DF_TEXTREL) !== 0,
    tls:
      file.tls === undefined
        ? undefined
        : {
            bytes: file.tls.memoryBytes,
            alignment: file.tls.alignment,
            isStatic: (flags & DF_STATIC_TLS) !== 0,
          },
    isaLevel: machine === "x86-64" || machine === "i386" ? isaLevelOf(file) : 1,
    relr: file.values.has(DT_RELR),
  };
}

function roleOf(file: DynamicFile, name: string, needed: readonly string[]): FileRole {
  if (/\.node$/.test(name)) return "addon";
  if (file.interpreter !== undefined) return "program";
  const { type } = file.elf.header;
  if (type === ET_EXEC) return file.hasDynamicSection && needed.length > 0 ? "program" : "static-program";
  return type === ET_DYN && file.pie && needed.length === 0 ? "static-program" : "library";
}

/** The undefined symbols of a file, in its order. */
export function referencesOf(file: DynamicFile): Reference[] {
  const { symbols, versions, elf } = file;
  const references: Reference[] = [];
  for (let index = 1; index < symbols.count; index++) {
    if (symbolSection(symbols, index) !== SHN_UNDEF) continue;
    const binding = symbolBinding(symbols, index);
    const name = binding === STB_LOCAL ? "" : symbolName(symbols, index);
    if (name === "") continue;
    const version = versionIndex(versions, elf.bytes, index);
    references.push({
      name,
      version: versions.name[version],
      library: versions.library[version],
      weak: binding === STB_WEAK,
    });
  }
  return references;
}

function isaLevelOf(file: DynamicFile): Demands["isaLevel"] {
  const { elf } = file;
  const quiet = (): void => {};
  const needed = notesInSegments(elf, quiet)
    .filter(isPropertyNote)
    .flatMap((note) => propertiesOf(elf, note, elf.name, quiet))
    .find(({ type }) => type === GNU_PROPERTY_X86_ISA_1_NEEDED);
  const bits = needed?.value ?? 0;
  if ((bits & GNU_PROPERTY_X86_ISA_1_V4) !== 0) return 4;
  if ((bits & GNU_PROPERTY_X86_ISA_1_V3) !== 0) return 3;
  return (bits & GNU_PROPERTY_X86_ISA_1_V2) !== 0 ? 2 : 1;
}

/** The symbols that need a version of a library, in the order of the file. */
export function symbolsOfVersion(demands: Demands, library: string, version: string): string[] {
  return demands.references.flatMap((it) => (it.version === version && it.library === library ? [it.name] : []));
}
