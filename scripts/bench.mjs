// Compares the linkers: builds, installs what the comparison wants from Debian where that is allowed, measures.
// Arguments go to bench/main.ts: names of cases, --rounds=N, --no-write.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// With it, every start of Node reads a file of certificates: 35 ms that have nothing to do with linking.
const { NODE_EXTRA_CA_CERTS, ...env } = process.env;
const run = (command, args) => spawnSync(command, args, { cwd: root, stdio: "inherit", env }).status ?? 1;

if (run(process.execPath, ["scripts/build.mjs"]) !== 0) process.exit(1);
run(process.execPath, ["scripts/test-tools.mjs"]);

const EXTRA = [
  ["/usr/lib/llvm-19/lib/libLLVMCore.a", "llvm-19-dev"],
  ["/usr/lib/llvm-19/lib/libclangFrontendTool.a", "libclang-19-dev"],
  ["/usr/bin/ld.lld-19", "lld-19"],
  ["/usr/bin/time", "time"],
];
const missing = EXTRA.filter(([file]) => !existsSync(file)).map(([, name]) => name);
if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
  for (const name of missing) run("apt-get", ["install", "-y", "-q", "--no-install-recommends", name]);
}
process.exit(run(process.execPath, ["build/bench/main.js", ...process.argv.slice(2)]));
