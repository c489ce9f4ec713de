// Starts the bundled command. V8 takes it from dist/command.cache, which the build wrote, instead of compiling 600 KB of
// source first: a tiny link then takes two thirds of the time. Without that file, or with one that another version of Node
// wrote, it is compiled as usual.
"use strict";
const { readFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname, join } = require("node:path");
const { constants, Script } = require("node:vm");

const filename = join(__dirname, "../dist/command.cjs");

function readCache() {
  try {
    return readFileSync(join(__dirname, "../dist/command.cache"));
  } catch {
    return undefined;
  }
}

// The bundle is ASCII; read as latin1 it needs no decoding.
const script = new Script(wrap(readFileSync(filename, "latin1")), {
  filename,
  cachedData: readCache(),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename));
