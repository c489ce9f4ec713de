// __start_X and __stop_X in symbol tables: GNU ld enters references into .dynsym as it reads, before it defines these.

import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";

/** Without PLT there is nothing to unwind; GNU ld keeps an empty section for it. */
const PLAIN = ["--no-ld-generated-unwind-info"];

/** An object with a section `sums` that refers to its start, under that visibility. */
function member(target: Target, name: string, visibility: "default" | "hidden" | "protected"): string {
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  return compile(
    target,
    `${name}.s`,
    `${visibility === "default" ? "" : `.${visibility} __start_sums`}
     .section sums,"a",@progbits
     .globl ${name}
     ${name}: .long 1
     .data
     ${word} __start_sums`,
  );
}

eachTarget("a library has a hidden __start_X in .dynsym if only one object mentions it", (target) => {
  const [one, two, open, other] = [
    member(target, "one", "hidden"),
    member(target, "two", "hidden"),
    member(target, "open", "default"),
    member(target, "other", "default"),
  ];
  likeGnuLd(target, (shop) => {
    shop.ld("alone.so", ["-shared", ...PLAIN, one]);
    shop.ld("both.so", ["-shared", ...PLAIN, one, two]);
    shop.ld("mixed.so", ["-shared", ...PLAIN, open, two]);
    shop.ld("open.so", ["-shared", ...PLAIN, open, other]);
    shop.ld("asked.so", ["-shared", ...PLAIN, "-z", "start-stop-visibility=hidden", open, other]);
    shop.file("script", "{ local: *; };");
    shop.ld("local.so", ["-shared", ...PLAIN, "--version-script=script", one]);
  });
});

eachTarget("a library's hidden __start_X makes the program's local, or exported", (target) => {
  const [one, two, open, other] = [
    member(target, "one", "hidden"),
    member(target, "two", "hidden"),
    member(target, "open", "default"),
    member(target, "other", "default"),
  ];
  likeGnuLd(target, (shop) => {
    shop.ld("libhidden.so", ["-shared", ...PLAIN, one]);
    shop.ld("libopen.so", ["-shared", ...PLAIN, open]);
    for (const library of ["hidden", "open"]) {
      shop.ld(`hidden-${library}`, [
        "-pie",
        "--dynamic-linker",
        "/loader",
        ...PLAIN,
        "-e",
        "0",
        two,
        `lib${library}.so`,
      ]);
      shop.ld(`open-${library}`, [
        "-pie",
        "--dynamic-linker",
        "/loader",
        ...PLAIN,
        "-e",
        "0",
        other,
        `lib${library}.so`,
      ]);
    }
    shop.ld("asked", [
      "-pie",
      "--dynamic-linker",
      "/loader",
      ...PLAIN,
      "-e",
      "0",
      "-z",
      "start-stop-visibility=hidden",
      other,
      "libhidden.so",
    ]);
  });
});

eachTarget(
  "what a library has said before is undone by what hides __start_X, and kept by what protects it",
  (target) => {
    const [open, hidden, guarded] = [
      member(target, "open", "default"),
      member(target, "hidden", "hidden"),
      member(target, "guarded", "protected"),
    ];
    likeGnuLd(target, (shop) => {
      shop.ld("library.so", ["-shared", ...PLAIN, member(target, "theirs", "default")]);
      const link = (name: string, ...files: string[]): string =>
        shop.ld(name, ["-pie", "--dynamic-linker", "/loader", ...PLAIN, "-e", "0", ...files]);
      link("undone", open, "library.so", hidden);
      link("kept", guarded, "library.so", hidden);
      // The strictest of all objects counts, whichever comes last.
      link("strictest", hidden, open, "library.so");
    });
  },
);

/** An object whose only mention of its boundary is in a section that nothing needs. */
function deadMember(target: Target, name: string, visibility: "default" | "hidden"): string {
  return compile(
    target,
    `dead-${name}.s`,
    `${visibility === "hidden" ? ".hidden __start_things" : ""}
     .globl ${name}
     ${name}: .cfi_startproc
     ret
     .cfi_endproc
     .section things,"aw",@progbits
     .long 1
     .section .data.dead,"aw",@progbits
     .long __start_things - .`,
  );
}

eachTarget("--gc-sections keeps X for libraries by what they say of __start_X, and in which order", (target) => {
  const [one, two, open] = [
    deadMember(target, "one", "hidden"),
    deadMember(target, "two", "hidden"),
    deadMember(target, "open", "default"),
  ];
  const library = compile(target, "dead-library.s", ".globl __start_things\n.data\n__start_things: .long 5");
  const asking = compile(
    target,
    "dead-asking.s",
    `.data\n${target.wordBytes === 8 ? ".quad" : ".long"} __start_things`,
  );
  const program = ["-pie", "--dynamic-linker", "/loader", "-e", "0"];
  const orders = [
    [...program, one, "libdefining.so"],
    [...program, one, "libdefining.so", two],
    [...program, "libasking.so", one],
    [...program, open, "libdefining.so"],
    [...program, "libdefining.so", one],
    [...program, "libdefining.so", open, two],
    ["-shared", one, "libdefining.so"],
    ["-shared", "libdefining.so", one],
    ["-shared", one, "libasking.so"],
  ];
  likeGnuLd(target, (shop) => {
    shop.ld("libdefining.so", ["-shared", ...PLAIN, library]);
    shop.ld("libasking.so", ["-shared", ...PLAIN, asking]);
    for (const [i, order] of orders.entries()) shop.ld(`out-${i}`, [...order, ...PLAIN, "--gc-sections"]);
  });
});
