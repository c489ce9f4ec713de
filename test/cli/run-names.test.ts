// Names that are not UTF-8 pass through `solder run` as they are: arguments, the environment, directories, links, the current directory.

import { equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytesOfText, textOfBytes } from "../../src/execute/files/names.ts";
import { repository, scratch } from "../support/build.ts";
import { needs } from "../support/tools.ts";

test("whatever bytes a name has, text has them too", () => {
  const names = [
    "plain",
    "\xc3\xa9",
    "a\xe9b",
    "\xff\xfe",
    "\xc3",
    "\xed\xa0\x80",
    "\xf0\x9f\x98\x80",
    "\xf0\x9f\x98",
    "\xef\xbf\xbd",
  ];
  for (let one = 0; one < 256; one += 3)
    for (let other = 0x7e; other < 256; other += 5) names.push(String.fromCharCode(one, other, 0xbf, 0x41));
  for (const name of names) equal(bytesOfText(textOfBytes(name)), name, JSON.stringify(name));
  equal(textOfBytes("\xc3\xa9\xf0\x9f\x98\x80"), "é😀");
  equal(textOfBytes("a\xe9b"), "a\udce9b");
});

const SCRIPT = `
cd "$(printf 'd\\377')" && $RUN ls -1 "$(printf 'a\\351b')" nosuch* && $RUN sh -c 'pwd; echo * $0 $RAW; cat ?b; ls l*' "$(printf '\\303\\251\\303')"
`;

test("programs see the same names as natively, byte for byte", needs("/bin/ls", "/bin/sh"), (context) => {
  const directory = Buffer.concat([Buffer.from(`${join(scratch("names"), "d")}`), Buffer.of(0xff)]);
  const file = (...bytes: number[]): Buffer => Buffer.concat([directory, Buffer.from("/"), Buffer.from(bytes)]);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file(0x61, 0xe9, 0x62), "latin\n");
  } catch {
    context.skip("the file system takes UTF-8 only");
    return;
  }
  for (const name of [[0xc3], [0xc3, 0xa9], [0xef, 0xbf, 0xbd], [0x6e, 0x6f, 0x73, 0x75, 0x63, 0x68, 0xff]])
    writeFileSync(file(...name), "");
  symlinkSync(Buffer.of(0x61, 0xe9, 0x62), file(0x6c, 0xe8));
  const outputs = ["", `${process.execPath} ${join(repository, "bin/solder.js")} run`].map((run) =>
    execFileSync("/bin/sh", ["-ec", `RAW="$(printf 'x\\377')"; export RAW; ${SCRIPT.replaceAll("$RUN", run)}`], {
      cwd: join(directory.subarray(0, -2).toString()),
      env: { PATH: "/bin:/usr/bin", LC_ALL: "C", SOLDER_SERVER: "off" },
      encoding: "latin1",
    }),
  );
  equal(outputs[1], outputs[0]);
  equal(outputs[0].includes("a\xe9b\nnosuch\xff\n"), true);
});
