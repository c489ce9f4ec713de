// Small trees of libraries and programs for tests of the loader: made with GNU ld from next to nothing, without a C library,
// so that one costs a few milliseconds. They are only loaded, never run.

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile, type Target } from "../../support/build.ts";
import { folder } from "../../support/folder.ts";
import { tool } from "../../support/run.ts";

export interface ObjectFacts {
  /** DT_NEEDED, literally. */
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  /** Assembler; without, a function `thing` and an entry that cannot be run. */
  readonly source?: string;
  /** More arguments for ld. */
  readonly flags?: readonly string[];
}

export interface Tree {
  /** The directory; paths below are relative to it. */
  readonly path: string;
  readonly at: (path: string) => string;
  readonly library: (path: string, facts?: ObjectFacts) => string;
  readonly program: (path: string, facts?: ObjectFacts) => string;
  readonly write: (path: string, content: string | Uint8Array) => string;
  readonly link: (path: string, target: string) => string;
}

/** A new, empty tree for one machine. */
export function tree(target: Target, name: string): Tree {
  const { path } = folder(name);
  const at = (file: string): string => join(path, file);
  const place = (file: string): string => {
    mkdirSync(dirname(at(file)), { recursive: true });
    return at(file);
  };
  const nothing = compile(target, "nothing.s", ".globl _start, thing\n_start: thing: ret\n");

  const link = (file: string, kind: readonly string[], facts: ObjectFacts): string => {
    const { needed = [], soname, rpath, runpath, source, flags = [] } = facts;
    const object = source === undefined ? nothing : compile(target, "source.s", source);
    const stubs = needed.map((each, index) => stub(target, nothing, join(path, `.stubs-${index}`), each));
    const out = place(file);
    const names = soname === undefined ? [] : ["-soname", soname];
    const old = rpath === undefined ? [] : ["-rpath", rpath, "--disable-new-dtags"];
    const modern = runpath === undefined ? [] : ["-rpath", runpath, "--enable-new-dtags"];
    tool("ld", ["-m", target.emulation, ...kind, ...names, ...old, ...modern, ...flags, object, ...stubs, "-o", out]);
    return out;
  };
  return {
    path,
    at,
    library: (file, facts = {}) => link(file, ["-shared"], facts),
    program: (file, facts = {}) => link(file, ["-pie", "-dynamic-linker", target.interpreter], facts),
    write: (file, content) => {
      writeFileSync(place(file), content);
      chmodSync(at(file), 0o755);
      return at(file);
    },
    link: (file, to) => {
      symlinkSync(to, place(file));
      return at(file);
    },
  };
}

/** A library whose soname is what DT_NEEDED is to say. */
function stub(target: Target, object: string, directory: string, needed: string): string {
  mkdirSync(directory, { recursive: true });
  const out = join(directory, "stub.so");
  tool("ld", ["-m", target.emulation, "-shared", "-soname", needed, object, "-o", out]);
  return out;
}
