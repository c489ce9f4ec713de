// Records: written by ld --explain and load --explain, read back, and asked about.

import { deepEqual, equal, match } from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord, RECORD_VERSION, readRecord, writeRecord } from "../../src/cli/record/record.ts";
import { runWhy } from "../../src/cli/why.ts";
import { repository } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { printed } from "../support/io.ts";
import { run } from "../support/run.ts";

const solder = join(repository, "bin/solder.js");
const NAMES = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];

function linked(names: readonly string[]): { readonly path: string; readonly status: number | null } {
  const at = folder("record");
  for (const name of NAMES) copyFileSync(join(repository, "examples/prebuilt", name), join(at.path, name));
  const { status } = run(process.execPath, [solder, "ld", "-o", "prog", "--explain=link.solder", ...names], {
    cwd: at.path,
  });
  return { path: join(at.path, "link.solder"), status };
}

test("a record is read back as it was written, long names too", () => {
  const record = {
    kind: "link",
    directory: "/home/me",
    arguments: ["-o", "x", "a.o"],
    environment: { LD_RUN_PATH: "/lib" },
    systemLibraryPaths: ["/usr/lib"],
    outcome: { linked: true },
  } as const;
  const long = `/${"directory/".repeat(20)}a.o`;
  const files = [{ path: long, bytes: Uint8Array.of(1, 2, 3) }];
  const bytes = writeRecord(record, files);
  equal(isRecord(bytes), true);
  deepEqual(readRecord(bytes), { record, files });
});

test("what is no record, or of another version, says so", () => {
  match(String(readRecord(new Uint8Array(2048))), /no record/);
  const bytes = writeRecord(
    { kind: "load", program: "/x", environment: {}, profile: "musl", bindNow: false, outcome: 0 },
    [],
  );
  const text = Buffer.from(bytes).toString("latin1").replace(`"version": ${RECORD_VERSION}`, '"version": 9');
  match(String(readRecord(new Uint8Array(Buffer.from(text, "latin1")))), /version 9/);
});

test("a damaged record is refused or cut short, never an exception", () => {
  const bytes = writeRecord({ kind: "load", program: "/x", environment: {}, profile: "", bindNow: false, outcome: 0 }, [
    { path: "/x", bytes: new Uint8Array(700) },
  ]);
  for (let cut = 0; cut < bytes.length; cut += 97) readRecord(bytes.subarray(0, cut));
  for (let at = 0; at < 1536; at += 7) readRecord(bytes.with(at, 0xff));
});

test("ld --explain has all that the link read; why --link answers about it elsewhere", () => {
  const { path, status } = linked(NAMES);
  equal(status, 0);
  const opened = readRecord(new Uint8Array(readFileSync(path)));
  if (typeof opened === "string") throw new Error(opened);
  deepEqual(opened.files.map((file) => file.path.slice(file.path.lastIndexOf("/") + 1)).sort(), [...NAMES].sort());
  const answer = printed((io) => runWhy(["--link", path, "word", ".text"], io));
  equal(answer.status, 0, answer.err);
  match(answer.out, /`word' is defined in libwords\.a\(words\.o\)/);
  match(answer.out, /\.text is a section of the output/);
  const wrong = printed((io) => runWhy(["--link", path, "wrod"], io));
  equal(wrong.status, 1);
  match(wrong.err, /nothing called 'wrod'; did you mean word\?/);
});

test("a library that is looked at only since another needs it is in the record", () => {
  const at = folder("record");
  const solderLd = (...words: readonly string[]): void => {
    const { status, stderr } = run(process.execPath, [solder, "ld", ...words], { cwd: at.path });
    equal(status, 0, stderr);
  };
  const object = (name: string): string => join(repository, "examples/samples", name);
  solderLd("-shared", "-soname", "libinner.so", "-o", "libinner.so", object("print.o"));
  solderLd("-shared", "-soname", "libouter.so", "-o", "libouter.so", object("calls-printf.o"), "libinner.so");
  solderLd("-o", "prog", "--explain=link.solder", "-rpath-link", ".", object("start.o"), "libouter.so");
  const opened = readRecord(new Uint8Array(readFileSync(join(at.path, "link.solder"))));
  if (typeof opened === "string") throw new Error(opened);
  const names = opened.files.map((file) => file.path.slice(file.path.lastIndexOf("/") + 1));
  deepEqual(names.sort(), ["libinner.so", "libouter.so", "start.o"]);
});

test("what is cut off is no record", () => {
  const record = { kind: "load", program: "/x", environment: {}, profile: "", bindNow: false, outcome: 0 } as const;
  const bytes = writeRecord(record, [{ path: "/x", bytes: new Uint8Array(700) }]);
  match(String(readRecord(bytes.subarray(0, 2048))), /cut off or damaged: no more than 0 files of it can be read/);
});

test("of a link that fails, too", () => {
  const { path, status } = linked(NAMES.filter((name) => name !== "libwords.a"));
  equal(status, 1);
  const answer = printed((io) => runWhy(["--link", path, "word"], io));
  match(answer.out, /`word' is defined nowhere/);
});
