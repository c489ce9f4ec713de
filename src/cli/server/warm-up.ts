// Links small programs and libraries before the first client comes, and while none does, so that V8 has seen and optimized the linker: the
// first link of a process takes eight times as long as the fiftieth, and that twice as long as the four-hundredth. Nothing is
// written, and no compiler is needed: what is linked are the machine's own C library and start-up files, as GCC would.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FileSystem } from "../../host/files.ts";
import { type LdHost, runLd } from "../ld/run.ts";
import type { KeptFiles } from "./kept-files.ts";
import type { LinkRequest } from "./protocol.ts";
import { linkKey, type Relinker } from "./relinker.ts";

/** Before the first client is served, and while none comes. */
const LINKS = 40;
const IDLE_LINKS = 400;
const DIRECTORIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64"];
const COMPILERS = "/usr/lib/gcc";

const LIBRARY = "/warm-up/libwarm.so";
const PROGRAM = "/warm-up/program";

/** @returns what is to be called while nobody waits, until it says that it was enough */
export function warmUp(host: LdHost, kept: KeptFiles, relinker: Relinker): () => boolean {
  const directory = DIRECTORIES.find((it) => existsSync(join(it, "Scrt1.o")) && existsSync(join(it, "libc.so")));
  // Without one the first links warm the process up.
  if (directory === undefined) return () => true;
  const lines = commandLines(directory, compilerDirectory());
  const quiet = inMemory(host);
  const io = { out: () => {}, err: () => {}, color: { out: false, err: false }, env: {} };
  let count = 0;
  const linkOnce = (): void => {
    kept.begin();
    const args = lines[count++ % lines.length];
    runLd(args, io, relinker.recording(linkKey(requestFor(args)), quiet, kept.look).host, "ld");
  };
  for (let i = 0; i < LINKS; i++) linkOnce();
  kept.trim(0);
  let left = IDLE_LINKS;
  return () => {
    if (left > 0) linkOnce();
    return --left <= 0;
  };
}

/** A library, and a program that needs it: with what GCC adds, where there is a GCC. */
function commandLines(directory: string, compiler: string | undefined): readonly (readonly string[])[] {
  const of = (folder: string, names: readonly string[]): string[] => names.map((name) => join(folder, name));
  const own = (name: string): string[] => (compiler === undefined ? [] : of(compiler, [name]));
  const common = ["--build-id", "--eh-frame-hdr", "--hash-style=gnu", "--as-needed", "-m", "elf_x86_64"];
  const search = [...(compiler === undefined ? [] : ["-L", compiler]), "-L", directory];
  const shared = ["--push-state", "--as-needed", "-lgcc_s", "--pop-state"];
  const libraries = compiler === undefined ? ["-lc"] : ["-lgcc", ...shared, "-lc", "-lgcc", ...shared];
  const end = [...libraries, ...own("crtendS.o"), ...of(directory, ["crtn.o"])];
  return [
    [
      ...[...common, "-shared", "-soname", "libwarm.so", "-o", LIBRARY, "--defsym=warm=0", "-u", "strlen"],
      ...[...of(directory, ["crti.o"]), ...own("crtbeginS.o"), ...search, ...end],
    ],
    [
      ...[...common, "-pie", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", "-o", PROGRAM, "-rpath", "/warm-up"],
      ...["--defsym=main=0", "-u", "puts", "-u", "warm"],
      ...[...of(directory, ["Scrt1.o", "crti.o"]), ...own("crtbeginS.o"), ...search, LIBRARY, ...end],
    ],
  ];
}

/** Where GCC has its start-up files and its own library: `/usr/lib/gcc/TARGET/VERSION`. */
function compilerDirectory(): string | undefined {
  if (!existsSync(COMPILERS)) return undefined;
  for (const target of readdirSync(COMPILERS).filter((it) => it.startsWith("x86_64-"))) {
    for (const version of readdirSync(join(COMPILERS, target))) {
      const directory = join(COMPILERS, target, version);
      if (["crtbeginS.o", "crtendS.o", "libgcc.a"].every((it) => existsSync(join(directory, it)))) return directory;
    }
  }
  return undefined;
}

/** What is written is there for the next link, and for nobody else. */
function inMemory(host: LdHost): LdHost {
  const made = new Map<string, Uint8Array>();
  const files: FileSystem = {
    ...host.files,
    read: (path) => made.get(path) ?? host.files.read(path),
    exists: (path) => made.has(path) || host.files.exists(path),
  };
  return {
    ...host,
    files,
    write: (path, bytes) => {
      made.set(path, bytes);
      return undefined;
    },
  };
}

function requestFor(args: readonly string[]): LinkRequest {
  const caller = { group: 0, groups: [], places: [] };
  const terminal = { out: false, err: false };
  return { pid: 0, umask: 0, directory: "/", program: "ld", args, env: {}, terminal, caller };
}
