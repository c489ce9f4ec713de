// Profiles: how they are named, what differs between versions, and how one is told from a loader's own file.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cpuOf } from "../../src/host/cpu.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import { findLibrary, searchContext, sharedFiles } from "../../src/load/search/index.ts";
import type { LoadOptions, Requester } from "../../src/load/settings/contract.ts";
import {
  behaves,
  parseProfile,
  profileName,
  profileOf,
  profileOfInterpreter,
} from "../../src/load/settings/profiles.ts";
import { x86_64 } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { REQUESTER } from "./support/requester.ts";
import { tree } from "./support/tree.ts";

test("names of profiles", () => {
  const named = (text: string): string | undefined => {
    const profile = parseProfile(text);
    return profile === undefined ? undefined : profileName(profile);
  };
  equal(named("glibc@2.31"), "glibc@2.31");
  equal(named("glibc:2.28"), "glibc@2.28");
  equal(named("musl"), "musl@1.2.6");
  equal(named("musl@1.2.3"), "musl@1.2.3");
  for (const text of ["", "glibc@", "glibc@2", "glibc@1.0", "glibc@99.0", "uclibc", "glibc@2.31x", "musl@2.36"]) {
    equal(named(text), undefined, text);
  }
});

test("rows start and end with a version", () => {
  const at = (text: string): readonly boolean[] => {
    const profile = parseProfile(text);
    if (profile === undefined) throw new Error(text);
    return [behaves(profile, "glibcHwcaps"), behaves(profile, "legacyHwcaps"), behaves(profile, "muslRelr")];
  };
  deepEqual(at("glibc@2.32"), [false, true, false]);
  deepEqual(at("glibc@2.33"), [true, true, false]);
  deepEqual(at("glibc@2.36"), [true, true, false]);
  deepEqual(at("glibc@2.37"), [true, false, false]);
  deepEqual(at("musl@1.2.3"), [false, false, false]);
  deepEqual(at("musl@1.2.4"), [false, false, true]);
});

const LOADER = "/lib64/ld-linux-x86-64.so.2";

test("a loader's file tells its version and its directories", needs(LOADER), () => {
  const profile = profileOfInterpreter(readFileSync(LOADER), "x86-64");
  const [, version] = /release version (2\.\d+)/.exec(tool(LOADER, ["--version"])) ?? [];
  equal(profile?.version.join("."), version);
  const diagnostics = tool(LOADER, ["--list-diagnostics"]);
  const directories = [...diagnostics.matchAll(/^path\.system_dirs\[\w+\]="(.*)"$/gm)].map(
    ([, directory]) => directory,
  );
  deepEqual(profile?.systemDirectories["x86-64"], directories);
});

test("so does musl's", needs("/lib/ld-musl-x86_64.so.1"), () => {
  const profile = profileOfInterpreter(readFileSync("/lib/ld-musl-x86_64.so.1"), "x86-64");
  equal(profile?.library, "musl");
  equal(profile?.version.length, 3);
});

test("up to glibc 2.32 the file's name tells the version", () => {
  const loader = new TextEncoder().encode("…\0glibc-ld.so.cache1.1\0…");
  deepEqual(profileOfInterpreter(loader, "x86-64", "/lib/x86_64-linux-gnu/ld-2.31.so")?.version, [2, 31]);
  deepEqual(profileOfInterpreter(loader, "x86-64", "/lib64/ld-linux-x86-64.so.2")?.version, [2, 32]);
});

test("other files tell nothing", () => {
  equal(profileOfInterpreter(new Uint8Array(0), "x86-64"), undefined);
  equal(profileOfInterpreter(new TextEncoder().encode("an ld.so of sorts, release version 2.x"), "x86-64"), undefined);
});

const EVERYTHING = ["x86-64-v4", "x86-64-v3", "x86-64-v2"];

/** Subdirectories of /d that a loader of this version looks into. */
function subdirectories(version: readonly number[], platform: string): readonly string[] {
  const program: Requester = { ...REQUESTER, runpath: "/d", noDefaultDirectories: true };
  const options: LoadOptions = {
    profile: profileOf("glibc", version),
    environment: {},
    currentDirectory: "/",
    secure: false,
    hwcaps: EVERYTHING,
    platform,
  };
  const facts = { machine: "x86-64", program, interpreter: LOADER } as const;
  const context = searchContext(
    sharedFiles(memoryLoadFiles({}), () => {}),
    options,
    facts,
  );
  const { tried } = findLibrary(context, "libx.so", program);
  return tried.filter(({ rule }) => rule === "runpath").map(({ path }) => path.slice(3, -"libx.so".length));
}

test("glibc 2.31 looks into every combination, even the same twice where platform and capability are called alike", () => {
  deepEqual(subdirectories([2, 31], "x86_64"), [
    "tls/x86_64/x86_64/",
    "tls/x86_64/",
    "tls/x86_64/",
    "tls/",
    "x86_64/x86_64/",
    "x86_64/",
    "x86_64/",
    "",
  ]);
});

test("glibc 2.36 looks into glibc-hwcaps first and into combinations then", () => {
  const all = subdirectories([2, 36], "haswell");
  equal(all.length, 3 + 16);
  deepEqual(all.slice(0, 4), [
    "glibc-hwcaps/x86-64-v4/",
    "glibc-hwcaps/x86-64-v3/",
    "glibc-hwcaps/x86-64-v2/",
    "tls/haswell/avx512_1/x86_64/",
  ]);
});

test("glibc 2.37 looks into glibc-hwcaps only", () => {
  deepEqual(subdirectories([2, 37], "haswell"), [...EVERYTHING.map((name) => `glibc-hwcaps/${name}/`), ""]);
});

test(
  "glibc 2.35 passes over what was built for a newer kernel, 2.36 does not ask",
  needs("ld", ...x86_64.tools),
  () => {
    const note =
      '.section .note.ABI-tag, "a", @note\n.align 4\n.long 4, 16, 1\n.asciz "GNU"\n.long 0, 3, 17, 0\n.text\nthing: ret\n';
    const library = readFileSync(tree(x86_64, "kernel").library("libx.so", { source: note }));
    const fate = (version: readonly number[], kernel?: readonly number[]): string => {
      const profile = profileOf("glibc", version);
      const rest = { environment: {}, currentDirectory: "/", secure: false, hwcaps: [] };
      const options: LoadOptions = { profile, ...rest, ...(kernel === undefined ? {} : { kernel }) };
      const files = sharedFiles(memoryLoadFiles({ "/lib/libx.so": library }), () => {});
      const context = searchContext(files, options, { machine: "x86-64", program: REQUESTER, interpreter: LOADER });
      const { fate, reason } = findLibrary(context, "libx.so", REQUESTER).tried.find(
        ({ path }) => path === "/lib/libx.so",
      ) ?? {
        fate: "none",
        reason: "",
      };
      return `${fate} ${reason}`;
    };
    equal(fate([2, 35], [3, 10, 0]), "wrong-system Linux 3.17.0");
    equal(fate([2, 35], [3, 17]), "taken ");
    equal(fate([2, 35]), "taken ");
    equal(fate([2, 36], [3, 10, 0]), "taken ");
  },
);

test("what /proc/cpuinfo tells of a CPU", needs(LOADER, "/proc/cpuinfo"), () => {
  const v2 = "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3";
  const v3 = `${v2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave`;
  deepEqual(cpuOf(`vendor_id\t: AuthenticAMD\nflags\t\t: fpu ${v3}\n`), {
    hwcaps: ["x86-64-v3", "x86-64-v2"],
    platform: "x86_64",
  });
  deepEqual(cpuOf(`vendor_id\t: GenuineIntel\nflags\t\t: ${v3}\n`).platform, "haswell");
  deepEqual(cpuOf(`vendor_id\t: GenuineIntel\nflags\t\t: ${v2}\n`), { hwcaps: ["x86-64-v2"], platform: "x86_64" });
  const here = cpuOf(readFileSync("/proc/cpuinfo", "latin1"));
  const active = [...tool(LOADER, ["--help"]).matchAll(/^ {2}(x86-64-v\d) \(supported/gm)].map(([, name]) => name);
  deepEqual(here.hwcaps, active);
});
