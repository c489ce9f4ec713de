// Installs the Debian packages that the tests use as judges and compilers, when this is a Debian machine and we are root.
// Anything that cannot be installed is only mentioned: the tests that need it then report themselves as skipped, and
// scripts/test.mjs lists them at its end. With --list it prints the table as JSON; test/support/tools.test.ts holds it to
// what the tests ask for.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** A Debian package → what tests ask for that comes with it: programs on PATH, and files. */
const PACKAGES = {
  binutils: ["as", "ld", "ld.bfd", "ld.gold", "readelf", "ar", "objcopy", "objdump", "nm", "addr2line", "c++filt"],
  gcc: ["gcc", "gcc-ar"],
  "g++": ["g++"],
  clang: ["clang", "clang++"],
  lld: ["ld.lld"],
  "lld-19": ["ld.lld-19"],
  llvm: ["llvm-ar"],
  mold: ["mold", "ld.mold"],
  gdb: ["gdb"],
  elfutils: ["eu-elflint"],
  "musl-tools": ["musl-gcc", "/lib/ld-musl-x86_64.so.1"],
  "gcc-i686-linux-gnu": ["i686-linux-gnu-gcc"],
  "g++-i686-linux-gnu": ["i686-linux-gnu-g++"],
  "binutils-i686-linux-gnu": ["i686-linux-gnu-ld"],
  "binutils-arm-linux-gnueabihf": ["arm-linux-gnueabihf-as", "arm-linux-gnueabihf-ld"],
  "binutils-s390x-linux-gnu": ["s390x-linux-gnu-as", "s390x-linux-gnu-ld"],
  "binutils-mips64el-linux-gnuabi64": ["mips64el-linux-gnuabi64-as", "mips64el-linux-gnuabi64-ld"],
  "binutils-aarch64-linux-gnu": ["aarch64-linux-gnu-as", "aarch64-linux-gnu-ld"],
  "binutils-riscv64-linux-gnu": ["riscv64-linux-gnu-as", "riscv64-linux-gnu-ld"],
  "binutils-powerpc64le-linux-gnu": ["powerpc64le-linux-gnu-as", "powerpc64le-linux-gnu-ld"],
  // With libc6-dev-arm64-cross.
  "gcc-aarch64-linux-gnu": ["aarch64-linux-gnu-gcc", "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1"],
  "gcc-riscv64-linux-gnu": ["riscv64-linux-gnu-gcc", "/usr/riscv64-linux-gnu/lib/ld-linux-riscv64-lp64d.so.1"],
  "gcc-powerpc64le-linux-gnu": ["powerpc64le-linux-gnu-gcc", "/usr/powerpc64le-linux-gnu/lib/ld64.so.2"],
  "libc6-dev-arm64-cross": ["/usr/aarch64-linux-gnu/lib/Scrt1.o"],
  "libc6-dev-riscv64-cross": ["/usr/riscv64-linux-gnu/lib/Scrt1.o"],
  "libc6-dev-ppc64el-cross": ["/usr/powerpc64le-linux-gnu/lib/Scrt1.o"],
  "libc6-dev-armhf-cross": ["/usr/arm-linux-gnueabihf/lib/Scrt1.o"],
  "libc6-dev-armel-cross": ["/usr/arm-linux-gnueabi/lib/Scrt1.o"],
  "libc6-dev-mips64el-cross": [
    "/usr/mips64el-linux-gnuabi64/lib/Scrt1.o",
    "/usr/mips64el-linux-gnuabi64/lib64/ld.so.1",
  ],
  "gcc-mips64el-linux-gnuabi64": ["mips64el-linux-gnuabi64-gcc"],
  "libc6-dev-s390x-cross": ["/usr/s390x-linux-gnu/lib/Scrt1.o"],
  "libc6-i386": ["/lib/ld-linux.so.2"],
  "lib32stdc++6": ["/usr/lib32/libstdc++.so.6"],
  "gcc-s390x-linux-gnu": ["s390x-linux-gnu-gcc", "/usr/s390x-linux-gnu/lib/ld64.so.1"],
  "gcc-arm-linux-gnueabihf": ["arm-linux-gnueabihf-gcc", "/usr/arm-linux-gnueabihf/lib/ld-linux-armhf.so.3"],
  "gcc-arm-linux-gnueabi": ["arm-linux-gnueabi-gcc", "/usr/arm-linux-gnueabi/lib/ld-linux.so.3"],
  // For kernels that do not run i386 programs.
  "qemu-user": ["qemu-i386", "qemu-aarch64", "qemu-riscv64", "qemu-ppc64le", "qemu-arm", "qemu-s390x", "qemu-mips64el"],
  "qemu-system-x86": ["qemu-system-x86_64"],
  zstd: ["zstd"],
  "llvm-19": ["llvm-readelf-19", "llvm-mc-19"],
  tar: ["tar"],
  "llvm-19-dev": ["/usr/lib/llvm-19/lib/libLLVMCore.a"],
  "libclang-19-dev": ["/usr/lib/llvm-19/lib/libclangFrontendTool.a"],
  git: ["/usr/bin/git"],
  strace: ["strace"],
  time: ["/usr/bin/time"],
  "util-linux": ["setpriv"],
  "libc-bin": ["ldd", "ldconfig"],
  busybox: ["busybox"],
  make: ["make"],
  "ninja-build": ["ninja"],
  chromium: ["chromium"],
  cmake: ["cmake"],
  meson: ["meson"],
  python3: ["python3"],
  rustc: ["rustc"],
  cargo: ["cargo"],
  "golang-go": ["go"],
};

if (process.argv[2] === "--list") console.log(JSON.stringify(PACKAGES));
else install(Object.keys(PACKAGES).filter((name) => PACKAGES[name].some((what) => !isHere(what))));

/** As `which` of test/support/tools.ts. */
function isHere(what) {
  const places = isAbsolute(what) ? [what] : (process.env.PATH ?? "").split(delimiter).map((it) => join(it, what));
  return places.some((path) => {
    try {
      accessSync(path, isAbsolute(what) ? constants.F_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function install(missing) {
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isHere("/usr/bin/apt-get")) {
    console.log(
      `not installed, and not allowed to install: ${missing.join(" ")}; the tests that need them are skipped`,
    );
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (args) => spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
  apt(["update", "-q"]);
  // One by one, so that a package that this release lacks does not take the others with it.
  for (const name of missing) {
    if (!apt(["install", "-y", "-q", "--no-install-recommends", name])) console.log(`could not install ${name}`);
  }
}
