// Words for what goes wrong when a program is loaded.

import type { MessageTable } from "./table.ts";

export const loadMessages: MessageTable = {
  "preload-ignored": {
    message: "{name} from {source} cannot be preloaded: {reason}; musl passes over it without a word",
  },
  "search-given-up": {
    message: "too many libraries are needed in too many directories: the rest was not searched for",
    cure: "no honest program comes near: do not trust this file",
  },
  "library-cache-damaged": {
    message: "the cache of libraries cannot be used: {what}",
    cure: "write it anew with ldconfig (in a root directory: ldconfig -r ROOT); programs of another machine want a root directory of their own (--root)",
  },
  "cpu-of-other-machine": {
    message: "--cpu {level} is no processor of {machine}, which this program is for",
    cure: "give one of its levels ({levels}), or leave --cpu out",
  },
  "cpu-without-levels": {
    message: "--cpu {level} is no processor of {machine}, which this program is for: its libraries have no levels",
    cure: "leave --cpu out",
  },

  // Relocatable objects in simulated memory
  "object-not-relocatable": {
    message: "this is {kind}, not a relocatable object",
    cure: "give objects (.o) together, or one program by itself",
  },
  "object-other-machine": {
    message:
      "this object is for {found} ({bits} bits[[, {order}]]), another machine[[ than {first}]], or one that Solder does not know",
    cure: "load objects for {machines}, all for the same one",
  },
  "object-too-large": { message: "more than 1 GiB of simulated memory asked for ({bytes} bytes at once)" },
  "objects-overlap": {
    message: "it is to be at {base:hex}, where {other} is (up to {end:hex})",
    cure: "give one of them another --base",
  },
  "object-out-of-reach": {
    message: "relocation truncated to fit: {type} against `{symbol:symbol}': {value:hex}",
    cure: "place the objects closer together (--base), or compile with -fPIC or -mcmodel=large",
  },
  "relocation-outside": { message: "{type} lies outside of its section ({size} bytes)" },
  "relocation-not-in-objects": {
    message: "{type} against `{symbol:symbol}' is for the dynamic linker: no object has it",
  },
  "base-not-movable": {
    message: "it is linked for {address:hex} and cannot be at {base:hex}: it is not position-independent",
    cure: "leave its base out, or link it with -pie",
  },
  "base-not-page": {
    message: "it cannot be at {base:hex}: pages begin at multiples of {page:hex}",
    cure: "give it a page's address, such as {start:hex}",
  },
  "base-beyond-memory": {
    message: "from {start:hex} it reaches to {end:hex}, but addresses of {machine} end at {limit:hex}",
    cure: "give it a lower --base",
  },
  "base-unknown": {
    message: "--base names {name}, which is not among the objects",
    cure: "write the name as it is given to load, or the last part of its path",
  },

  // Programs
  "cannot-open-program": { message: "cannot open it: {reason}" },
  "no-program-headers": { message: "it has no program headers, so there is nothing to load" },
  "cannot-load-machine": {
    message: "it is for {machine} ({bits} bits[[, {order}]]); programs that can be loaded are for {machines}",
  },
  "interpreter-missing": {
    message: "its loader {interpreter} cannot be opened",
    more: ["a shell says: cannot execute: required file not found"],
    cure: "install the C library that the program was built for, build the program for this one, or name a root directory that has the loader (--root)",
  },
  "loader-of-other-system": {
    message:
      "made for {made}, whose dynamic linker has other rules: shown as {library} would load it[[; solder check --for {system} applies those rules]]",
  },
  "segments-not-on-pages": {
    message: "its segments do not lie on pages of {page} bytes: the kernel kills the process as it starts it (SIGSEGV)",
    more: [
      "what the file has at offset {offset:hex} belongs at address {address:hex}: the largest pages that fit both are of {largest}",
    ],
    cure: "link it with -z max-page-size=65536, which does for all page sizes",
  },
  "segments-mapped-elsewhere": {
    message:
      "its segments do not lie on pages of {page} bytes: musl maps them nevertheless, with other bytes where they belong",
    cure: "link it with -z max-page-size=65536, which does for all page sizes",
  },
  "segment-beyond-file": {
    message: "file is truncated: {size} bytes, where its segments need {needed}",
    cure: "get the file again",
  },
  "static-tls-exhausted": {
    message: "cannot allocate memory in static TLS block: {left} bytes are left for libraries that dlopen loads",
    cure: "link the program with it, preload it, raise the tunable glibc.rtld.optional_static_tls, or compile it without -ftls-model=initial-exec",
  },
  "relocation-in-read-only-memory": {
    message: "relocations write to a read-only segment, but DT_TEXTREL is missing: the process is killed by SIGSEGV",
    cure: "compile it with -fPIC, or link it without -z notext",
  },
  "relocation-does-not-fit": {
    message: "{relocation} at {address:hex}: what it stands for does not fit into the instruction",
    more: [
      "glibc ends the process there: {relocation} relocation … out of range; on arm it sends a branch through a page of its own first",
    ],
    cure: "compile it with -fPIC, so that its code needs no relocations",
  },
  "resolver-fails": {
    message:
      "the process ends with a fault while it is relocated: the resolver[[ of {chooses:symbol}]] at {resolver:hex} in {library}[[ goes to {goes:hex}, where nothing is]][[ reads {reads:hex}, where nothing is]][[ writes {writes:hex}, where it may not]][[ divides by zero at {divides:hex}]]",
    more: [
      "{unrelocated:hex} is what a slot of its PLT has in the file: a resolver is run in the middle of relocation, when that slot has no load bias yet",
    ],
    cure: "let the resolver call nothing through the PLT and read no addresses that are relocated: __builtin_cpu_supports after __builtin_cpu_init, or static functions and numbers",
  },
  "relocation-outside-memory": {
    message: "a relocation for address {address:hex}, which no segment holds",
    cure: "get the file again; it is damaged or made by a broken tool",
  },
  "process-memory-full": {
    message: "its relocations change more than {bytes} bytes of memory; the rest is left as it is in the file",
    cure: "no honest program comes near: do not trust this file",
  },
};
