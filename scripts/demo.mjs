// The main job, shown: builds Solder, links a program of several objects, a static archive and the C library with it,
// runs the program, and tells what every symbol that our objects leave undefined was bound to, and why.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const work = join(root, "build/demo");
const short = (path) => relative(process.cwd(), path) || ".";

function step(title) {
  console.log(`\n${title}`);
}

/** Shows a command and runs it. */
function run(command, args) {
  console.log(`  $ ${[command, ...args].map((word) => (word.startsWith(root) ? short(word) : word)).join(" ")}`);
  execFileSync(command, args, { cwd: root, stdio: "inherit" });
}

const works = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
const canRun = process.platform === "linux" && process.arch === "x64";

/** A C compiler whose programs run here; undefined sends us to the prebuilt objects. */
function findCompiler() {
  if (!canRun || !works("ar", "--version")) return undefined;
  return ["gcc", "cc", "clang"].find((name) => works(name, "--version"));
}

/** Compiles examples/hello: two objects, and an archive of two more. */
function compile(cc) {
  step("Compiling two objects and an archive of two more");
  const object = (name) => join(work, `${name}.o`);
  for (const name of ["main", "greeting", "words", "numbers"]) {
    run(cc, ["-O1", "-fPIE", "-fno-builtin", "-c", join(root, `examples/hello/${name}.c`), "-o", object(name)]);
  }
  const archive = join(work, "libwords.a");
  run("ar", ["rcs", archive, object("words"), object("numbers")]);
  return [object("main"), object("greeting"), archive];
}

/** The files that the compiler adds to every program: where it starts and ends, and the C library. */
function withSystemFiles(cc, inputs) {
  const find = (name) => execFileSync(cc, [`-print-file-name=${name}`], { encoding: "utf8" }).trim();
  const before = ["Scrt1.o", "crti.o", "crtbeginS.o"].map(find);
  const after = ["libc.so.6", "libc_nonshared.a", "crtendS.o", "crtn.o"].map(find);
  return [...before, ...inputs, ...after].filter((path) => existsSync(path));
}

/** Links by a function call; prints the problems if there are any. */
async function linkByCall(inputs, output, kind) {
  const { linkFiles, systemLibraryPaths } = await import("../dist/host/index.js");
  const { renderProblem } = await import("../dist/explain/index.js");
  const result = linkFiles(inputs, { output: kind, outputName: output, systemLibraryPaths: systemLibraryPaths() });
  for (const problem of result.problems) console.error(renderProblem(problem, { program: "demo" }));
  if (result.image === undefined) process.exit(1);
  writeFileSync(output, result.image, { mode: 0o755 });
  return result;
}

async function explain(result, ours) {
  const { describeDefinition } = await import("../dist/explain/index.js");
  const names = [...result.decisions.names()].sort();
  for (const name of names) {
    const it = result.decisions.definition(name);
    if (it?.firstReference === undefined || !ours.some((file) => JSON.stringify(it.firstReference).includes(file)))
      continue;
    const [first, ...more] = describeDefinition(it);
    console.log(`\n  ${first}`);
    for (const line of more) console.log(`    ${line}`);
  }
}

console.log("Solder: link examples/hello");
step("Building Solder");
run(process.execPath, [join(root, "scripts/build.mjs")]);
mkdirSync(work, { recursive: true });

const cc = findCompiler();
const output = join(work, "hello");
let result;
if (cc !== undefined) {
  const inputs = compile(cc);
  step("Linking with Solder as the compiler's `ld`");
  run(cc, [
    ...(cc === "clang" ? [`--ld-path=${join(root, "libexec/ld")}`] : [`-B${join(root, "libexec")}`]),
    "-o",
    output,
    ...inputs,
  ]);
  run(output, []);
  step('The same link as a call: linkFiles([...], { output: "pie" }) gives the program\'s bytes');
  const again = join(work, "hello-by-call");
  result = await linkByCall(withSystemFiles(cc, inputs), again, "pie");
  run(again, []);
} else {
  step("No C compiler for x86-64 here: linking the objects in examples/prebuilt, by a call of linkFiles");
  const prebuilt = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"].map((name) =>
    join(root, "examples/prebuilt", name),
  );
  result = await linkByCall(prebuilt, output, "static");
  if (canRun) run(output, []);
  else console.log(`  ${short(output)} is linked; it is a program for Linux on x86-64 and cannot run here`);
}

step("What each undefined symbol of our objects was bound to, and why");
await explain(result, ["main.o", "greeting.o", "libwords.a"]);

step("To try next");
for (const command of [
  `node bin/solder.js dump ${short(output)}`,
  `node bin/solder.js dump --relocations ${short(join(work, cc === undefined ? "hello" : "main.o"))}`,
  `node bin/solder.js view ${short(output)}        # the page on it: drop more files, link, load, ask why`,
  "gcc -B libexec -static your-program.c        # Solder in place of ld",
  "node bin/solder.js ld --help",
  "npm test",
]) {
  console.log(`  ${command}`);
}
