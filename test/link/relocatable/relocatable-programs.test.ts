// Objects that went through -r link into programs that behave as without it, whichever linker does which half.

import { equal } from "node:assert/strict";
import { join } from "node:path";
import { compile, scratch, type Target } from "../../support/build.ts";
import { eachTarget, gnu, type Linker, underTest, workshop } from "../../support/link.ts";

const header = `
#include <map>
#include <stdexcept>
#include <string>
inline int &calls() { static int value = 0; return value; }
template <class T> T twice(T x) { calls()++; return x + x; }
struct Counted { Counted() { calls()++; } };
extern thread_local int depth;
std::string part(int), other(int);
`;

const parts: Readonly<Record<string, string>> = {
  "one.cc": `${header}
    thread_local int depth = 3;
    static Counted counted;
    std::string part(int x) {
      static const std::map<int, std::string> names{{1, "one"}, {2, "two"}};
      if (x > 2) throw std::out_of_range("no part " + std::to_string(twice(x)));
      return names.at(x);
    }`,
  "two.cc": `${header}
    static Counted counted;
    static thread_local int own = 4;
    std::string other(int x) { depth++; own += x; return std::to_string(twice(depth) + own) + part(x); }`,
  "main.cc": `${header}
    #include <iostream>
    int main() {
      std::cout << part(1) << " " << other(2) << " " << calls() << std::endl;
      try { other(21); } catch (const std::exception &e) { std::cout << e.what() << std::endl; }
      return depth;
    }`,
};

/** Joins two parts with one linker, adds the third with it, and makes the program with the other linker. */
function runs(
  target: Target,
  first: Linker,
  second: Linker,
  objects: readonly string[],
  options: readonly string[],
  kinds: readonly string[],
): void {
  const base = scratch("relocatable");
  const [join1, link] = [workshop(first, target, join(base, "1")), workshop(second, target, join(base, "2"))];
  const [one = "", two = "", main = ""] = objects;
  const pair = join1.ld("pair.o", ["-r", ...options, one, two]);
  const all = join1.ld("all.o", ["-r", ...options, pair, main]);
  for (const kind of kinds) {
    link.cxx("program", [kind, all]);
    const { stdout, status } = link.run("program");
    equal(stdout, "one 14two 3\nno part 42\n", kind);
    equal(status, 5);
  }
}

for (const compiler of ["g++", "clang++"]) {
  eachTarget(
    `C++ of ${compiler} with exceptions, thread-locals, templates and debug information`,
    (target) => {
      const own = compiler === "g++" ? [] : [compiler];
      const flags = [...own, "-g", "-O1", "-fpie", "-ffunction-sections", "-fdata-sections"];
      const objects = Object.entries(parts).map(([name, source]) => compile(target, name, source, flags));
      runs(target, underTest, gnu, objects, [], ["-pie", "-no-pie", "-static", "-Wl,--gc-sections"]);
      runs(target, gnu, underTest, objects, [], ["-pie", "-no-pie", "-static", "-Wl,--gc-sections"]);
      runs(target, underTest, underTest, objects, [], ["-pie"]);
      runs(target, underTest, gnu, objects, ["-S", "-x"], ["-no-pie"]);
      runs(target, underTest, gnu, objects, ["--unique"], ["-Wl,--gc-sections"]);
    },
    compiler,
  );
}
