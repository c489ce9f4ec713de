// A link through the server is the plain command from outside: the same files, messages, status, permissions. What the server
// cannot do as well is left to the plain command, and whoever is killed leaves nothing behind.

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compile, repository, scratch, x86_64 } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { libexec, type Started, startServer } from "./started.ts";

const options =
  process.arch === "x64" && process.platform === "linux"
    ? needs(...x86_64.tools)
    : { skip: "the client is for x86-64 Linux" };
const ld = join(libexec, "ld");
let server: Started;
let object = "";

before(() => {
  if (options.skip !== undefined) return;
  server = startServer("--slots", "2");
  object = compile(x86_64, "start.s", ".globl _start\n_start: ret\n");
});
after(() => server?.ask("stop"));

/** What a command line does in a directory of its own, with a umask that shows; `OBJECT` stands for a small object. */
function link(args: string, env: Readonly<Record<string, string>>): unknown {
  const cwd = scratch("server");
  mkdirSync(join(cwd, "below"));
  const line = `umask 027; cd below; exec ${ld} ${args.replace("OBJECT", object)}`;
  const outcome = run("sh", ["-c", line], { cwd, env: { LD_RUN_PATH: "/from/the/environment", ...env } });
  const path = join(cwd, "below/out");
  const output = outcome.status === 0 && statSync(path, { throwIfNoEntry: false }) !== undefined;
  return {
    ...outcome,
    mode: output && statSync(path).mode,
    bytes: output && createHash("sha256").update(readFileSync(path)).digest("hex"),
  };
}

for (const args of [
  "OBJECT -o out",
  "-shared OBJECT -o out",
  "OBJECT --defsym=a=b -o out",
  "nowhere.o",
  "--version",
  "OBJECT -o out -M",
  "OBJECT -o out -Map=map --trace",
  "-m elf_i386 OBJECT -o out",
  "@/nowhere/response",
  "OBJECT -o /nowhere/out",
])
  test(`ld ${args}`, options, () => {
    const before = server.status().served;
    deepEqual(link(args, server.env), link(args, { SOLDER_SERVER: "off" }));
    equal(server.status().served, before + 1, "the server has linked it");
  });

test("the name that the linker is called by decides the emulation", options, () => {
  const cwd = scratch("server");
  const name = join(cwd, "i686-linux-gnu-ld");
  run("ln", ["-s", ld, name]);
  const first = (env: Readonly<Record<string, string>>): string =>
    run(name, ["--print-output-format"], { env }).stdout.split("\n")[0];
  deepEqual([first(server.env), first({ SOLDER_SERVER: "off" })], ["elf32-i386", "elf32-i386"]);
});

test("files of the process are for the plain command", options, () => {
  const before = server.status();
  equal(run(ld, [object, "-o", "/dev/null"], { env: server.env }).status, 0);
  equal(run(ld, ["/dev/stdin", "--version"], { env: server.env }).status, 0);
  const cwd = scratch("server");
  run("mkfifo", [join(cwd, "pipe")]);
  run("ln", ["-s", "/dev/stdin", join(cwd, "input")]);
  match(run("sh", ["-c", `cat ${object} > pipe & ${ld} pipe -o out`], { cwd, env: server.env }).stderr, /^$/);
  equal(run("sh", ["-c", `${ld} input -o out2 < ${object}`], { cwd, env: server.env }).status, 0);
  deepEqual(readFileSync(join(cwd, "out")), readFileSync(join(cwd, "out2")));
  const { refused, served } = server.status();
  equal(served, before.served);
  equal(
    Object.values(refused).reduce((sum, it) => sum + it, 0),
    4,
  );
});

test("a path leads where the kernel says, through links and in a directory called dev", options, () => {
  const cwd = scratch("server");
  mkdirSync(join(cwd, "dev/proc/real/below"), { recursive: true });
  symlinkSync("dev/proc/real/below", join(cwd, "link"));
  writeFileSync(join(cwd, "dev/proc/real/a.o"), readFileSync(object));
  const before = server.status().served;
  const args = ["-L", join(cwd, "dev/proc"), `-rpath=${cwd}/dev/proc`, "-rpath-link", "dev/real", "link/../a.o"];
  equal(run(ld, [...args, "-o", "link/../out"], { cwd, env: server.env }).stderr, "");
  deepEqual(readdirSync(join(cwd, "dev/proc/real")), ["a.o", "below", "out"]);
  equal(server.status().served, before + 1, "the server has linked it");
});

test("no link starts a Node of its own", options, () => {
  const [cwd, env] = [scratch("server"), { ...server.env, PATH: "/nowhere" }];
  equal(run(ld, [object, "-o", "out"], { cwd, env }).status, 0);
  equal(run(ld, [object, "-o", "out"], { cwd, env: { ...env, SOLDER_SERVER: "off" } }).status, 127);
});

test("links side by side do not meet", options, () => {
  const cwd = scratch("server");
  const line = [1, 2, 3, 4, 5].map((i) => `${ld} ${object} --defsym=number${i}=${i} -o out${i} &`);
  equal(run("sh", ["-c", `${line.join(" ")} wait`], { cwd, env: server.env }).status, 0);
  for (const i of [1, 2, 3, 4, 5]) match(readFileSync(join(cwd, `out${i}`), "latin1"), new RegExp(`number${i}\\0`));
});

test("an input is read anew when it has changed, be it in one byte within a millisecond", options, () => {
  const cwd = scratch("server");
  const data = join(cwd, "data");
  const args = ["-r", "-b", "binary", "data", "-o", "out"];
  for (let i = 0; i < 20; i++) {
    writeFileSync(data, `contents ${i % 10}`);
    equal(run(ld, args, { cwd, env: server.env }).status, 0);
    ok(readFileSync(join(cwd, "out"), "latin1").includes(`contents ${i % 10}`));
  }
});

test("an input that stays as it is is kept", options, () => {
  const hits = (): number => server.status().slots.reduce((sum, it) => sum + it.hits, 0);
  const cwd = scratch("server");
  run("touch", ["-d", "1 hour ago", object]);
  const args = ["-o", "out", "/usr/lib/x86_64-linux-gnu/libm.a"].slice(0, 2).concat(object);
  const before = hits();
  for (let i = 0; i < 6; i++) equal(run(ld, args, { cwd, env: server.env }).status, 0);
  // Its ctime is of this second, whatever touch says of its mtime: it is kept once that is some seconds ago.
  ok(hits() >= before);
});

test("the same link again, one constant changed, patches the output to what a full link gives", options, () => {
  const single = startServer("--slots", "1");
  after(() => single.ask("stop"));
  const relinked = (): number => single.status().slots.reduce((sum, it) => sum + it.relinked, 0);
  const cwd = scratch("relink");
  const build = (value: number): void => {
    const made = compile(x86_64, "start.s", `.globl _start\n_start: mov $${value}, %eax\n ret\n`);
    writeFileSync(join(cwd, "a.o"), readFileSync(made));
  };
  const args = ["a.o", "--build-id", "-o", "out"];
  const sameAsFull = (): void => {
    equal(run(ld, ["a.o", "--build-id", "-o", "full"], { cwd, env: { SOLDER_SERVER: "off" } }).status, 0);
    deepEqual(readFileSync(join(cwd, "out")), readFileSync(join(cwd, "full")));
  };
  // A small link is kept when it comes a second time.
  for (const value of [0, 1]) {
    build(value);
    equal(run(ld, args, { cwd, env: single.env }).status, 0);
    equal(relinked(), 0);
  }
  const { ino } = statSync(join(cwd, "out"));
  for (const value of [2, 3, 3]) {
    build(value);
    deepEqual(run(ld, args, { cwd, env: single.env }), { status: 0, stdout: "", stderr: "" });
    equal(statSync(join(cwd, "out")).ino, ino, "in place");
    sameAsFull();
  }
  equal(relinked(), 3);
  // An output that somebody has changed takes a full link.
  writeFileSync(join(cwd, "out"), "something else");
  equal(run(ld, args, { cwd, env: single.env }).status, 0);
  sameAsFull();
  equal(relinked(), 3);
  // One that is running cannot be written into, and gives way to a new file.
  build(4);
  const line = `cp /bin/sleep out; ./out 2 & sleep 0.3; ${ld} ${args.join(" ")}`;
  equal(run("sh", ["-c", line], { cwd, env: single.env }).status, 0);
  sameAsFull();
});

test("what GCC gives another name each time does not make it another link", options, () => {
  const single = startServer("--slots", "1");
  after(() => single.ask("stop"));
  const cwd = scratch("relink");
  const linkBy = (args: readonly string[]): string =>
    run(ld, ["--stats", ...args], { cwd, env: single.env }).stderr.match(/(?:not )?relinked.*/)?.[0] ?? "";
  const line = (i: number): string[] => ["-plugin", `lto${i}.so`, `-plugin-opt=-fresolution=cc${i}.res`];
  const said = [1, 2, 3].map((i) => linkBy([...line(i), object, "-o", "out"]));
  match(said[2], /^relinked/);
  for (const i of [1, 2, 3]) {
    writeFileSync(join(cwd, `cc${i}`), `${object} -o other`);
    said.push(linkBy([`@cc${i}`]));
  }
  match(said[5], /^relinked/);
  // An option that does something makes another one.
  match(linkBy([object, "-o", "other", "--no-eh-frame-hdr"]), /^not relinked/);
  // Nor are small outputs kept of builds that begin with none.
  const whenGone = [1, 2, 3].map(() => {
    rmSync(join(cwd, "other"));
    return linkBy([object, "-o", "other"]);
  });
  deepEqual(whenGone, [
    "not relinked: the output is not as this linker left it",
    "not relinked: a small link is kept when it comes a second time",
    "not relinked: a small link is kept when it comes a second time",
  ]);
});

test("outputs of a build go to all processes, and one output to the same", options, async () => {
  const runtime = scratch("runtime");
  mkdirSync(join(runtime, "solder"), { mode: 0o700 });
  const build = readFileSync(join(repository, "dist/commands/build-id"), "latin1").trim();
  // Nobody answers here, so the client asks one after the other; a process hears of connections in the order in which they were made.
  const asked: number[] = [];
  const slots = [0, 1, 2, 3].map((slot) => {
    const listener = createServer(() => asked.push(slot));
    return new Promise<Server>((listens) =>
      listener.listen(join(runtime, `solder/${build}-${slot}`), () => listens(listener)),
    );
  });
  const listeners = await Promise.all(slots);
  const cwd = scratch("order");
  const orderFor = async (...args: string[]): Promise<readonly number[]> => {
    asked.length = 0;
    const client = spawn(ld, [object, ...args], { cwd, env: { ...process.env, XDG_RUNTIME_DIR: runtime } });
    await once(client, "close");
    return [...asked];
  };
  // The bytes of these names are 0x60 to 0x63, and 0x60 + 0x61.
  deepEqual(await orderFor("-o", "`"), [0, 1, 2, 3]);
  deepEqual(await orderFor("-o", "a"), [1, 0, 3, 2]);
  deepEqual(await orderFor("-o", "b"), [2, 3, 0, 1]);
  deepEqual(await orderFor("-o", "c"), [3, 2, 1, 0]);
  deepEqual(await orderFor("-o", "`a"), [1, 0, 3, 2]);
  deepEqual(await orderFor(), [0, 1, 2, 3]);
  for (const listener of listeners) listener.close();
});

test(
  "a slot that is killed in the middle of a link leaves its client to the plain command, and no file",
  options,
  () => {
    const cwd = scratch("server");
    const large = join(cwd, "large");
    writeFileSync(large, Buffer.alloc(64 << 20, 1));
    const kill = server
      .status()
      .slots.map(({ pid }) => `kill -9 ${pid};`)
      .join(" ");
    const line = `${ld} -r -b binary large -o out & sleep 0.05; ${kill} wait $!`;
    equal(run("sh", ["-c", line], { cwd, env: server.env }).status, 0);
    equal(statSync(join(cwd, "out")).size > 64 << 20, true);
    deepEqual(readdirSync(cwd).sort(), ["large", "out"]);
  },
);

test("after that there are slots again", options, () => {
  const pids = server.status().slots.map(({ pid }) => pid);
  equal(server.ask("start").status, 0);
  for (const pid of pids) ok(pid > 0);
  const cwd = scratch("server");
  equal(run(ld, [object, "-o", "out"], { cwd, env: server.env }).status, 0);
});

test("a directory that others can enter is not used", options, () => {
  chmodSync(server.directory, 0o755);
  const served = server.status().served;
  const cwd = scratch("server");
  equal(run(ld, [object, "-o", "out"], { cwd, env: server.env }).status, 0);
  equal(server.status().served, served);
  match(server.ask("start").stderr, /is not a directory of yours that is closed to everybody else/);
  chmodSync(server.directory, 0o700);
});

test("stop ends it, and nothing is left in its directory", options, () => {
  notEqual(server.ask("status").status, 1);
  equal(server.ask("stop").status, 0);
  deepEqual(readdirSync(server.directory), []);
  equal(server.ask("status").status, 1);
  const cwd = scratch("server");
  equal(run(ld, [object, "-o", "out"], { cwd, env: server.env }).status, 0);
});
