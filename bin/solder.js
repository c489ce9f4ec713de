#!/usr/bin/env node
// The command. Each of its subcommands is a bundle of its own in dist/commands. V8 takes it from the .cache file beside it,
// which the build wrote, instead of compiling half a megabyte of source first: a tiny link then takes two thirds of the time.
// Without that file, or with one that another version of Node wrote, it is compiled as usual.
"use strict";
const { closeSync, existsSync, fstatSync, openSync, readSync } = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { constants, Script } = require("node:vm");

const directory = join(__dirname, "../dist/commands");

/** Under a linker's name (as in src/cli/main/ld.ts) the linker; else the bundle of the command that is asked for or about. */
function bundleName() {
  if (/^(?:ld|.*-ld|ld\..*)$/.test(basename(process.argv[1] ?? ""))) return "ld";
  const [first = "", second = ""] = process.argv.slice(2);
  const name = first === "help" ? second : first;
  return /^[a-z]+$/.test(name) && existsSync(join(directory, `${name}.cjs`)) ? name : "help";
}

const name = bundleName();
const filename = join(directory, `${name}.cjs`);

let memory = Buffer.alloc(0);

/**
 * The bytes of a file; they are good until the next one is read. The second file goes where the first one was: memory that has been written
 * to once need not be found by the kernel again. Twice the room, in case the second is larger: what is never written to costs nothing.
 */
function read(path) {
  const file = openSync(path);
  const { size } = fstatSync(file);
  if (size > memory.length) memory = Buffer.allocUnsafeSlow(2 * size);
  try {
    let end = 0;
    for (let got = -1; got !== 0 && end < size; end += got) got = readSync(file, memory, end, size - end, null);
    return memory.subarray(0, end);
  } finally {
    closeSync(file);
  }
}

function readCache() {
  try {
    return read(filename.replace(/cjs$/, "cache"));
  } catch {
    return undefined;
  }
}

if (name === "ld") require("./v8-flags.cjs").setFlags();

// The bundle is ASCII; read as latin1 it needs no decoding.
const text = read(filename).toString("latin1");
const script = new Script(text, {
  filename,
  cachedData: readCache(),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
script.runInThisContext()(module.exports, require, module, filename, dirname(filename));
