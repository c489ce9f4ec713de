// Symbol versions: defined by scripts and by .symver, needed from libraries, resolved by the loader as intended.

import { equal, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";

const c = (target: Target, name: string, source: string): string =>
  compile(target, `${name}.c`, source, ["-fPIC", "-O1"]);

const TWO_VERSIONS = `
  int old_answer(void) { return 1; }
  int new_answer(void) { return 2; }
  int inner(void) { return 3; }
  int other(void) { return inner(); }
  __asm__(".symver old_answer, answer@V1");
  __asm__(".symver new_answer, answer@@V2");`;

// Even a symbol with an explicit version is hidden by `local: *` in its node unless it is global there.
const TWO_NODES = "V1 { global: other; answer; local: *; };\nV2 { } V1;\n";

eachTarget("a script and .symver give a library two versions of a function; new programs get the default", (target) => {
  const library = c(target, "library", TWO_VERSIONS);
  const main = c(target, "main", "int answer(void), other(void); int main(void) { return answer() * 10 + other(); }");
  const status = likeGnuLd(target, (shop) => {
    shop.file("map", TWO_NODES);
    shop.cc("library.so", ["-shared", library, "-Wl,--version-script=map"]);
    shop.cc("main", [main, "./library.so"]);
    return shop.run("main").status;
  });
  equal(status, 23);
});

eachTarget("a program linked with the old library goes on using the old version", (target) => {
  const before = c(target, "before", "int answer(void) { return 1; }");
  const library = c(target, "library", TWO_VERSIONS);
  const main = c(target, "main", "int answer(void); int main(void) { return answer(); }");
  const status = likeGnuLd(target, (shop) => {
    shop.file("one", "V1 { global: answer; local: *; };");
    shop.cc("library.so", ["-shared", before, "-Wl,--version-script=one,-soname,library.so"]);
    shop.cc("main", [main, "library.so", "-Wl,-rpath,$ORIGIN"]);
    shop.file("two", TWO_NODES);
    shop.cc("library.so", ["-shared", library, "-Wl,--version-script=two,-soname,library.so"]);
    return shop.run("main").status;
  });
  equal(status, 1);
});

eachTarget("a program asks for an old version with .symver name@V", (target) => {
  const library = c(target, "library", TWO_VERSIONS);
  const main = c(
    target,
    "main",
    `int old(void), answer(void);
     __asm__(".symver old, answer@V1");
     int main(void) { return old() * 10 + answer(); }`,
  );
  const status = likeGnuLd(target, (shop) => {
    shop.file("map", TWO_NODES);
    shop.cc("library.so", ["-shared", library, "-Wl,--version-script=map"]);
    shop.cc("main", [main, "./library.so"]);
    return shop.run("main").status;
  });
  equal(status, 12);
});

eachTarget(".symver with @@@ is a default version where defined and a plain one where not", (target) => {
  const library = c(
    target,
    "library",
    'int answer(void) { return 4; } int ask(void) { return answer(); } __asm__(".symver answer, answer@@@V1");',
  );
  const main = c(target, "main", "int answer(void), ask(void); int main(void) { return answer() * 10 + ask(); }");
  const status = likeGnuLd(target, (shop) => {
    shop.file("map", "V1 { global: ask; answer; local: *; };");
    shop.cc("library.so", ["-shared", library, "-Wl,--version-script=map"]);
    shop.cc("main", [main, "./library.so"]);
    return shop.run("main").status;
  });
  equal(status, 44);
});

const NAMES =
  "int alpha, beta, gamma_, alphabet, al_local, delta; int fun_one(void){return 1;} int fun_two(void){return 2;}";

const SCRIPTS: Readonly<Record<string, string>> = {
  "one node": "V1 { global: alpha; beta; local: *; };",
  "globs, the exact name before the glob": "V1 { global: alpha*; local: alphabet; *; };",
  "a glob in a later node": "V1 { global: alpha; local: *; }; V2 { global: fun_*; beta; } V1;",
  "brackets and question marks": "V1 { global: [ab]*; fun_?wo; local: *; };",
  "two globs for one name: the later node's": "V1 { global: al*; }; V2 { global: alph*; local: *; };",
  "a star in a named node": "V1 { global: *; local: al_local; };",
  anonymous: "{ global: alpha; fun_*; local: *; };",
  "anonymous, only hiding": "{ local: al_local; gamma_; };",
  "quoted names are taken literally": 'V1 { global: "alpha*"; beta; local: *; };',
  "parents that form a diamond":
    "A { global: alpha; }; B { global: beta; } A; C { global: gamma_; } A; D { global: delta; local: *; } B C;",
};

for (const [what, script] of Object.entries(SCRIPTS)) {
  eachTarget(`a version script with ${what}`, (target) => {
    const library = c(target, "names", NAMES);
    likeGnuLd(target, (shop) => {
      shop.file("map", script);
      shop.cc("library.so", ["-shared", library, "-Wl,--version-script=map"]);
    });
  });
}

eachTarget('extern "C++" in a script matches demangled names', (target) => {
  const library = compile(
    target,
    "names.cc",
    `namespace space { int visible(int) { return 1; } int invisible(char) { return 2; } struct Type { virtual ~Type(); }; Type::~Type() {} }
     int free_function(double) { return 3; }
     extern "C" int plain(void) { return 4; }`,
    ["-fPIC", "-O1"],
  );
  likeGnuLd(target, (shop) => {
    shop.file(
      "map",
      'V1 { global: plain; extern "C++" { "space::visible(int)"; space::Type::*; "vtable for space::Type"; free_function*; }; local: *; };',
    );
    shop.cxx("library.so", ["-shared", library, "-Wl,--version-script=map"]);
  });
});

eachTarget("scripts that contradict themselves or name nothing are told", (target) => {
  const library = c(target, "names", NAMES);
  likeGnuLd(target, (shop) => {
    shop.file("twice", "V1 { global: alpha; }; V1 { global: beta; };");
    match(shop.refuses("twice.so", ["-shared", library, "-Wl,--version-script=twice"]), /V1/);
    shop.file("parent", "V2 { global: alpha; } V1;");
    match(shop.refuses("parent.so", ["-shared", library, "-Wl,--version-script=parent"]), /V1/);
    shop.file("syntax", "V1 { global alpha; };");
    match(shop.refuses("syntax.so", ["-shared", library, "-Wl,--version-script=syntax"]), /syntax:1|syntax error/);
    shop.file("absent", "V1 { global: nowhere; local: *; };");
    match(
      shop.refuses("absent.so", ["-shared", library, "-Wl,--version-script=absent,--no-undefined-version"]),
      /nowhere/,
    );
  });
});

eachTarget("a version that no library defines is refused", (target) => {
  const library = c(target, "library", "int answer(void) { return 1; }");
  const main = c(
    target,
    "main",
    'int answer(void); __asm__(".symver answer, answer@V9"); int main(void) { return answer(); }',
  );
  likeGnuLd(target, (shop) => {
    shop.file("map", "V1 { global: answer; };");
    shop.cc("library.so", ["-shared", library, "-Wl,--version-script=map"]);
    match(shop.refuses("main", [main, "./library.so"]), /answer@V9/);
  });
});

eachTarget("--default-symver versions a library's symbols by its soname", (target) => {
  const library = c(target, "library", "int answer(void) { return 6; }");
  const main = c(target, "main", "int answer(void); int main(void) { return answer(); }");
  const build = (shop: Workshop) => {
    shop.cc("library.so", ["-shared", library, "-Wl,--default-symver,-soname,library.so.1"]);
    shop.cc("library.so.1", ["-shared", library, "-Wl,--default-symver,-soname,library.so.1"]);
    shop.cc("main", [main, "library.so.1", "-Wl,-rpath,$ORIGIN"]);
    return shop.run("main").status;
  };
  // The base and the version have one name, in GNU ld's libraries too; eu-elflint cannot read the table there.
  equal(likeGnuLd(target, build, ["eu-elflint"]), 6);
});

eachTarget("a weak reference needs a version weakly", (target) => {
  const main = c(
    target,
    "main",
    "int __attribute__((weak)) pthread_cancel(unsigned long); int main(void) { return pthread_cancel != 0; }",
  );
  const status = likeGnuLd(target, (shop) => {
    shop.cc("main", [main]);
    return shop.run("main").status;
  });
  equal(status, 1);
});

eachTarget("a program defines versions too", (target) => {
  const main = c(
    target,
    "main",
    "int shown(void) { return 5; } int kept(void) { return 1; } int main(void) { return shown(); }",
  );
  const status = likeGnuLd(target, (shop) => {
    shop.file("map", "PROGRAM_1 { global: shown; local: *; };");
    shop.cc("main", [main, "-Wl,-E,--version-script=map"]);
    return shop.run("main").status;
  });
  equal(status, 5);
});

/** A library that wants V's answer, and V's library behind another one that defines the name first. */
function behindAnother(target: Target, first: string, map: string): number | null {
  const sources = {
    first,
    second: "int answer(void) { return 2; }",
    user: "int answer(void); int use(void) { return answer(); }",
  };
  const [one, two, user] = Object.entries(sources).map(([name, source]) => c(target, name, source));
  const main = c(target, "main", "int answer(void), use(void); int main(void) { return answer() * 10 + use(); }");
  return likeGnuLd(target, (shop) => {
    shop.file("first.map", map);
    shop.file("second.map", "V { answer; };");
    shop.cc("first.so", ["-shared", one, "-Wl,--version-script=first.map"]);
    shop.cc("second.so", ["-shared", two, "-Wl,--version-script=second.map"]);
    shop.cc("user.so", ["-shared", user, "./second.so"]);
    shop.cc("main", [main, "./first.so", "./user.so", "./second.so"]);
    return shop.run("main").status;
  });
}

// Sanitizers do this: libasan.so stands first and defines qsort without a version, libm.so.6 wants qsort@GLIBC_2.2.5.
eachTarget("an unversioned definition of the first library serves a library's versioned reference", (target) => {
  equal(behindAnother(target, "int answer(void) { return 1; }", "{ answer; };"), 11);
});

eachTarget("a library's reference finds its version behind another version of the name", (target) => {
  equal(behindAnother(target, "int answer(void) { return 1; }", "OTHER { answer; };"), 12);
});
