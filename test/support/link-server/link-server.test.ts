// The `ld` that asks the link server is libexec/ld from outside: the same files, messages, status, directory and permissions.

import { deepEqual, equal, match, throws } from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compile, repository, scratch, x86_64 } from "../build.ts";
import { run } from "../run.ts";
import { needs } from "../tools.ts";
import { type LinkServer, startLinkServer } from "./start.ts";

const options = needs(...x86_64.tools);
let server: LinkServer | undefined;
let object = "";

before(async () => {
  if (options.skip !== undefined) return;
  server = await startLinkServer();
  object = compile(x86_64, "start.s", ".globl _start\n_start: ret\n");
});
after(() => server?.stop());

/** What one of them does in a directory of its own, with a umask that shows. */
function linkWith(linker: string, args: string): unknown {
  const cwd = scratch("server");
  mkdirSync(join(cwd, "below"));
  const env = { LD_RUN_PATH: "/from/the/environment" };
  const outcome = run("sh", ["-c", `umask 027; cd below; exec ${linker} ${args}`], { cwd, env });
  const path = join(cwd, "below/out");
  const output = outcome.status === 0 && statSync(path, { throwIfNoEntry: false }) !== undefined;
  return { ...outcome, mode: output && statSync(path).mode, bytes: output && readFileSync(path, "latin1") };
}

for (const args of ["OBJECT -o out", "-shared OBJECT -o out", "OBJECT --defsym=a=b -o out", "nowhere.o", "--version"])
  test(`ld ${args}`, options, () => {
    const line = args.replace("OBJECT", object);
    deepEqual(linkWith(server?.linker ?? "", line), linkWith(join(repository, "libexec/ld"), line));
  });

test("links side by side do not meet", options, () => {
  const cwd = scratch("server");
  const line = [1, 2, 3, 4, 5].map((i) => `${server?.linker} ${object} --defsym=number${i}=${i} -o out${i} &`);
  equal(run("sh", ["-c", `${line.join(" ")} wait`], { cwd }).status, 0);
  for (const i of [1, 2, 3, 4, 5]) match(readFileSync(join(cwd, `out${i}`), "latin1"), new RegExp(`number${i}\\0`));
});

test("a link that takes too long does not keep the others waiting", options, () => {
  const cwd = scratch("server");
  const linker = server?.linker ?? "";
  equal(run("mkfifo", ["pipe"], { cwd }).status, 0);
  for (let i = 0; i < 3; i++) throws(() => run(linker, ["pipe"], { cwd, timeout: 200 }), /ETIMEDOUT/);
  equal(run(linker, [object, "-o", "out"], { cwd }).status, 0);
});

test("no link starts a Node of its own", options, () => {
  const [cwd, env] = [scratch("server"), { PATH: "/nowhere" }];
  equal(run(server?.linker ?? "", [object, "-o", "out"], { cwd, env }).status, 0);
  equal(run(join(repository, "libexec/ld"), [object, "-o", "out"], { cwd, env }).status, 127);
});

test("without a server the command itself runs", options, () => {
  const linker = server?.linker ?? "";
  match(run(linker, ["/dev/null", "--version"]).stdout, /^GNU ld/);
});
