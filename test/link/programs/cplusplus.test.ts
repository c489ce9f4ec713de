// C++ as the compiler leaves it to the linker: vague linkage, exceptions and run-time types that cross library borders,
// initialisers in their order.

import { equal } from "node:assert/strict";
import { compile } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";

const EVERYDAY = `
  #include <iostream>
  #include <map>
  #include <memory>
  #include <stdexcept>
  #include <string>
  #include <vector>

  struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
  };
  struct Square : virtual Shape {
    explicit Square(double side) : side(side) {}
    double area() const override { return side * side; }
    double side;
  };

  static double total(const std::vector<std::unique_ptr<Shape>> &shapes) {
    double sum = 0;
    for (const auto &shape : shapes) sum += shape->area();
    if (sum > 10) throw std::range_error("too large");
    return sum;
  }

  int main() {
    std::map<std::string, int> ages{{"ada", 36}, {"grace", 85}};
    for (const auto &[name, age] : ages) std::cout << name << ' ' << age << '\\n';
    std::vector<std::unique_ptr<Shape>> shapes;
    shapes.push_back(std::make_unique<Square>(2));
    std::cout << total(shapes) << std::endl;
    shapes.push_back(std::make_unique<Square>(3));
    try {
      total(shapes);
    } catch (const std::runtime_error &error) {
      std::cout << "caught " << error.what() << std::endl;
    }
  }`;

const EXECUTABLES: Readonly<Record<string, readonly [string, string]>> = {
  "a dynamic executable": ["-fno-pie", "-no-pie"],
  "a position-independent executable": ["-fpie", "-pie"],
  "a static executable": ["-fno-pie", "-static"],
  "a static position-independent executable": ["-fpie", "-static-pie"],
};

for (const [kind, [how, link]] of Object.entries(EXECUTABLES)) {
  eachTarget(`iostream, containers, virtual functions and exceptions in ${kind}`, (target) => {
    const main = compile(target, "main.cc", EVERYDAY, ["-std=c++17", "-O1", how]);
    const build = (shop: Workshop) => {
      shop.cxx("main", [link, main]);
      return shop.run("main");
    };
    const { status, stdout } = likeGnuLd(target, build);
    equal(stdout, "ada 36\ngrace 85\n4\ncaught too large\n");
    equal(status, 0);
  });
}

const ERRORS = `
  struct Failure { virtual ~Failure(); virtual int code() const; };
  struct Missing : Failure { int code() const override; };
  void fail();
  void through(void (*callback)());
  Failure *make();`;

const ERRORS_LIBRARY = `${ERRORS}
  Failure::~Failure() = default;
  int Failure::code() const { return 1; }
  int Missing::code() const { return 2; }
  void fail() { throw Missing(); }
  void through(void (*callback)()) { struct Guard { ~Guard() {} } guard; callback(); }
  Failure *make() { return new Missing; }`;

const ERRORS_MAIN = `${ERRORS}
  #include <cstdio>
  #include <typeinfo>
  static void throwHere() { throw Missing(); }
  int main() {
    try { fail(); } catch (const Failure &f) { std::printf("out of the library: %d\\n", f.code()); }
    try { through(throwHere); } catch (const Missing &f) { std::printf("through the library: %d\\n", f.code()); }
    try { through(fail); } catch (int) {} catch (...) { std::printf("anything\\n"); }
    Failure *made = make();
    std::printf("%d %d\\n", dynamic_cast<Missing *>(made) != nullptr, typeid(*made) == typeid(Missing));
    delete made;
  }`;

for (const [how, link] of [
  ["-fno-pie", "-no-pie"],
  ["-fpie", "-pie"],
] as const) {
  eachTarget(`exceptions and run-time types across a shared library, ${link}`, (target) => {
    const library = compile(target, "errors.cc", ERRORS_LIBRARY, ["-fPIC", "-O1"]);
    const main = compile(target, "main.cc", ERRORS_MAIN, [how, "-O1"]);
    const { stdout } = likeGnuLd(target, (shop) => {
      shop.cxx("liberrors.so", ["-shared", library]);
      shop.cxx("main", [link, main, "liberrors.so", "-Wl,-rpath,$ORIGIN"]);
      return shop.run("main");
    });
    equal(stdout, "out of the library: 2\nthrough the library: 2\nanything\n1 1\n");
  });
}

eachTarget("an inline function's static is one in the whole process (STB_GNU_UNIQUE)", (target) => {
  const inline = "inline int &counter() { static int count; return count; }";
  const part = (name: string) =>
    compile(target, `${name}.cc`, `${inline} int ${name}() { return ++counter(); }`, ["-fPIC"]);
  const main = compile(
    target,
    "main.cc",
    `${inline} int one(); int two();
     #include <cstdio>
     int main() { int a = one(), b = two(); std::printf("%d %d %d\\n", a, b, ++counter()); }`,
    ["-fpie"],
  );
  const { stdout } = likeGnuLd(target, (shop) => {
    shop.cxx("libone.so", ["-shared", part("one")]);
    shop.cxx("libtwo.so", ["-shared", part("two")]);
    shop.cxx("main", [main, "libone.so", "libtwo.so", "-Wl,-rpath,$ORIGIN"]);
    return shop.run("main");
  });
  equal(stdout, "1 2 3\n");
});

eachTarget("of a template instantiated in two objects the first object's copy is kept", (target) => {
  const part = (name: string, value: number) =>
    compile(
      target,
      `${name}.cc`,
      `template <class T> struct Box { static int value; __attribute__((noinline)) static int get() { return ${value}; } };
       template <class T> int Box<T>::value = ${value};
       int ${name}() { return Box<int>::get() * 100 + Box<int>::value; }`,
      ["-O0"],
    );
  const main = compile(
    target,
    "main.cc",
    'int one(); int two(); extern "C" int printf(const char *, ...); int main() { printf("%d %d\\n", one(), two()); }',
  );
  const run = (order: readonly string[]) =>
    likeGnuLd(target, (shop) => {
      shop.cxx("main", [main, ...order]);
      return shop.run("main");
    }).stdout;
  equal(run([part("one", 1), part("two", 2)]), "101 101\n");
  equal(run([part("two", 2), part("one", 1)]), "202 202\n");
});

eachTarget(
  "static objects: constructed in link order, a library's before the program's, destroyed backwards",
  (target) => {
    const header = `
    #include <cstdio>
    struct Noisy {
      const char *name;
      explicit Noisy(const char *name) : name(name) { std::printf("+%s ", name); }
      ~Noisy() { std::printf("-%s ", name); }
    };`;
    const part = (name: string) =>
      compile(target, `${name}.cc`, `${header} Noisy ${name}_object("${name}"); void ${name}() {}`, ["-fPIC"]);
    const main = compile(
      target,
      "main.cc",
      `${header} void library(); Noisy first("main"), second("main2");
     int main() { library(); std::printf("main() "); }`,
      ["-fPIC"],
    );
    const { stdout } = likeGnuLd(target, (shop) => {
      shop.cxx("liblibrary.so", ["-shared", part("library")]);
      shop.cxx("main", [main, part("alpha"), part("beta"), "liblibrary.so", "-Wl,-rpath,$ORIGIN"]);
      return shop.run("main");
    });
    equal(stdout, "+library +main +main2 +alpha +beta main() -beta -alpha -main2 -main -library ");
  },
);

eachTarget("a static library of C++ objects with initialisers and thread-local objects", (target) => {
  const main = compile(
    target,
    "main.cc",
    `#include <iostream>
     #include <string>
     #include <thread>
     thread_local std::string name = "nobody";
     int main() {
       name = "main";
       std::thread([] { std::cout << name << std::endl; name = "worker"; }).join();
       std::cout << name << std::endl;
     }`,
    ["-std=c++17", "-fpie", "-pthread"],
  );
  for (const link of ["-pie", "-static-pie", "-static"]) {
    const build = (shop: Workshop) => {
      shop.cxx("main", [link, main, "-pthread"]);
      return shop.run("main");
    };
    const { stdout } = likeGnuLd(target, build);
    equal(stdout, "nobody\nmain\n");
  }
});
