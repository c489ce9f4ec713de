// Two programs that the world uses, built from their sources, linked in several ways, running scripts: SQLite (one very
// large object) and Lua (many small ones, an archive, a program that exports an interface to its modules).

import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { archive, compile, compileFile, type Target, targets } from "../../support/build.ts";
import { likeGnuLd } from "../../support/link.ts";
import { luaSource, type Source, sqliteSource } from "../../support/sources.ts";
import { needsToRun } from "../../support/tools.ts";

/** A test for each machine that gets the source's directory, or is skipped for want of it. */
function eachTargetWith(source: () => Source, title: string, body: (target: Target, directory: string) => void): void {
  for (const target of targets) {
    test(`${title} (${target.name})`, needsToRun("ld.bfd", ...target.tools), (t) => {
      const found = source();
      if ("skip" in found) return t.skip(found.skip);
      body(target, found.directory);
    });
  }
}

const SQL = `
CREATE TABLE numbers (n INTEGER PRIMARY KEY, square INTEGER, name TEXT);
WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 20000)
  INSERT INTO numbers SELECT n, n * n, printf('%05d', n) FROM count;
CREATE INDEX by_name ON numbers (name);
SELECT count(*), sum(square), max(name) FROM numbers;
SELECT n FROM numbers WHERE name = '01234';
SELECT round(avg(sqrt(square)), 2), group_concat(name, '-') FROM numbers WHERE n < 4;
SELECT json_extract('{"a": [1, 2, {"b": 5}]}', '$.a[2].b');
BEGIN; DELETE FROM numbers WHERE n % 2; SELECT count(*) FROM numbers; ROLLBACK; SELECT count(*) FROM numbers;
PRAGMA integrity_check;
`;

const SQL_RESULT = `20000|2666866670000|20000
1234
2.0|00001-00002-00003
5
10000
20000
ok
`;

const SQLITE = ["-DSQLITE_ENABLE_MATH_FUNCTIONS", "-DSQLITE_THREADSAFE=1", "-DSQLITE_ENABLE_FTS5", "-w"];

eachTargetWith(
  sqliteSource,
  "SQLite runs a script, as a shared library and in other kinds of output",
  (target, directory) => {
    const flags = [...SQLITE, "-fPIC", "-O0"];
    const library = compileFile(target, join(directory, "sqlite3.c"), flags);
    const shell = compileFile(target, join(directory, "shell.c"), flags);
    const results = likeGnuLd(target, (shop) => {
      const system = ["-lm", "-ldl", "-lpthread"];
      // Once is enough of what takes ten seconds.
      const whole = target.wordBytes === 8 ? ["static", "pie"] : [];
      for (const kind of whole) shop.cc(`sqlite3-${kind}`, [`-${kind}`, shell, library, ...system]);
      shop.cc("libsqlite3.so.0", ["-shared", library, "-Wl,-soname,libsqlite3.so.0", ...system]);
      shop.cc("sqlite3", ["-no-pie", shell, "libsqlite3.so.0", "-Wl,-rpath,$ORIGIN", ...system]);
      const programs = [...whole.map((kind) => `sqlite3-${kind}`), "sqlite3"];
      return programs.map((name) => shop.run(name, [], { input: SQL }));
    });
    for (const { status, stdout, stderr } of results) {
      equal(stdout, SQL_RESULT, stderr);
      equal(status, 0);
    }
  },
);

/** Everything of Lua but its two programs. */
const LUA = (
  "lapi lauxlib lbaselib lcode lcorolib lctype ldblib ldebug ldo ldump lfunc lgc linit liolib llex lmathlib lmem " +
  "loadlib lobject lopcodes loslib lparser lstate lstring lstrlib ltable ltablib ltm lundump lutf8lib lvm lzio"
).split(" ");

const MODULE = `
  #include "lua.h"
  #include "lauxlib.h"
  static int add(lua_State *L) { lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2)); return 1; }
  int luaopen_adder(lua_State *L) {
    luaL_Reg functions[] = {{"add", add}, {0, 0}};
    luaL_newlib(L, functions);
    return 1;
  }`;

const SCRIPT = `
package.cpath = "./?.so"
local adder = require "adder"
print(_VERSION, adder.add(40, 2))
print(pcall(adder.add, 1, "x"))
local function primes(limit)
  return coroutine.wrap(function()
    local sieve = {}
    for n = 2, limit do
      if not sieve[n] then coroutine.yield(n) for m = n * n, limit, n do sieve[m] = true end end
    end
  end)
end
local sum = 0
for p in primes(1000) do sum = sum + p end
print(sum, string.format("%.4f", math.pi), ("abc"):rep(2, "-"):upper(), #utf8.char(0x20ac))
print(select(2, pcall(error, {code = 7})).code, string.pack("<i4", 258):byte(1, -1))
os.exit(3)
`;

eachTargetWith(
  luaSource,
  "Lua, with its interpreter in an archive, loads a C module and runs a script",
  (target, directory) => {
    const source = join(directory, "src");
    const flags = ["-O0", "-fpie", "-DLUA_USE_LINUX", "-DLUA_COMPAT_5_3", "-w"];
    const members = LUA.map((name) => compileFile(target, join(source, `${name}.c`), flags));
    const main = compileFile(target, join(source, "lua.c"), flags);
    const compiler = compileFile(target, join(source, "luac.c"), flags);
    const module = compile(target, "adder.c", MODULE, ["-fPIC", "-O1", "-I", source]);
    const { run, listing } = likeGnuLd(target, (shop) => {
      archive(shop.directory, "liblua.a", members);
      shop.cc("lua", [main, "liblua.a", "-Wl,-E", "-lm", "-ldl"]);
      shop.cc("luac", ["-static", compiler, "liblua.a", "-lm"]);
      shop.cc("adder.so", ["-shared", module]);
      shop.file("script.lua", SCRIPT);
      const { stdout } = shop.run("luac", ["-p", "-l", "script.lua"]);
      return { run: shop.run("lua", ["script.lua"]), listing: stdout.replace(/0x[0-9a-f]+/g, "ADDRESS") };
    });
    equal(
      run.stdout,
      `Lua 5.4\t42
false\tbad argument #2 to 'adder.add' (number expected, got string)
76127\t3.1416\tABC-ABC\t3
7\t2\t1\t0\t0
`,
      run.stderr,
    );
    equal(run.status, 3);
    match(listing, /^\nmain <script\.lua/);
  },
);
