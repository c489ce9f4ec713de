// Makes the client of the resident linker, a static program of three kilobytes, with Solder itself, and puts it into libexec
// under the names that compilers look for. `--assemble` first makes src/client/client.hex of src/client/client.s, which needs
// GNU as; the build takes the hexadecimal object that is there. `--scripts` puts scripts into libexec in place of the client,
// for a package that may be installed on any machine, as on a machine that is not x86-64 Linux.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (path) => join(root, path);
const names = ["ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold"];
const hexadecimal = at("src/client/client.hex");

const scratch = mkdtempSync(join(tmpdir(), "solder-client-"));
try {
  if (process.argv.includes("--assemble")) assemble();
  writeFileSync(at("dist/commands/build-id"), `${buildName()}\n`);
  const client = link();
  const isNative = process.platform === "linux" && process.arch === "x64" && !process.argv.includes("--scripts");
  for (const name of names) put(at(`libexec/${name}`), isNative ? client : script(name));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function assemble() {
  const object = join(scratch, "client.o");
  execFileSync("as", ["--64", "-mx86-used-note=no", "-o", object, at("src/client/client.s")], { stdio: "inherit" });
  writeFileSync(hexadecimal, readFileSync(object, "hex").replace(/.{1,120}/g, "$&\n"));
}

/** What a client and its server have in common: the code of the linker and of the server. */
function buildName() {
  const hash = createHash("sha256");
  for (const name of ["ld", "server"]) hash.update(readFileSync(at(`dist/commands/${name}.cjs`)));
  return hash.digest("hex").slice(0, 16);
}

function link() {
  const object = Buffer.from(readFileSync(hexadecimal, "latin1").replaceAll("\n", ""), "hex");
  object.write(buildName(), object.indexOf("BUILD-NOT-FILLED"), "latin1");
  const [input, output] = [join(scratch, "client.o"), at("dist/client/ld")];
  writeFileSync(input, object);
  mkdirSync(dirname(output), { recursive: true });
  const options = ["-m", "elf_x86_64", "-static", "-s", "-z", "noseparate-code", "-z", "noexecstack"];
  execFileSync(process.execPath, [at("bin/solder.js"), "ld", ...options, "-o", output, input], { stdio: "inherit" });
  return readFileSync(output);
}

function script(name) {
  const start = `#!/bin/sh\n":" //; unset NODE_EXTRA_CA_CERTS; exec node "$0" "$@"\n`;
  return `${start}// Where there is no client for the resident linker: the plain command.\nrequire("./plain/${name}");\n`;
}

/** Somebody may be running it: it is replaced, not written into. */
function put(path, content) {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  chmodSync(temporary, 0o755);
  renameSync(temporary, path);
}
