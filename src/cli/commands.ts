// What `solder` can do: one row a command, for its help. Each command is a bundle of its own (src/cli/main), so that a small
// link does not wait for the loader's code.

export interface CommandRow {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly examples: readonly string[];
}

export const commands: readonly CommandRow[] = [
  {
    name: "ld",
    summary: "link objects, archives and shared libraries; takes GNU ld's command line",
    examples: ["solder ld -o program crt1.o main.o -lc", "gcc -B path/to/libexec main.c   # libexec/ld is a drop-in"],
  },
  {
    name: "dump",
    summary: "show what is in ELF files and archives: sections and segments side by side, symbols, relocations, notes",
    examples: ["solder dump /usr/bin/ls", "solder dump --relocations main.o"],
  },
  {
    name: "ldd",
    summary:
      "show which libraries a program gets, found how and asked for by whom; or where a missing one was looked for",
    examples: ["solder ldd /usr/bin/git", "solder ldd --root ./image --profile musl /bin/app"],
  },
  {
    name: "load",
    summary: "load a program, or relocatable objects, into simulated memory: maps, bindings, relocations, each step",
    examples: ["solder load --trace ./prog", "solder load b.o a.o --base b.o=0x20000 --base a.o=0x30000"],
  },
  {
    name: "check",
    summary: "tell whether programs, libraries and Node.js addons will load, here or on other systems, and if not, why",
    examples: ["solder check /usr/bin/git", "solder check --for debian:12,alpine:3.20 node_modules"],
  },
  {
    name: "run",
    summary: "run a program instruction by instruction in simulated memory; nothing of it is executed by this machine",
    examples: ["solder run /usr/bin/seq 3", "solder run --trace=plt ./prog", "solder run --call foo a.o b.o --args 37"],
  },
  {
    name: "why",
    summary: "explain a symbol, a library or an address of a loaded program",
    examples: ["solder why ./prog puts libc.so.6 0x555555557fd8"],
  },
  {
    name: "view",
    summary:
      "open the page on files: their anatomy, links, loads and the reasons; or write it with the files into one file",
    examples: ["solder view ./prog", "solder view --export bug.html main.o libfoo.a"],
  },
  {
    name: "server",
    summary: "start, look at or stop a linker that stays, so that small links take a tenth of the time",
    examples: ["solder server start", "solder server status"],
  },
];
