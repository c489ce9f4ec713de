// Options that are taken because compilers or build systems pass them, and that ask for nothing an x86 ELF linker in one
// process does: tuning, plugins, and other systems' keywords.

import { noEffect, type OptionGroup, OTHERS, quiet, TWO_DASHES } from "./row.ts";

const FAST_ENOUGH = "memory and speed are not tuned by hand";
const NO_PLUGINS = "plugins are not run; objects that hold only LTO code are refused by name";
const NO_LTO = "there is no link-time optimizer";

export const compatibleOptions: OptionGroup = {
  title: "Taken for compatibility",
  rows: [
    quiet("-plugin=FILE", "Load a plugin of the compiler.", NO_PLUGINS),
    quiet("-plugin-opt=ARGUMENT", "Pass ARGUMENT to the plugin.", NO_PLUGINS),
    quiet("-flto[=JOBS]", "GCC's link-time optimization.", NO_LTO),
    quiet("-flto-partition=METHOD", "GCC's link-time optimization.", NO_LTO),
    quiet("-fuse-ld=NAME", "GCC's choice of linker.", "the linker is running already"),
    quiet("-g", "For old compilers.", "it never meant anything"),
    quiet("-Qy", "For System V.", "it never meant anything"),
    quiet("-qmagic", "For old Linux.", "it never meant anything"),
    quiet("-p", "For old Arm.", "it never meant anything", OTHERS),
    noEffect("-assert=KEYWORD", "For SunOS.", "it never meant anything"),
    quiet("--no-keep-memory", "Use less memory.", FAST_ENOUGH),
    quiet("--reduce-memory-overheads", "Use less memory.", FAST_ENOUGH),
    quiet("--max-cache-size=SIZE", "Use less memory.", FAST_ENOUGH, TWO_DASHES),
    quiet("--hash-size=COUNT", "Size of the linker's own hash tables.", FAST_ENOUGH),
    quiet("--map-whole-files", "The way gold reads files.", FAST_ENOUGH, TWO_DASHES),
    quiet("--no-map-whole-files", "The way gold reads files.", FAST_ENOUGH),
    quiet("--keep-files-mapped", "The way gold reads files.", FAST_ENOUGH, OTHERS),
    quiet("--no-keep-files-mapped", "The way gold reads files.", FAST_ENOUGH, OTHERS),
    quiet("--mmap-output-file", "The way the output is written.", FAST_ENOUGH, OTHERS),
    quiet("--no-mmap-output-file", "The way the output is written.", FAST_ENOUGH, OTHERS),
    quiet("--posix-fallocate", "The way the output is written.", FAST_ENOUGH, OTHERS),
    quiet("--no-posix-fallocate", "The way the output is written.", FAST_ENOUGH, OTHERS),
    quiet("--threads[=COUNT]", "Number of threads.", FAST_ENOUGH, OTHERS),
    quiet("--no-threads", "Number of threads.", FAST_ENOUGH, OTHERS),
    quiet("--thread-count=COUNT", "Number of threads.", FAST_ENOUGH, OTHERS),
    quiet("--fork", "The second process of mold.", "there is only one", OTHERS),
    quiet("--no-fork", "The second process of mold.", "there is only one", OTHERS),
    quiet("--quick-exit", "The way mold exits.", FAST_ENOUGH, OTHERS),
    quiet("--no-quick-exit", "The way mold exits.", FAST_ENOUGH, OTHERS),
    quiet("--no-incremental", "Incremental links of gold.", "every link is a full one", OTHERS),
    quiet("--incremental-full", "Incremental links of gold.", "every link is a full one", OTHERS),
    quiet("--ctors-in-init-array", "Put .ctors into .init_array.", "decided by the objects", OTHERS),
    quiet("--no-ctors-in-init-array", "Keep .ctors.", "decided by the objects", OTHERS),
    quiet("--text-reorder", "The order of code in gold.", "the order is GNU ld's", OTHERS),
    quiet("--no-text-reorder", "The order of code in gold.", "the order is GNU ld's", OTHERS),
    quiet("--fortran-common", "Let archive members override common symbols (default).", "done anyway", OTHERS),
    noEffect("--no-fortran-common", "Do not let them.", "GNU ld lets them", OTHERS),
    noEffect("--strip-lto-sections", "Leave out LTO code.", NO_LTO, OTHERS),
    noEffect("--fat-lto-objects", "Use the LTO code of fat objects.", "their machine code is used", OTHERS),
    quiet("--no-fat-lto-objects", "Use the machine code of fat objects.", "done anyway", OTHERS),
    quiet("--thinlto-jobs=COUNT", "LLVM's link-time optimization.", NO_LTO, OTHERS),
    quiet("--thinlto-cache-dir=DIRECTORY", "LLVM's link-time optimization.", NO_LTO, OTHERS),
    quiet("--thinlto-cache-policy=POLICY", "LLVM's link-time optimization.", NO_LTO, OTHERS),
    quiet("-mllvm=ARGUMENT", "Pass ARGUMENT to LLVM.", NO_LTO, OTHERS),
    noEffect("--vs-diagnostics", "Visual Studio's form of messages.", "messages have one form", OTHERS),
  ],
};
