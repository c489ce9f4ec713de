#!/usr/bin/env node
// The command. Each of its subcommands is a bundle of its own in dist/commands. V8 takes it from the .cache file beside it,
// which the build wrote, instead of compiling half a megabyte of source first: a tiny link then takes two thirds of the time.
// Without that file, or with one that another version of Node wrote, it is compiled as usual.
"use strict";
const { existsSync, readFileSync } = require("node:fs");
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

function readCache() {
  try {
    return readFileSync(filename.replace(/cjs$/, "cache"));
  } catch {
    return undefined;
  }
}

if (name === "ld") require("./v8-flags.cjs").setFlags();

// The bundle is ASCII; read as latin1 it needs no decoding.
const script = new Script(readFileSync(filename, "latin1"), {
  filename,
  cachedData: readCache(),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
script.runInThisContext()(module.exports, require, module, filename, dirname(filename));
