// Which system a file was made for. Linux with glibc or musl is what is checked; files for Android, FreeBSD and others are ELF
// for the same machines, and packages carry them side by side.

import { DT_NEEDED, ELFOSABI_GNU, ELFOSABI_SYSV, NT_GNU_ABI_TAG, notesInSegments } from "../../elf/index.ts";
import { osAbiName } from "../../elf/names/names.ts";
import { word } from "../../elf/source.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { isInterpreterOf, loaderRecords } from "../machines/index.ts";

/** A C library of Linux, or another system by its name. */
export type MadeFor = "glibc" | "musl" | (string & {});

/** Programs name the dynamic linker of their system. */
const INTERPRETERS: readonly (readonly [RegExp, MadeFor])[] = [
  [/\/ld-musl-/, "musl"],
  [/\/ld-linux/, "glibc"],
  [/^\/system\/bin\/linker(64)?$/, "Android"],
  [/\/libexec\/ld-elf\.so\.\d$/, "FreeBSD"],
  [/\/libexec\/ld\.elf_so$/, "NetBSD"],
  [/\/libexec\/ld\.so$/, "OpenBSD"],
  [/^\/usr\/lib\/amd64\/ld\.so\.1$/, "Solaris"],
  [/^\/system\/runtime_loader$/, "Haiku"],
];

/** Owners of notes that say where a file belongs. */
const OWNERS: readonly MadeFor[] = ["Android", "FreeBSD", "NetBSD", "OpenBSD", "DragonFly"];

/** NT_GNU_ABI_TAG's first word; 0 is Linux. */
const GNU_SYSTEMS: readonly MadeFor[] = ["", "the Hurd", "Solaris", "FreeBSD", "NetBSD"];

/** Libraries that only one system has. */
const LIBRARIES: readonly (readonly [RegExp, MadeFor])[] = [
  [/^(liblog|libandroid)\.so$/, "Android"],
  [/^(libc\.so\.7|libthr\.so\.\d|libcxxrt\.so\.\d)$/, "FreeBSD"],
  [/^libc\.so\.\d\d+(\.\d+)?$/, "OpenBSD"],
  [/^libc\.so\.12$/, "NetBSD"],
  [/^libroot\.so$/, "Haiku"],
];

/** glibc's libc.so.6 and its siblings, under the names that programs ask for (shlib-versions of glibc). */
const GLIBC_NAMES =
  /^(libc\.so\.6|ld-linux(-x86-64)?\.so\.2|libm\.so\.6|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1|libutil\.so\.1|libresolv\.so\.2|libanl\.so\.1|libmvec\.so\.1)$/;
/** musl calls itself libc.so; Alpine and others name it after the machine. */
const MUSL_NAMES = /^(libc\.so|libc\.musl-[\w]+\.so\.1|ld-musl-[\w]+\.so\.1)$/;

/** glibc's dynamic linkers of all machines. */
const LINKER_NAMES: ReadonlySet<string> = new Set(
  loaderRecords().flatMap(({ interpreters }) =>
    interpreters.glibc.map((path) => path.slice(path.lastIndexOf("/") + 1)),
  ),
);

/** Is this a library of glibc? */
export function isGlibcName(name: string): boolean {
  return (
    LINKER_NAMES.has(name) ||
    GLIBC_NAMES.test(name) ||
    /^lib(thread_db|BrokenLocale|nss_\w+|c_malloc_debug|memusage)\.so\.\d$/.test(name)
  );
}

/**
 * What a file was made for: what its header and its notes say, else the dynamic linker and the libraries that it asks for.
 * @param needed DT_NEEDED
 * @returns undefined for one that asks for no system, such as a library of arithmetic
 */
export function madeFor(file: DynamicFile, needed: readonly string[]): MadeFor | undefined {
  return byHeader(file) ?? byInterpreter(file.interpreter) ?? byNotes(file) ?? byLibraries(file, needed);
}

/** The same by what the file itself needs. */
export function systemOf(file: DynamicFile): MadeFor | undefined {
  const needed = file.dependencies.filter(({ tag }) => tag === DT_NEEDED);
  return madeFor(
    file,
    needed.map(({ name }) => name),
  );
}

/** EI_OSABI: System V's is everybody's. */
function byHeader({ elf }: DynamicFile): MadeFor | undefined {
  const { osAbi } = elf.header;
  if (osAbi === ELFOSABI_SYSV || osAbi === ELFOSABI_GNU) return undefined;
  return osAbiName(osAbi).replace(/^UNIX - /, "");
}

function byInterpreter(interpreter: string | undefined): MadeFor | undefined {
  if (interpreter === undefined) return undefined;
  if (isInterpreterOf("glibc", interpreter)) return "glibc";
  return INTERPRETERS.find(([pattern]) => pattern.test(interpreter))?.[1];
}

function byNotes({ elf }: DynamicFile): MadeFor | undefined {
  for (const { owner, type, range } of notesInSegments(elf, () => {})) {
    if (OWNERS.includes(owner)) return owner;
    if (owner !== "GNU" || type !== NT_GNU_ABI_TAG || range.end - range.start < 4) continue;
    const system = word(elf, range.start);
    if (system !== 0) return GNU_SYSTEMS[system] ?? `system ${system} of GNU`;
  }
  return undefined;
}

function byLibraries({ versions }: DynamicFile, needed: readonly string[]): MadeFor | undefined {
  // Bionic calls itself libc.so, as musl does, but has versions (LIBC, LIBC_N, LIBC_PRIVATE, ...).
  if (versions.needs.some(({ library, name }) => library === "libc.so" && /^LIBC(_|$)/.test(name))) return "Android";
  const foreign = LIBRARIES.find(([pattern]) => needed.some((name) => pattern.test(name)));
  if (foreign !== undefined) return foreign[1];
  if (needed.some((name) => MUSL_NAMES.test(name))) return "musl";
  const asksGlibc = needed.some((name) => LINKER_NAMES.has(name) || GLIBC_NAMES.test(name));
  return asksGlibc || versions.needs.some(({ name }) => name.startsWith("GLIBC_")) ? "glibc" : undefined;
}

/** Is it a C library of Linux, and no other system? */
export function isLinux(made: MadeFor | undefined): made is "glibc" | "musl" | undefined {
  return made === undefined || made === "glibc" || made === "musl";
}
