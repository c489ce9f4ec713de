// Words for what keeps a program, library or addon from loading on a system: the findings of load/check.

import type { MessageTable } from "./table.ts";

export const checkMessages: MessageTable = {
  "check-not-executable": {
    message: "nobody may execute it: starting it ends with Permission denied",
    cure: "chmod +x, and look where the bit got lost: archives made on Windows, zip, artifacts of CI",
  },
  "check-debug-file": {
    message: "debug information only, split off from the file that loads",
    cure: "check the file that it belongs to",
  },
  "check-dangling-link": {
    message: "a symbolic link to {target}, which is not there",
    cure: "install or copy what it leads to, or make the link anew: copies of trees and archives may have left one of the two out",
  },
  "check-unreadable": { message: "cannot be read[[: {reason}]]" },
  "check-foreign-machine": {
    message:
      "made for {found} ({bits} bits[[, {order}]]), which is not checked: machines that are known are {machines}",
    cure: "install or build the variant for the machine where it is to run, if that is another one",
  },
  "check-for-other-machine": {
    message: "made for {made}, not for {has}, which {system} is",
    cure: "install or build the {has} variant",
  },
  "check-system-without-machine": {
    message: "there is no {system} for {machine}",
    cure: "name a system that exists for {machine}[[, such as {others}]]; or a C library alone: glibc:2.43, musl",
  },
  "check-judged-elsewhere": {
    message: "made for {machine}[[ and {made}]], which {here} does not run: judged as on {system}",
  },
  "check-system-unknown": {
    message: "made for {made} on {machine}, whose rules are not known: not judged",
  },

  // Libraries.
  "check-library-missing": {
    message: "{library}: {reason}",
    more: ["{found} is there, but no RPATH leads to it"],
    cure: "install the package that has {library}, ship it beside the file and link with -Wl,-rpath,'$ORIGIN', or set LD_LIBRARY_PATH",
  },
  "check-library-not-in-base": {
    message: "needs what is not part of the base system of {system}: {libraries}",
    more: ["{found} is there, but no RPATH leads to it"],
    cure: "ship it along (-Wl,-rpath,'$ORIGIN') or install its package; --root checks against a root file system that has it",
  },
  "check-library-dangling": {
    message: "{library}: {path} is a symbolic link to {target}, which is not there",
    cure: "put {target} there too, or make the link anew (ldconfig does for libraries in its directories)",
  },
  "check-library-elsewhere": {
    message: "needs {libraries}, which no RPATH leads to: it loads in a program that has loaded {found} before",
  },
  "check-library-of-other-machine": {
    message: "{library} is there, but {path} is for another machine",
    cure: "install {library} for the machine of the program: both 64-bit or both 32-bit",
  },
  "check-library-unusable": {
    message: "{library}: {path} cannot be loaded[[: {reason}]]",
    cure: "put the right file in place of {path}; solder check {path} tells what it is",
  },
  "check-library-page-size": {
    message: "with pages of {page} bytes {library} cannot be loaded from {path}: {reason}",
    more: [
      "what the file has at offset {offset:hex} belongs at address {address:hex}: the largest pages that fit both are of {largest}",
    ],
    cure: "get a {library} that is linked with -z max-page-size=65536, or a kernel with smaller pages",
  },
  "check-not-judged": {
    message: "versions and symbols of {libraries} are not known for {system}: not checked",
  },

  // Versions.
  "check-glibc-too-old": {
    message: "needs {versions}: too new for {system}[[ ({has})]]",
    cure: "build it on the oldest system that it is to run on, or get a build for that",
  },
  "check-gcc-runtime-too-old": {
    message: "needs {versions} of {library}: too new for {system}[[ (up to {has})]]",
    more: ["{found} has that, but no RPATH leads to it"],
    cure: "build it with GCC {gcc} or older, or link with -static-libstdc++ -static-libgcc",
  },
  "check-version-not-shipped": {
    message: "needs {versions} of {library}, but {path}, which comes along, does not have that",
    more: ["{found} has that, but no RPATH leads to it"],
    cure: "ship the {library} that it was built with",
  },
  "check-version-missing": {
    message: "needs {versions} of {library}, but {path} does not have that",
    more: ["{found} has that, but no RPATH leads to it"],
    cure: "build it on this system, or install a newer {library}",
  },
  "check-version-elsewhere": {
    message:
      "needs {versions} of {library}, which the one that the search finds lacks: it loads in a program that has loaded {found} before",
  },
  "check-version-unknown": {
    message: "needs {versions} of {library}, but {path} has no versions: it loads with a warning",
  },
  "check-version-without-library": {
    message:
      "asks for {versions} of {library} without needing {library} (no DT_NEEDED): ld.so ends with an assertion of dl-version.c, unless something else loads that",
    cure: "patchelf --add-needed {library}; or take the versions away too (patchelf --clear-symbol-version) if nothing of it is used",
  },
  "check-private-symbols-missing": {
    message: "needs symbols that are private to glibc, and the one here does not have them: it is of another release",
    cure: "keep libc.so.6, its siblings and ld.so of one release together: look at LD_LIBRARY_PATH, RPATH, and copies of them that are shipped along",
  },
  "check-private-symbols": {
    message: "uses symbols that are private to glibc: it works only with the very release it was built for",
    cure: "do not ship parts of glibc; build it on the system where it is to run",
  },

  // Symbols.
  "check-symbols-missing": {
    message: "needs symbols that nothing on {system} defines",
    cure: "link with the library that defines them, or build it where it is to run",
  },
  "check-symbols-missing-late": {
    message: "calls functions that nothing defines: it loads, and ends when it calls one of them",
    cure: "link with the library that defines them; with LD_BIND_NOW=1 it does not start at all",
  },
  "check-symbol-size": {
    message:
      'copies variables that are larger in the library: "has different size in shared object, consider re-linking"',
    cure: "link it again with the library that is there, or compile it with -fPIE so that it keeps no copies",
  },
  "check-protected-copied": {
    message: "copies variables that their library protects, and so does not share: each has its own",
    cure: "compile it with -fPIE -mno-direct-extern-access, or give the variables default visibility",
  },
  "check-protected-function": {
    message: "has its own addresses of functions that their library protects: pointers to them differ",
    cure: "compile it with -fPIE -mno-direct-extern-access, or give the functions default visibility",
  },
  "check-ifunc-order": {
    message: "binds IFUNCs of a library that is relocated later: their resolvers may run too early",
    cure: "link the library that uses them with the one that defines them",
  },
  "check-symbols-of-program": {
    message: "leaves symbols to the program that loads it",
  },
  "check-addon-of-other-machine": {
    message: "made for {made}, but Node.js here is for {has}",
    cure: "install or build the {has} variant",
  },
  "check-no-node": {
    message: "there is no Node.js to compare with: its symbols are not checked",
    cure: "name one with --node",
  },
  "check-symbols-of-node": {
    message: "needs symbols that this Node.js does not export",
    cure: "build the addon for this version of Node.js; an addon with Node-API (napi_*) needs no rebuild for newer ones",
  },

  "check-node-version": {
    message: "compiled for NODE_MODULE_VERSION {versions}[[ ({releases})]], but this Node.js has {has}[[ ({node})]]",
    cure: "npm rebuild, or the build for {has} (prebuilds are called abi{has} or node-v{has}); addons that keep to Node-API need none for each version",
  },
  "check-node-version-unknown": {
    message: "registers itself by node_module_register, for a NODE_MODULE_VERSION that could not be read: not checked",
  },
  "check-node-api-version": {
    message: "asks for Node-API {wanted}, but this Node.js has {has}: opening it ends in an error or by SIGSEGV",
    cure: "use a newer Node.js, or compile it with NAPI_VERSION={has}",
  },
  "check-node-entry-missing": {
    message: 'has no entry point of an addon: Node.js says "Module did not self-register"',
    cure: "export napi_register_module_v1 (NAPI_MODULE, NODE_API_MODULE) or a NODE_MODULE; a plain library is not to be called .node",
  },

  // The other C library.
  "check-foreign-program": {
    message:
      'made for {made}, not for the {has} of {system}: there is no {interpreter}, and starting it says "not found"',
    cure: "get or build the {has} variant, or link it statically",
  },
  "check-interpreter-missing": {
    message: 'asks for the dynamic linker {interpreter}, which {system} does not have: starting it says "not found"',
    cure: "link it for the system, or set the path with patchelf --set-interpreter",
  },
  "check-no-linker": {
    message: "there is no dynamic linker for {machine} on {system}",
    cure: "name systems with --for or a root directory with --root, or install the C library for {machine} (Debian: {package})",
  },
  "check-load-fails": { message: "cannot be loaded: {reason}" },
  "check-load-fails-late": {
    message: "loads, and ends when a function is called first: {reason}",
    cure: "with LD_BIND_NOW=1 it ends at the start; link and compile it anew for the library that is there",
  },
  "check-relocations-unknown": {
    message: 'has relocations that musl does not know ({count} of them[[: {types}]]): "{reason}"',
    cure: "compile it for musl, without IFUNCs (the attributes ifunc and target_clones)",
  },
  "check-refused": {
    message: "the dynamic linker of {system} does not open it: {reason}",
    cure: "build it for Linux on {machine}, as a shared library (-shared), with a linker that is not older than its tools",
  },
  "check-other-abi": {
    message: "made for {abi}: the dynamic linker of {system} passes over it as if it were not there",
    cure: "build it for the ABI of {system}: with the compiler's own -mabi, -mfloat-abi and -mnan",
  },
  "check-page-size": {
    message: "with pages of {page} bytes the dynamic linker of {system} does not open it: {reason}",
    more: [
      "what the file has at offset {offset:hex} belongs at address {address:hex}: the largest pages that fit both are of {largest}",
    ],
    cure: "link it with -z max-page-size=65536, which does for all page sizes",
  },
  "check-larger-pages": {
    message: "it does not load where the kernel has pages of {pages}[[: {reason}]]",
    more: [
      "what the file has at offset {offset:hex} belongs at address {address:hex}: the largest pages that fit both are of {largest}",
      "Asahi Linux and the Raspberry Pi 5 have 16 KiB; RHEL 8 for Arm and Linux on POWER have 64 KiB",
    ],
    cure: "link it with -z max-page-size=65536, which does for all page sizes",
  },
  "check-foreign-library": {
    message: "made for {made}, not for the {has} of {system}[[: {reason}]]",
    more: ["it lacks {libraries}"],
    cure: "install the {has} variant (npm packages name it {has:variant}), or build it there",
  },
  "check-foreign-system": {
    message: "made for {made}, not for Linux with {has}, as on {system}[[: {reason}]]",
    more: ["it lacks {libraries}"],
    cure: "install the {has} variant (npm packages name it {has:variant}), or build it there",
  },
  "check-foreign-library-loads": {
    message: "made for {made}, not for the {has} of {system}: it may load, yet the two lay out data differently",
    cure: "install the {has} variant (npm packages name it {has:variant}), or build it there",
  },

  // Android.
  "check-foreign-for-android": {
    message: "made for {made}, not for {system}",
    cure: "build it with the NDK, or get the variant for Android (npm packages name it android-{machine:cpu})",
  },
  "check-android-pie": {
    message: "a program at fixed addresses: Android runs position-independent programs only",
    cure: "compile it with -fPIE and link it with -pie",
  },
  "check-android-library": {
    message: "needs what is not among the libraries that {system} gives to apps: {libraries}",
    more: ["{found} is there: put it into the app's directory of libraries too"],
    cure: "ship it in the app's directory of libraries, or use public libraries of the NDK only: the linker refuses private ones of the platform",
  },
  "check-android-cxx": {
    message: "needs {libraries} of the NDK, which is no part of Android and does not come along",
    cure: "put the NDK's libc++_shared.so into the app's directory of libraries, or build with the static one (ANDROID_STL=c++_static)",
  },
  "check-android-library-later": {
    message: "needs {libraries}, which Android has from API level {since} on: too new for {system}",
    cure: "raise minSdkVersion to {since}, or open it by dlopen where it is there",
  },
  "check-android-needed-path": {
    message: "needs libraries by their paths, which the linker of {system} takes as they are: {libraries}",
    cure: "give the libraries a DT_SONAME (-Wl,-soname) and link again",
  },
  "check-android-too-old": {
    message: "needs {versions}: Android has that from API level {since} on, too new for {system}",
    cure: "build it with the NDK for the API level that it is to run on (--target=…-android{since} is too high), or raise minSdkVersion to {since}",
  },
  "check-android-built-for": {
    message: "built for API level {built}, newer than {system}: it may call what that does not have",
    cure: "build it for the lowest API level that it is to run on (--target=…-android21)",
  },
  "check-android-private": {
    message: "uses symbols that are private to Android ({versions}): apps may not",
    cure: "use the public API of the NDK; a later release may not have them",
  },
  "check-android-text-relocations": {
    message: "has relocations in read-only memory (DT_TEXTREL), which the linker of {system} refuses",
    cure: "compile all of it with -fPIC; ld -z text names the objects",
  },
  "check-android-relocations": {
    message: "has relocations in {what}, which Android applies from API level {since} on: it would crash on {system}",
    cure: "link without -z pack-relative-relocs and --pack-dyn-relocs, or raise minSdkVersion to {since}",
  },
  "check-android-no-sections": {
    message: "has no section headers: the linker of {system} refuses it",
    cure: "keep the section headers: strip them with no tool that takes more than symbols",
  },
  "check-android-writable-code": {
    message: "has a segment that is writable and executable: the linker of {system} refuses it",
    cure: "link without -N and without scripts that put code and data together",
  },
  "check-android-hash": {
    message: "has no DT_HASH: {system} does not know DT_GNU_HASH",
    cure: "link with --hash-style=both",
  },
  "check-android-soname": {
    message: "has no DT_SONAME: its file name stands for it, and what links with it may need a path",
    cure: "link with -Wl,-soname",
  },
  "check-android-runpath": {
    message: "has a DT_RUNPATH, which {system} does not look at",
    cure: "put all libraries into the app's directory, or raise minSdkVersion to 24",
  },
  "check-android-tls": {
    message: "has thread-local variables of ELF (PT_TLS), which Android knows from API level 29 on: not {system}",
    cure: "compile it for its API level with the NDK's clang, which emulates them (-femulated-tls)",
  },
  "check-android-tls-alignment": {
    message:
      "the TLS segment of the program is aligned to {alignment}, and Android needs {least}: executable's TLS segment is underaligned",
    cure: "link it with the NDK's start files (crtbegin_dynamic.o)",
  },
  "check-static-tls-android": {
    message: "uses {bytes} bytes of static TLS, which Android gives to nothing that dlopen opens",
    cure: "compile it without -ftls-model=initial-exec",
  },
  "check-android-page-size": {
    message:
      "its segments are aligned to {alignment} bytes, less than the pages of {page}: {system} does not load it there",
    cure: "link it with -z max-page-size=16384 (the default of NDK r28), and with a libc++_shared.so of that NDK",
  },
  "check-android-16k": {
    message:
      "its segments are aligned to {alignment} bytes: devices with pages of 16 KiB do not load it as it is, and Google Play demands 16384 of apps for API level 35 on",
    cure: "link it with -z max-page-size=16384 (the default of NDK r28)",
  },
  "check-android-symbols": {
    message: "symbols of Android's libraries are known by their versions only: single ones are not checked",
  },

  // The file itself.
  "check-executable-stack": {
    message: "asks for an executable stack: hardened systems refuse it, and so does dlopen of glibc from 2.41 on",
    cure: 'link with -z noexecstack; assembler sources need .section .note.GNU-stack,"",%progbits',
  },
  "check-executable-stack-refused": {
    message: "asks for an executable stack: glibc from 2.41 on does not open it",
    cure: 'link with -z noexecstack; assembler sources need .section .note.GNU-stack,"",%progbits',
  },
  "check-text-relocations": {
    message:
      "has relocations in read-only memory (DT_TEXTREL; {count} of them): SELinux and hardened kernels refuse to load it",
    cure: "compile all of it with -fPIC; ld -z text names the objects",
  },
  "check-static-tls": {
    message:
      'needs {bytes} bytes of static TLS; dlopen has {budget} for all libraries: "cannot allocate memory in static TLS block"',
    cure: "compile it without -ftls-model=initial-exec, load it with LD_PRELOAD, or raise GLIBC_TUNABLES=glibc.rtld.optional_static_tls",
  },
  "check-static-tls-musl": {
    message: "uses {bytes} bytes of static TLS, which musl gives to nothing that dlopen opens",
    cure: "compile it without -ftls-model=initial-exec",
  },
  "check-isa-level": {
    message: "needs a CPU with {level}",
    cure: "compile with -march=x86-64 to run on every x86-64 CPU",
  },
  "check-isa-level-missing": {
    message: 'needs a CPU with {level}, this one has {cpu}: "CPU ISA level is lower than required"',
    cure: "compile with -march=x86-64 or -march={cpu}",
  },
  "check-relr-unknown": {
    message: "has packed relocations (DT_RELR), which only {since} and later apply: it would crash",
    cure: "link without -z pack-relative-relocs",
  },
  "check-relr-without-version": {
    message: "has packed relocations (DT_RELR) and no version GLIBC_ABI_DT_RELR: glibc from 2.36 on refuses it",
    cure: "link with -z pack-relative-relocs by a linker that adds the version",
  },
};
