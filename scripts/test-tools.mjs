// Installs the Debian packages that the tests use as judges and compilers, when this is a Debian machine and we are root.
// Anything that cannot be installed is only mentioned: the tests that need it then report themselves as skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A file that shows the package is there → the package. */
const TOOLS = [
  ["/usr/bin/gcc", "gcc"],
  ["/usr/bin/g++", "g++"],
  ["/usr/bin/clang", "clang"],
  ["/usr/bin/ld.lld", "lld"],
  ["/usr/bin/mold", "mold"],
  ["/usr/bin/gdb", "gdb"],
  ["/usr/bin/eu-elflint", "elfutils"],
  ["/usr/bin/musl-gcc", "musl-tools"],
  ["/usr/bin/i686-linux-gnu-gcc", "gcc-i686-linux-gnu"],
  ["/usr/bin/i686-linux-gnu-g++", "g++-i686-linux-gnu"],
  ["/usr/bin/zstd", "zstd"],
  ["/lib32/libc.so.6", "libc6-i386"],
  ["/usr/lib32/libstdc++.so.6", "lib32stdc++6"],
  ["/usr/lib32/libgcc_s.so.1", "lib32gcc-s1"],
  // For kernels that do not run i386 programs.
  ["/usr/bin/qemu-i386", "qemu-user"],
  ["/usr/lib/llvm-19/lib/libLLVMCore.a", "llvm-19-dev"],
  ["/usr/lib/llvm-19/lib/libclangFrontendTool.a", "libclang-19-dev"],
];

const missing = TOOLS.filter(([file]) => !existsSync(file)).map(([, name]) => name);
if (missing.length > 0) {
  const allowed = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (!allowed) {
    console.log(
      `not installed, and not allowed to install: ${missing.join(" ")}; the tests that need them are skipped`,
    );
  } else {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (args) => spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
    apt(["update", "-q"]);
    // One by one, so that a package that this release lacks does not take the others with it.
    for (const name of missing) {
      if (!apt(["install", "-y", "-q", "--no-install-recommends", name])) console.log(`could not install ${name}`);
    }
  }
}
