// V8's compiled form of the linker (dist/commands/ld.cache). Of the linker's functions a small link runs half; to have V8 read the
// other half at each start takes a tenth of such a link's time. So the linker links a few of the examples here, and what has run is
// what the cache has; V8 compiles the rest when it is called.
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

const LARGE = 100_000;

/** Writes the cache. The flags of bin/v8-flags.cjs have been set. @param commands where the bundles are */
export function writeLinkerCache(root, commands) {
  const bundle = join(commands, "ld.cjs");
  const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle });
  const scratch = mkdtempSync(join(tmpdir(), "solder-cache-"));
  try {
    for (const words of trainingLinks(join(root, "examples"), scratch)) {
      run(script, bundle, words);
      // Of small files all would be read at once (src/host/linker-parts.ts).
      appendFileSync(words[words.indexOf("-o") + 1], new Uint8Array(LARGE));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  writeFileSync(join(commands, "ld.cache"), script.createCachedData());
}

/** What gcc asks for: a library, a program with an interpreter and a script in a library's place, a static one out of archives. */
function trainingLinks(examples, scratch) {
  const sample = (name) => join(examples, "samples", name);
  const prebuilt = (name) => join(examples, "prebuilt", name);
  const own = (name) => join(scratch, name);
  const usual = ["--build-id", "--eh-frame-hdr", "-m", "elf_x86_64", "--hash-style=gnu", "--as-needed"];
  copyFileSync(join(examples, "prebuilt", "libtiny.a"), own("libtiny.a"));
  appendFileSync(
    own("libtiny.a"),
    `pad/            0           0     0     644     ${LARGE}    \`\n${"\n".repeat(LARGE)}`,
  );
  writeFileSync(own("libc.so"), `GROUP ( ${own("libprint.so")} AS_NEEDED ( ${own("libprint.so")} ) )\n`);
  const searched = ["-L", scratch, "-L", join(examples, "prebuilt")];
  return [
    [...usual, "-shared", "-soname", "libprint.so", "-o", own("libprint.so"), sample("print.o")],
    [
      ...[...usual, "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", "-pie", ...searched, "-o", own("program")],
      ...[sample("start.o"), sample("calls-printf.o"), "-ltiny", "--push-state", "--as-needed", "-lc", "--pop-state"],
    ],
    [
      ...[...usual, "-static", ...searched, "-o", own("static"), prebuilt("start.o"), prebuilt("main.o")],
      ...[prebuilt("greeting.o"), "--start-group", "-lwords", "-ltiny", "--end-group"],
    ],
  ];
}

/** Runs the bundle as bin/solder.js does, as `ld` with these arguments, in this process. */
function run(script, bundle, words) {
  const { argv, exit, env } = process;
  const ended = { status: undefined };
  process.argv = [argv[0], join(dirname(bundle), "ld"), ...words];
  process.env = { ...env, SOLDER_SERVER: "off" };
  process.exit = (status) => {
    ended.status = status;
    throw ended;
  };
  try {
    const module = { exports: {} };
    const require = createRequire(bundle);
    script.runInThisContext()(module.exports, require, module, bundle, dirname(bundle));
  } catch (thrown) {
    if (thrown !== ended) throw thrown;
  } finally {
    Object.assign(process, { argv, exit, env });
  }
  if (ended.status !== 0) throw new Error(`the linker does not link an example: ${words.join(" ")}`);
}
