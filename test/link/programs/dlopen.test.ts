// Libraries that the program opens itself.

import { equal } from "node:assert/strict";
import { compile } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";

const HOST = `
  #include <dlfcn.h>
  #include <stdio.h>
  int host_value = 40;
  int host_function(int x) { return x + host_value; }
  int main(int argc, char **argv) {
    void *plugin = dlopen(argv[1], argc > 2 ? RTLD_NOW : RTLD_LAZY);
    if (!plugin) { puts(dlerror()); return 1; }
    int (*entry)(int) = (int (*)(int))dlsym(plugin, "entry");
    int *data = dlsym(plugin, "plugin_data");
    printf("%d %d\\n", entry(2), *data);
    fflush(stdout);
    dlclose(plugin);
    puts("closed");
  }`;

const PLUGIN = `
  #include <stdio.h>
  extern int host_function(int);
  extern int host_value;
  static __thread int calls = 1;
  int plugin_data = 7;
  __attribute__((constructor)) static void up(void) { puts("up"); }
  __attribute__((destructor)) static void down(void) { puts("down"); }
  int entry(int x) { host_value += calls++; return host_function(x) * 10 + calls; }`;

eachTarget("a plugin calls back into the program that exports its symbols (-E)", (target) => {
  const host = compile(target, "host.c", HOST, ["-fpie"]);
  const plugin = compile(target, "plugin.c", PLUGIN, ["-fPIC"]);
  for (const flags of [[], ["-Wl,-z,now"], ["-Wl,-Bsymbolic"], ["-Wl,--hash-style=sysv"], ["-Wl,--hash-style=both"]]) {
    const stdout = likeGnuLd(target, (shop) => {
      shop.cc("plugin.so", ["-shared", plugin, ...flags]);
      shop.cc("host", [host, "-rdynamic", "-ldl"]);
      return [shop.run("host", ["./plugin.so"]).stdout, shop.run("host", ["./plugin.so", "now"]).stdout];
    });
    equal(stdout[0], "up\n432 7\ndown\nclosed\n");
    equal(stdout[1], stdout[0]);
  }
});

eachTarget("the loader's complaint about a missing symbol is the same", (target) => {
  const host = compile(target, "host.c", HOST, ["-fpie"]);
  const plugin = compile(target, "plugin.c", PLUGIN, ["-fPIC"]);
  const { status, stdout } = likeGnuLd(target, (shop) => {
    shop.cc("plugin.so", ["-shared", plugin, "-Wl,-z,now"]);
    shop.cc("host", [host, "-ldl"]);
    return shop.run("host", ["./plugin.so"]);
  });
  equal(status, 1);
  equal(stdout, "./plugin.so: undefined symbol: host_value\n");
});
