// Makes root directories of Debian packages for other machines, in which the tests of src/load find programs and libraries to load
// and qemu-user runs them, after a build: node scripts/machine-roots.mjs DIRECTORY [MACHINE...]. The packages are unpacked, never configured, and
// apt keeps its state beside them, so that this machine's own packages are left alone.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { machinesArchive } from "../build/test/support/sources.js";

/** Machine → Debian's name, the release that has it, its loader, and the qemu that runs it. */
const MACHINES = {
  aarch64: { debian: "arm64", suite: "bookworm", loader: "lib/ld-linux-aarch64.so.1", qemu: "qemu-aarch64" },
  arm: { debian: "armhf", suite: "bookworm", loader: "lib/ld-linux-armhf.so.3", qemu: "qemu-arm" },
  armel: { debian: "armel", suite: "bookworm", loader: "lib/ld-linux.so.3", qemu: "qemu-arm" },
  riscv64: { debian: "riscv64", suite: "trixie", loader: "lib/ld-linux-riscv64-lp64d.so.1", qemu: "qemu-riscv64" },
  ppc64le: { debian: "ppc64el", suite: "bookworm", loader: "lib64/ld64.so.2", qemu: "qemu-ppc64le" },
  s390x: { debian: "s390x", suite: "bookworm", loader: "lib/ld64.so.1", qemu: "qemu-s390x" },
  i386: { debian: "i386", suite: "bookworm", loader: "lib/ld-linux.so.2", qemu: "qemu-i386" },
  mips64el: { debian: "mips64el", suite: "bookworm", loader: "lib64/ld.so.1", qemu: "qemu-mips64el" },
  // Its libc has instructions that no qemu before 8 knows: there is no ld.so.cache, and nothing runs.
  loongarch64: { debian: "loong64", suite: "forky", loader: "lib64/ld-linux-loongarch-lp64d.so.1" },
};

/** What a root holds: the C and C++ libraries, musl, and packages with many programs and libraries of different makers. */
const PACKAGES =
  "libc6 libc-bin libgcc-s1 libstdc++6 libcrypt1 coreutils bash dash grep sed gzip bzip2 xz-utils tar findutils diffutils util-linux libacl1 libattr1 " +
  "libselinux1 libpcre2-8-0 libtinfo6 ncurses-bin libbz2-1.0 liblzma5 zlib1g libgmp10 libmount1 libblkid1 libuuid1 libsmartcols1 libcap2 libsystemd0 " +
  "libudev1 procps libproc2-0 sqlite3 libsqlite3-0 libreadline8 libreadline8t64 file libmagic1 libgcrypt20 libgpg-error0 liblz4-1 libzstd1 musl";
const [directory, ...wanted] = process.argv.slice(2);
if (directory === undefined) {
  console.error(`node scripts/machine-roots.mjs DIRECTORY [${Object.keys(MACHINES).join("|")}...]`);
  process.exit(2);
}
for (const machine of wanted.length > 0 ? wanted : Object.keys(MACHINES)) makeRoot(resolve(directory), machine);

function makeRoot(parent, machine) {
  const facts = MACHINES[machine];
  const root = join(parent, machine);
  if (facts === undefined) throw new Error(`no such machine: ${machine}`);
  if (existsSync(root)) return console.log(`${root} is there`);
  const state = join(parent, `apt-${machine}`);
  const made = join(parent, `${machine}.new`);
  rmSync(made, { recursive: true, force: true });
  for (const folder of ["lists/partial", "cache/archives/partial", "parts"])
    mkdirSync(join(state, folder), { recursive: true });
  writeFileSync(join(state, "status"), "");
  writeFileSync(join(state, "sources.list"), sources(facts.suite));
  const options = [
    `APT::Architecture=${facts.debian}`,
    `APT::Architectures=${facts.debian}`,
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, "status")}`,
    `Dir::Cache=${join(state, "cache")}`,
    `Dir::Etc::sourcelist=${join(state, "sources.list")}`,
    `Dir::Etc::sourceparts=${join(state, "parts")}`,
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  run("apt-get", [...options, "update", "-q"], state);
  // A package that one release or machine lacks is left out.
  const known = new Set(run("apt-cache", [...options, "pkgnames"], state).split("\n"));
  const names = PACKAGES.split(" ").filter((name) => known.has(name));
  run("apt-get", [...options, "download", "-q", ...names], join(state, "cache"));
  mkdirSync(made, { recursive: true });
  for (const file of readdirSync(join(state, "cache")))
    if (file.endsWith(".deb")) run("dpkg", ["-x", join(state, "cache", file), made], state);
  mergeUsr(made);
  if (facts.qemu !== undefined) run(facts.qemu, ["-L", made, join(made, "sbin/ldconfig"), "-r", made], state);
  rmSync(state, { recursive: true });
  renameSync(made, root);
  console.log(root);
}

function sources(suite) {
  const archive = machinesArchive();
  if (archive === undefined) throw new Error("this machine names no archive of Debian packages");
  return `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive} ${suite} main\n`;
}

/** Older packages have files in both /lib and /usr/lib; an installed system has one folder. Absolute links are made to stay inside. */
function mergeUsr(root) {
  const names = [...readdirSync(root), ...readdirSync(join(root, "usr"))].filter((name) =>
    /^(s?bin|lib\w*)$/.test(name),
  );
  for (const folder of new Set(names)) {
    const path = join(root, folder);
    if (existsSync(path) && !lstatSync(path).isSymbolicLink()) {
      mkdirSync(join(root, "usr", folder), { recursive: true });
      run("cp", ["-a", `${path}/.`, join(root, "usr", folder)], root);
      rmSync(path, { recursive: true });
    }
    if (existsSync(join(root, "usr", folder)) && !existsSync(path)) symlinkSync(`usr/${folder}`, path);
  }
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = readlinkSync(path);
    if (!target.startsWith("/")) continue;
    rmSync(path);
    symlinkSync(relative(dirname(path), join(root, target)), path);
  }
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout;
}
