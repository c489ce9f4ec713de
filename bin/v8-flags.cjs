// When V8 optimizes the linker. A link runs each loop once, and V8 by default optimizes what a small or middling link is done with
// before the optimized code is there: a hello then takes a third more, and touches a fifth more memory. Six times later leaves the
// largest links as they are (Node 20, V8 11.3). Baseline code for each function at once (--always-sparkplug) is no gain: most of
// a small link's functions run once. Other versions of V8 have other tiers and keep their defaults; so do the other commands,
// which gain no more from it than loading node:v8 takes (3 ms).
"use strict";
const { setFlagsFromString } = require("node:v8");

/** To be called before the bundle is compiled, by whoever starts it and by the build, which compiles it ahead. */
exports.setFlags = () => {
  if (!process.versions.v8.startsWith("11.3.")) return;
  setFlagsFromString("--interrupt-budget=400000");
};
