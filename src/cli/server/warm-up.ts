// Links a small program a few dozen times before the first client comes, so that V8 has seen and optimized the linker: the
// first link of a process takes eight times as long as the fiftieth, and that twice as long as the two-hundredth. Nothing is written,
// and no compiler is needed: the machine's own C library is linked, with a reference to a function of it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type LdHost, runLd } from "../ld/run.ts";
import type { KeptFiles } from "./kept-files.ts";

/** Before the first client is served, and while none comes. */
const LINKS = 40;
const IDLE_LINKS = 160;
const DIRECTORIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64"];

/** @returns what is to be called while nobody waits, until it says that it was enough */
export function warmUp(host: LdHost, kept: KeptFiles): () => boolean {
  const directory = DIRECTORIES.find((it) => existsSync(join(it, "crt1.o")) && existsSync(join(it, "libc.so")));
  // Without one the first links warm the process up.
  if (directory === undefined) return () => true;
  const io = { out: () => {}, err: () => {}, color: { out: false, err: false }, env: {} };
  const quiet: LdHost = { ...host, write: () => undefined };
  const args = [
    ...["-o", "warm", "--build-id", "--eh-frame-hdr", "--hash-style=gnu", "-m", "elf_x86_64", "-pie"],
    ...["-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", "--defsym=main=0", "-u", "puts"],
    ...["Scrt1.o", "crti.o"].map((name) => join(directory, name)),
    ...["-L", directory, "--as-needed", "-lc", "--no-as-needed", join(directory, "crtn.o")],
  ];
  const linkOnce = (): void => {
    kept.begin();
    runLd(args, io, quiet, "ld");
  };
  for (let i = 0; i < LINKS; i++) linkOnce();
  kept.trim(0);
  let left = IDLE_LINKS;
  return () => {
    if (left > 0) linkOnce();
    return --left <= 0;
  };
}
