// Sources of real programs, from where a fresh machine can get them: the npm registry and Debian's archive. They are
// kept in a cache outside the checkout. Without a network the tests that want them are skipped and say why.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";
import { which } from "./tools.ts";

export type Source = { readonly directory: string } | { readonly skip: string };

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "solder");

/** Fills a directory of the cache once: `fetch` works in a temporary one and returns a reason if it fails. */
function once(name: string, fetch: (directory: string) => string | undefined): Source {
  const directory = join(cache, name);
  if (existsSync(directory)) return { directory };
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, "making-"));
  try {
    const skip = fetch(making);
    if (skip !== undefined) return { skip };
    // Another test process may have been faster.
    if (!existsSync(directory)) renameSync(making, directory);
    return { directory };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

const MINUTES = 60_000;

function unpack(archive: string, directory: string): boolean {
  return run("tar", ["xf", archive, "-C", directory, "--strip-components=1"]).status === 0;
}

/** The SQLite that the npm package sqlite3 builds its addon from: the amalgamation and the shell. */
export function sqliteSource(): Source {
  const wanted = "sqlite3@5.1.7";
  return once("sqlite-3.44.2", (directory) => {
    const packed = run("npm", ["pack", "--silent", wanted], { cwd: directory, timeout: 3 * MINUTES });
    const name = readdirSync(directory).find((file) => file.endsWith(".tgz"));
    if (packed.status !== 0 || name === undefined) return `needs the npm registry for ${wanted}`;
    const inner = join(directory, "deps/sqlite-autoconf-3440200.tar.gz");
    if (!unpack(join(directory, name), directory) || !unpack(inner, directory)) return `could not unpack ${name}`;
    return undefined;
  });
}

/** The archive that this machine installs its packages from; undefined if it names none. */
export function machinesArchive(): string | undefined {
  const lists = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"].filter((path) => existsSync(path));
  const found = lists.map((path) => /^(?:URIs:|deb)\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(readFileSync(path, "utf8"))?.[1]);
  return found.find((it) => it !== undefined);
}

/**
 * Settings that let apt fetch into a directory of ours, whatever the machine's own lists say.
 * @param architecture whose packages; undefined for sources
 */
function privateApt(directory: string, architecture?: string): string[] | undefined {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const archive = machinesArchive();
  if (!/^ID=debian/m.test(release) || suite === undefined || which("apt-get") === undefined) return undefined;
  if (archive === undefined) return undefined;
  mkdirSync(join(directory, "apt/lists/partial"), { recursive: true });
  mkdirSync(join(directory, "apt/cache/archives/partial"), { recursive: true });
  const list = join(directory, "apt/source.list");
  writeFileSync(
    list,
    `${architecture === undefined ? "deb-src" : "deb"} [signed-by=${keyring}] ${archive} ${suite} main\n`,
  );
  const settings = {
    "Dir::Etc::SourceList": list,
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(directory, "apt/lists"),
    "Dir::Cache": join(directory, "apt/cache"),
    ...(architecture === undefined ? {} : { "APT::Architecture": architecture, "APT::Architectures": architecture }),
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** Brings a package into a directory; what stopped it, if it could not. */
function fetchFromDebian(directory: string, words: readonly string[], architecture?: string): string | undefined {
  const settings = privateApt(directory, architecture);
  const name = words.at(-1);
  if (settings === undefined) return `needs Debian's apt-get for ${name}`;
  const apt = (...args: readonly string[]) =>
    run("apt-get", [...settings, "-q", ...args], { cwd: directory, timeout: 3 * MINUTES }).status === 0;
  return apt("update") && apt(...words) ? undefined : `needs Debian's archive for ${name}`;
}

/** A directory that has musl's loader of another machine as Debian packs it, at its place below. */
export function muslPackage(architecture: string): Source {
  return once(`musl-${architecture}`, (directory) => {
    const fetched = fetchFromDebian(directory, ["download", "musl"], architecture);
    if (fetched !== undefined) return fetched;
    const name = readdirSync(directory).find((file) => file.endsWith(".deb"));
    if (name === undefined || run("dpkg", ["-x", join(directory, name), directory]).status !== 0)
      return `could not unpack musl for ${architecture}`;
    rmSync(join(directory, "apt"), { recursive: true });
    return undefined;
  });
}

/** Lua as Debian has it. */
export function luaSource(): Source {
  return once("lua-5.4", (directory) => {
    const fetched = fetchFromDebian(directory, ["source", "--download-only", "lua5.4"]);
    if (fetched !== undefined) return fetched;
    const name = readdirSync(directory).find((file) => file.includes(".orig.tar"));
    if (name === undefined || !unpack(join(directory, name), directory)) return "could not unpack the source of lua5.4";
    rmSync(join(directory, "apt"), { recursive: true });
    return undefined;
  });
}
