// Thread-local storage: every access model in every kind of output, relaxed where the linker may, right in every thread.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { compile, i386, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { needsToRun } from "../../support/tools.ts";

const LIBRARY = `
  __thread int exported = 10;
  __thread char zero[3];
  static __thread long local = 20;
  static __thread short pair[2] = {30, 31};
  long bump(void) { zero[1]++; return exported++ + local++ + pair[1]++ + zero[1]; }
  int *where(void) { return &exported; }`;

const MAIN = `
  #include <pthread.h>
  #include <stdio.h>
  extern __thread int exported;
  extern long bump(void);
  extern int *where(void);
  static __thread int own = 5;
  __thread int unset;
  static void *thread(void *result) {
    bump();
    unset += own++;
    *(long *)result = bump() * 1000 + exported * 10 + unset + (where() == &exported);
    return 0;
  }
  int main(void) {
    long results[3];
    for (int i = 0; i < 2; i++) {
      pthread_t id;
      pthread_create(&id, 0, thread, &results[i]);
      pthread_join(id, 0);
    }
    thread(&results[2]);
    printf("%ld %ld %ld\\n", results[0], results[1], results[2]);
  }`;

const EXPECTED = "66126 66126 66126\n";

/** How the compiler may reach a variable; gnu2 is the dialect of TLS descriptors. */
const MODELS: readonly (readonly string[])[] = [
  ["-ftls-model=global-dynamic"],
  ["-ftls-model=local-dynamic"],
  ["-ftls-model=initial-exec"],
  ["-ftls-model=global-dynamic", "-mtls-dialect=gnu2"],
  ["-ftls-model=local-dynamic", "-mtls-dialect=gnu2"],
];

function sources(target: Target, flags: readonly string[]): { main: string; library: string } {
  return {
    main: compile(target, "main.c", MAIN, ["-O1", ...flags]),
    library: compile(target, "library.c", LIBRARY, ["-O1", ...flags]),
  };
}

for (const model of MODELS) {
  for (const optimize of ["", "-mcmodel=large", "-fno-plt"]) {
    const how = [...model, ...(optimize === "" ? [] : [optimize])].join(" ");
    eachTarget(`an executable relaxes ${how}`, (target) => {
      if (target.wordBytes === 4 && optimize === "-mcmodel=large") return;
      const { main, library } = sources(target, ["-fPIC", ...how.split(" ")]);
      for (const link of optimize === "" ? ["-pie", "-no-pie", "-static", "-static-pie"] : ["-pie"]) {
        const build = (shop: Workshop) => {
          shop.cc("main", [link, main, library]);
          return shop.run("main").stdout;
        };
        // GNU ld keeps a PLT entry for __tls_get_addr although no call is left.
        equal(likeGnuLd(target, build, ["relocations"]), EXPECTED);
      }
    });
  }

  eachTarget(`a shared library keeps ${model.join(" ")}`, (target) => {
    const { library } = sources(target, ["-fPIC", ...model]);
    const { main } = sources(target, ["-fPIE"]);
    const build = (shop: Workshop) => {
      shop.cc("library.so", ["-shared", library]);
      shop.cc("main", [main, "./library.so"]);
      return shop.run("main").stdout;
    };
    equal(likeGnuLd(target, build), EXPECTED);
  });
}

eachTarget("local exec in executables", (target) => {
  const { main, library } = sources(target, ["-fpie", "-ftls-model=local-exec"]);
  for (const link of ["-pie", "-no-pie", "-static"]) {
    const build = (shop: Workshop) => {
      shop.cc("main", [link, main, library]);
      return shop.run("main").stdout;
    };
    equal(likeGnuLd(target, build), EXPECTED);
  }
});

eachTarget("local exec in a shared library: refused on x86-64, patched at load time on i386", (target) => {
  const { library } = sources(target, ["-fPIC", "-ftls-model=local-exec"]);
  const { main } = sources(target, ["-fPIC"]);
  const build = (shop: Workshop) => {
    if (target.wordBytes === 8) {
      shop.refuses("library.so", ["-shared", library]);
      return EXPECTED;
    }
    shop.cc("library.so", ["-shared", library]);
    shop.cc("main", [main, "./library.so"]);
    return shop.run("main").stdout;
  };
  // The program's accesses are relaxed: see the two reasons above.
  equal(likeGnuLd(target, build, target.wordBytes === 4 ? ["relocations"] : []), EXPECTED);
});

eachTarget("an executable's variable used by its library, and the other way round", (target) => {
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     __thread int mine = 1;
     extern __thread int theirs;
     extern int sum(void);
     int main(void) { mine += 1; theirs += 10; printf("%d\\n", sum()); }`,
    ["-fpie", "-O1"],
  );
  const library = compile(
    target,
    "library.c",
    "extern __thread int mine; __thread int theirs = 100; int sum(void) { return mine + theirs; }",
    ["-fPIC", "-O1"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("library.so", ["-shared", library]);
    shop.cc("main", ["-pie", main, "./library.so"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "112\n");
});

eachTarget("alignment of the thread-local segment holds for initialised and zeroed variables", (target) => {
  const main = compile(
    target,
    "main.c",
    `#include <stdint.h>
     #include <stdio.h>
     __thread char small = 1;
     __thread char wide[64] __attribute__((aligned(64))) = {2};
     __thread char zeroed[8] __attribute__((aligned(128)));
     int main(void) {
       printf("%d %d %d %d\\n", small, wide[0], (int)((uintptr_t)wide % 64), (int)((uintptr_t)zeroed % 128));
     }`,
    ["-fpie"],
  );
  for (const link of ["-pie", "-no-pie", "-static"]) {
    const stdout = likeGnuLd(target, (shop) => {
      shop.cc("main", [link, main]);
      return shop.run("main").stdout;
    });
    equal(stdout, "1 2 0 0\n");
  }
});

eachTarget("a weak undefined thread-local variable links and is not touched", (target) => {
  const main = compile(
    target,
    "main.c",
    `extern __thread int absent __attribute__((weak));
     int main(int argc, char **argv) { return argc > 5 ? absent : 3; }`,
    ["-fpie", "-O1"],
  );
  const status = likeGnuLd(target, (shop) => {
    shop.cc("main", ["-pie", main]);
    return shop.run("main").status;
  });
  equal(status, 3);
});

eachTarget("a thread-local and an ordinary symbol of the same name are refused", (target) => {
  const main = compile(target, "main.c", "extern int mixed; int main(void) { return mixed; }");
  const other = compile(target, "other.c", "__thread int mixed = 1;");
  likeGnuLd(target, (shop) => {
    shop.refuses("main", [main, other]);
  });
});

/** An access of `t` in each model that leaves the choice to the linker. */
function accesses(target: Target): Readonly<Record<string, string>> {
  if (target.wordBytes === 8) {
    return {
      general: "data16 lea t@tlsgd(%rip), %rdi; .value 0x6666; rex64 call __tls_get_addr@PLT",
      initial: "mov t@gottpoff(%rip), %rax",
      descriptor: "lea t@tlsdesc(%rip), %rax; call *t@tlscall(%rax)",
    };
  }
  return {
    general: "lea t@tlsgd(,%ebx,1), %eax; call ___tls_get_addr@PLT; nop",
    initial: "mov t@gotntpoff(%ebx), %eax",
    negated: "sub t@gottpoff(%ebx), %eax",
    descriptor: "lea t@tlsdesc(%ebx), %eax; call *t@tlscall(%eax)",
  };
}

const DEFINES_T = '.globl t\n.section .tdata,"awT",@progbits\n.type t, @tls_object\nt: .long 1\n.size t, 4\n';
const FUNCTION = ".text\n.globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n";

eachTarget("a library's variable that one access needs the offset of has an initial exec slot for all", (target) => {
  const definition = compile(target, "definition.s", FUNCTION + DEFINES_T);
  const codes = Object.entries(accesses(target));
  likeGnuLd(target, (shop) => {
    for (const [name, code] of codes) {
      for (const [other, rest] of codes) {
        const both = compile(target, `${name}-${other}.s`, `${code}\n${rest}\nnop`);
        shop.ld(`${name}-${other}.so`, ["-shared", both, definition, target.interpreter]);
      }
    }
  });
});

eachTarget("a program's variable that others can see is accessed through a slot that names it", (target) => {
  const { initial = "", descriptor = "" } = accesses(target);
  const code = compile(target, "code.s", `${FUNCTION}${initial}\n${descriptor}\n${DEFINES_T}`);
  const user = compile(target, "user.s", FUNCTION + initial);
  const hidden = compile(target, "hidden.s", `${FUNCTION}.hidden t\n${initial}\n${DEFINES_T}`);
  const loader = ["--dynamic-linker", target.interpreter, target.interpreter];
  likeGnuLd(target, (shop) => {
    shop.ld("user.so", ["-shared", user]);
    for (const kind of ["-pie", "-no-pie"]) {
      shop.ld(`used${kind}`, [kind, code, "user.so", ...loader]);
      shop.ld(`exported${kind}`, [kind, "-E", code, ...loader]);
      shop.ld(`unseen${kind}`, [kind, code, ...loader]);
      shop.ld(`hidden${kind}`, [kind, "-E", hidden, ...loader]);
    }
  });
});

eachTarget(
  "descriptors stand behind the words of the PLT, and are bound by code of the PLT's unless at once",
  (target) => {
    const { descriptor = "" } = accesses(target);
    const alone = compile(target, "alone.s", `${FUNCTION}${descriptor}`);
    const beside = compile(target, "beside.s", `${FUNCTION}call f@PLT\n${descriptor}\n${DEFINES_T}`);
    likeGnuLd(target, (shop) => {
      for (const [name, object] of [["alone", alone] as const, ["beside", beside] as const]) {
        shop.ld(`${name}.so`, ["-shared", object]);
        shop.ld(`${name}-now.so`, ["-shared", "-z", "now", object]);
        shop.ld(`${name}-ibt.so`, ["-shared", "-z", "ibtplt", object]);
        shop.ld(`${name}-parts.so`, ["-shared", "-z", "nocombreloc", object]);
      }
    });
  },
);

eachTarget(
  "space for a thread-local common symbol stays under --gc-sections, and .tbss where a definition took its place",
  (target) => {
    const common = compile(target, "common.s", `${FUNCTION}.type t, @tls_object\n.comm t, 64, 8\n`);
    const definition = compile(target, "definition.s", `${DEFINES_T}.text\n.cfi_startproc\n.cfi_endproc`);
    likeGnuLd(target, (shop) => {
      shop.ld("collected", ["--gc-sections", common]);
      shop.ld("collected.so", ["-shared", "--gc-sections", "-z", "norelro", common]);
      shop.ld("replaced", [common, definition, "--no-warnings"]);
      shop.ld("replaced-before", [definition, common, "--no-warnings"]);
      shop.ld("replaced-collected", ["--gc-sections", definition, common, "--no-warnings"]);
    });
  },
);

eachTarget("an object's first thread-local section is aligned as all of them", (target) => {
  const section = (name: string, align: number): string =>
    `.section ${name},"awT",@progbits\n.balign ${align}\n.long 1\n`;
  const text = `${section(".tdata", 4)}${section(".tdata.wide", 32)}.section .tbss,"awT",@nobits\n.balign 64\n.skip 4\n`;
  const object = compile(target, "object.s", text);
  likeGnuLd(target, (shop) => {
    shop.ld("joined.o", ["-r", object]);
  });
});

eachTarget(
  "a weak thread-local variable that nothing defines is the loader's where it is exported or asked for",
  (target) => {
    const models =
      target.wordBytes === 8
        ? "lea t0@tlsdesc(%rip), %rax\ncall *t0@tlscall(%rax)\nmov t1@gottpoff(%rip), %rax\nmov $t0@tpoff, %rax\n"
        : "leal t0@tlsdesc(%ebx), %eax\ncall *t0@tlscall(%eax)\nmovl t1@gotntpoff(%ebx), %eax\n";
    const types = ".weak t0, t1\n.type t0, @tls_object\n.type t1, @tls_object\n";
    const program = compile(target, "weak.s", `${FUNCTION}${types}.cfi_startproc\n${models}.cfi_endproc\n`);
    const other = compile(target, "other.s", ".globl other\nother: .cfi_startproc\n.cfi_endproc\n");
    likeGnuLd(target, (shop) => {
      shop.ld("library.so", ["-shared", other]);
      const exports = [[], ["-E"], ["-pie", "-E"], ["-z", "dynamic-undefined-weak"], ["--export-dynamic-symbol=t1"]];
      for (const [i, options] of exports.entries())
        shop.ld(`program${i}`, [program, "library.so", "-dynamic-linker", target.interpreter, ...options]);
    });
  },
);

test(
  "i386: a library's own variable behind others in its block is found by code that subtracts its offset",
  needsToRun("ld.bfd", ...i386.tools),
  () => {
    const access = (name: string, code: string): string =>
      `.globl ${name}\n${name}: call 1f\n1: pop %ecx\nadd $_GLOBAL_OFFSET_TABLE_+(.-1b), %ecx\nmov %gs:0, %eax\n${code}\nmov (%eax), %eax\nret\n`;
    const library = compile(
      i386,
      "library.s",
      `.text
     ${access("slot", "sub own@gottpoff(%ecx), %eax")}
     ${access("direct", "sub $own@tpoff, %eax")}
     .section .tdata,"awT",@progbits
     .zero 64
     own: .long 42
     .section .note.GNU-stack,"",@progbits`,
    );
    const main = compile(
      i386,
      "main.c",
      `#include <stdio.h>
     int slot(void), direct(void);
     int main(void) { printf("%d %d\\n", slot(), direct()); }`,
    );
    const stdout = likeGnuLd(i386, (shop) => {
      shop.cc("liblibrary.so", ["-shared", "-Wl,-z,notext", library]);
      shop.cc("main", [main, "./liblibrary.so"]);
      return shop.run("main").stdout;
    });
    equal(stdout, "42 42\n");
  },
);
