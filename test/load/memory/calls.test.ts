// What a program asks the loader at run time: the same program runs for real and says what it was told.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import {
  dladdr,
  dlclose,
  dlopen,
  dlsym,
  iterateHeaders,
  type LoadedObject,
  type LoadedProcess,
  symbolName,
  symbolValue,
} from "../../../src/load/index.ts";
import { compile, type Target, targets, x86_64 } from "../../support/build.ts";
import { folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { type Workshop, workshop } from "../judges/agree.ts";
import { basesOf, compareMemory, describe, forgetFiles, freeze, loaded } from "../judges/reality.ts";

const directory = folder("calls");

function library(name: string, source: string, ...link: readonly string[]): string {
  const object = compile(x86_64, `${name}.c`, source, ["-fPIC"]);
  const path = directory.at(`lib${name}.so`);
  tool("gcc", ["-shared", "-o", path, object, `-Wl,-soname,lib${name}.so`, ...link]);
  return path;
}

function program(name: string, source: string, ...link: readonly string[]): string {
  const object = compile(x86_64, `${name}.c`, source, ["-fPIC"]);
  const path = directory.at(name);
  tool("gcc", ["-o", path, object, "-rdynamic", ...link, RPATH]);
  return path;
}

const RPATH = `-Wl,-rpath,${directory.path}`;

/** The lines that the real program prints. */
function lines(path: string): string[] {
  return run(path).stdout.trimEnd().split("\n");
}

function own(task: LoadedProcess): LoadedObject {
  return task.objects[0];
}

test("dl_iterate_phdr goes through the same objects, with the same headers and TLS modules", needs("gcc"), () => {
  const tls = library("tls", "__thread int counter[5]; int *count(void) { return counter; }");
  const path = program(
    "headers",
    `#define _GNU_SOURCE
    #include <link.h>
    #include <stdio.h>
    __thread int mine = 1;
    int *count(void);
    static int show(struct dl_phdr_info *info, size_t size, void *data) {
      char *base = (char *)info->dlpi_addr;
      printf("%s %ld %d %zu\\n", info->dlpi_name, (long)((char *)info->dlpi_phdr - base), info->dlpi_phnum, info->dlpi_tls_modid);
      return 0;
    }
    int main(void) { dl_iterate_phdr(show, 0); return *count() + mine - 1; }`,
    tls,
  );
  const real = lines(path).filter((line) => !line.startsWith("linux-vdso"));
  const ours = iterateHeaders(loaded(path)).map(
    ({ base, name, headers, headerCount, tlsModule }) => `${name} ${headers - base} ${headerCount} ${tlsModule}`,
  );
  deepEqual(ours, real);
});

/** Three libraries that all define `who`; only one has `rare`. */
function threeLibraries(): { readonly first: string; readonly second: string; readonly third: string } {
  const first = library(
    "first",
    'const char *who(void) { return "first"; } const char *rare(void) { return "first"; }',
  );
  const second = library("second", 'const char *who(void) { return "second"; }');
  const third = library(
    "third",
    'const char *who(void) { return "third"; } const char *ask(void) { return who(); }',
    second,
    "-Wl,--no-as-needed",
  );
  return { first, second, third };
}

const SHOW = `#define _GNU_SOURCE
  #include <dlfcn.h>
  #include <stdio.h>
  static void show(void *address) {
    Dl_info info;
    if (address == 0) printf("%s\\n", dlerror());
    else if (dladdr(address, &info) == 0) printf("nowhere\\n");
    else printf("%s %s\\n", info.dli_fname, info.dli_sname);
  }`;

/** What `show` prints of an answer. */
function shown(task: LoadedProcess, result: ReturnType<typeof dlsym>): string {
  if (!result.found) return result.message;
  ok(result.address !== undefined, "an address");
  const info = dladdr(task, result.address);
  return info === undefined ? "nowhere" : `${info.object.name} ${info.name}`;
}

test("dlsym finds by RTLD_DEFAULT, RTLD_NEXT and handle what the real one finds", needs("gcc"), () => {
  const { first, second, third } = threeLibraries();
  const path = program(
    "places",
    `${SHOW}
    const char *who(void);
    const char *rare(void);
    const char *who(void) { return "program"; }
    int main(void) {
      void *third = dlopen("${third}", RTLD_NOW);
      show(dlsym(RTLD_DEFAULT, "who"));
      show(dlsym(RTLD_NEXT, "who"));
      show(dlsym(third, "who"));
      show(dlsym(third, "rare"));
      show(dlsym(RTLD_DEFAULT, "ask"));
      show(dlsym(third, "ask"));
      show(dlsym(third, "nobody"));
      return rare() == 0;
    }`,
    "-Wl,--no-as-needed",
    first,
    second,
  );
  const task = loaded(path);
  const opened = dlopen(task, third, own(task), { now: true });
  ok(opened.opened, "libthird.so opens");
  const ask = (place: Parameters<typeof dlsym>[1], name: string): string =>
    shown(task, dlsym(task, place, name, own(task)));
  deepEqual(
    [
      ask("default", "who"),
      ask("next", "who"),
      ask(opened.object, "who"),
      ask(opened.object, "rare"),
      ask("default", "ask"),
      ask(opened.object, "ask"),
      ask(opened.object, "nobody"),
    ],
    lines(path),
  );
});

test(
  "what dlopen loads binds to the program first, with RTLD_DEEPBIND to itself, with RTLD_GLOBAL serves later ones",
  needs("gcc"),
  () => {
    const { third } = threeLibraries();
    const global = library("global", 'const char *shared(void) { return "global"; }');
    const user = library("user", "const char *shared(void); const char *use(void) { return shared(); }");
    const bound = (deep: boolean): string => {
      const path = program(
        `deep${deep}`,
        `${SHOW}
      const char *who(void) { return "program"; }
      int main(void) {
        const char *(*ask)(void);
        void *third = dlopen("${third}", RTLD_NOW ${deep ? "| RTLD_DEEPBIND" : ""});
        ask = (const char *(*)(void))dlsym(third, "ask");
        printf("%s\\n", ask());
        printf("%d\\n", dlopen("${user}", RTLD_NOW) != 0 || !printf("%s\\n", dlerror()));
        dlopen("${global}", RTLD_NOW | RTLD_GLOBAL);
        printf("%d\\n", dlopen("${user}", RTLD_NOW) != 0);
        return 0;
      }`,
      );
      const [who, message, failed, opens] = lines(path);
      const task = loaded(path);
      const opened = dlopen(task, third, own(task), { now: true, deepBind: deep });
      ok(opened.opened, "libthird.so opens");
      const { bindings, file } = opened.object;
      ok(bindings !== undefined && file.symbolic !== undefined, "it is bound");
      const row = file.symbolic.symbol.findIndex((symbol) => symbolName(file.symbols, symbol) === "who");
      const provider = task.objects[bindings.provider[row]];
      equal(provider.kind === "program" ? "program" : "third", who);
      const early = dlopen(task, user, own(task), { now: true });
      deepEqual([early.opened ? "" : early.message, "0"], [message, failed === "1" ? "1" : "0"]);
      ok(dlopen(task, global, own(task), { now: true, global: true }).opened, "libglobal.so opens");
      equal(dlopen(task, user, own(task), { now: true }).opened ? "1" : "0", opens);
      return who;
    };
    deepEqual([bound(false), bound(true)], ["program", "third"]);
  },
);

test("dlclose unloads what nothing needs, dependents before their dependencies", needs("gcc"), () => {
  const note = (name: string): string =>
    `#include <stdio.h>
    __attribute__((constructor)) static void up(void) { puts("+${name}"); }
    __attribute__((destructor)) static void down(void) { puts("-${name}"); }`;
  const base = library("base", `${note("base")} int base(void) { return 1; }`);
  const left = library("left", `${note("left")} int base(void); int left(void) { return base(); }`, base, RPATH);
  const right = library("right", `${note("right")} int base(void); int right(void) { return base(); }`, base, RPATH);
  const path = program(
    "closing",
    `#include <dlfcn.h>
    #include <stdio.h>
    int main(void) {
      void *left = dlopen("${left}", RTLD_NOW), *right = dlopen("${right}", RTLD_NOW);
      void *again = dlopen("${left}", RTLD_NOW);
      puts("close left"); dlclose(left);
      puts("close left again"); dlclose(again);
      puts("close right"); dlclose(right);
      puts("end");
      return 0;
    }`,
  );
  const task = loaded(path);
  const said: string[] = [];
  const name = (object: LoadedObject): string => object.file.soname?.replace(/^lib|\.so$/g, "") ?? "";
  const open = (file: string): LoadedObject => {
    const result = dlopen(task, file, own(task), { now: true });
    ok(result.opened, `${file} opens`);
    said.push(...result.fresh.map((object) => `+${name(object)}`));
    return result.object;
  };
  const close = (object: LoadedObject): void =>
    void said.push(...dlclose(task, object).map((gone) => `-${name(gone)}`));
  const [leftObject, rightObject] = [open(left), open(right)];
  open(left);
  said.push("close left");
  close(leftObject);
  said.push("close left again");
  close(leftObject);
  said.push("close right");
  close(rightObject);
  deepEqual([...said, "end"], lines(path));
});

test("the errors of dlopen and dlsym are dlerror's words", needs("gcc"), () => {
  const broken = library("broken", "int nowhere(void); int broken(void) { return nowhere(); }");
  const big = library(
    "big",
    '__thread int big[25000] __attribute__((tls_model("initial-exec"))); int *take(void) { return big; }',
  );
  directory.write(
    "libtext.so",
    "this is text, and enough of it that no header could be missing a byte of the 64 it needs\n",
  );
  const names = ["libnone.so", broken, big, directory.at("libtext.so"), directory.at("calling")];
  const path = program(
    "calling",
    `#include <dlfcn.h>
    #include <stdio.h>
    int main(void) {
      const char *names[] = {${names.map((name) => `"${name}"`).join(", ")}};
      for (int i = 0; i < ${names.length}; i++) puts(dlopen(names[i], RTLD_NOW) != 0 ? "opened" : dlerror());
      return 0;
    }`,
  );
  const task = loaded(path);
  const ours = names.map((name) => {
    const result = dlopen(task, name, own(task), { now: true });
    return result.opened ? "opened" : result.message;
  });
  deepEqual(ours, lines(path));
});

/** Holds what dlopen loaded against the memory of the real process when it calls `stop_here`. */
function compareOpened(
  target: Target,
  task: LoadedProcess,
  program: string,
  shop: Workshop,
  open: (task: LoadedProcess) => void,
): void {
  const elf = task.objects[0].file.elf;
  const { symbols } = task.objects[0].file;
  const stop = Array.from({ length: symbols.count }, (_, i) => i).find((i) => symbolName(symbols, i) === "stop_here");
  ok(stop !== undefined && elf.header.type === 2, "a program that is not position-independent exports stop_here");
  const at = `=${symbolValue(symbols, stop).toString(16)}`;
  const snapshot = freeze(shop.at("snapshot"), at, { LD_BIND_NOW: "1" }, [program], 1);
  ok(snapshot !== undefined, "the program comes to stop_here");
  const real = loaded(program, { LD_BIND_NOW: "1" }, basesOf(snapshot.mappings));
  const before = real.objects.length;
  open(real);
  const { bytes, differences, problems } = compareMemory(real, snapshot, ({ id }) => id >= before);
  deepEqual(differences.map(describe), [], target.name);
  deepEqual(problems, []);
  ok(bytes > 0);
}

for (const target of targets) {
  test(`${target.name}: the memory of what dlopen loads`, needs(...target.tools), () => {
    const shop = workshop(target);
    shop.library(
      "below",
      "__thread int small = 7; int who(void) { return 1; } int number = 3; int below(void) { return number; }",
    );
    const scope =
      "int who(void); int below(void); extern int number; int *pointer = &number; int (*function)(void) = who;";
    const ie = '__thread int near __attribute__((tls_model("initial-exec"))) = 5; extern __thread int small;';
    const opened = shop.library(
      "opened",
      `${scope} ${ie} int *take(void) { return &near; } int *far(void) { return &small; } int opened(void) { return who() + below(); }`,
      "-lbelow",
    );
    const second = shop.library(
      "second",
      `${scope} int opened(void); int second(void) { return opened() + who(); }`,
      "-lopened",
    );
    const source = (mode: string): string => `#include <dlfcn.h>
      int who(void) { return 9; }
      void stop_here(void) {}
      int main(void) {
        void *handle = dlopen("${opened}", RTLD_NOW ${mode});
        void *other = dlopen("${second}", RTLD_NOW | RTLD_GLOBAL);
        stop_here();
        return handle == 0 || other == 0;
      }`;
    for (const mode of ["", "| RTLD_DEEPBIND", "| RTLD_GLOBAL"]) {
      const program = shop.program("main", source(mode), "-no-pie", "-rdynamic");
      forgetFiles();
      compareOpened(target, loaded(program), program, shop, (task) => {
        const flags = { now: true, deepBind: mode.includes("DEEPBIND"), global: mode.includes("GLOBAL") };
        ok(dlopen(task, opened, own(task), flags).opened);
        ok(dlopen(task, second, own(task), { now: true, global: true }).opened);
      });
    }
  });
}

test(
  "x86-64: descriptors of thread-local storage in what dlopen loads: static as long as there is room",
  needs("gcc"),
  () => {
    const shop = workshop(targets[0], ["-fPIC", "-mtls-dialect=gnu2"]);
    const libraries = [40, 200, 400, 30].map((size, i) =>
      shop.library(
        `tls${i}`,
        `__thread char big${i}[${size}]; static __thread int own${i}; char *take${i}(void) { return big${i}; } int *mine${i}(void) { return &own${i}; }`,
      ),
    );
    const calls = libraries.map((path) => `if (dlopen("${path}", RTLD_NOW) == 0) return 1;`);
    const source = `#include <dlfcn.h>\nvoid stop_here(void) {} int main(void) { ${calls.join(" ")} stop_here(); return 0; }`;
    const program = shop.program("main", source, "-no-pie", "-rdynamic");
    forgetFiles();
    compareOpened(targets[0], loaded(program), program, shop, (task) => {
      for (const path of libraries) ok(dlopen(task, path, own(task), { now: true }).opened, path);
      ok(
        task.objects.some(({ tlsIsStatic, file }) => file.tls !== undefined && !tlsIsStatic),
        "one had no room",
      );
    });
  },
);
