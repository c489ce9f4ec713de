// Words for what a file is that is not ELF, or is ELF that does not load. The real loader says "invalid ELF header" or worse; load and
// check say these.

import type { MessageTable } from "./table.ts";

export const notElfMessages: MessageTable = {
  "check-mach-o": {
    message: "not for Linux: a Mach-O file, made for macOS[[ on {detail}]]",
    cure: "install or build it on Linux; node_modules copied from a Mac need npm ci or npm rebuild in the container",
  },
  "check-pe": {
    message: "not for Linux: a PE file, made for Windows[[ on {detail}]]",
    cure: "install or build it on Linux; node_modules copied from Windows need npm ci or npm rebuild",
  },
  "check-lfs-pointer": {
    message: "a Git LFS pointer instead of the file it stands for",
    cure: "run git lfs pull, or install Git LFS before cloning",
  },
  "check-script": { message: "a script for {detail}, not an ELF file", cure: "look at {detail} instead" },
  "check-web-page": {
    message: "a web page instead of an ELF file",
    cure: "download it again: the server answered with a page, perhaps an error or a login",
  },
  "check-text": { message: "text, not an ELF file" },
  "check-compressed": {
    message: "a compressed file or archive, not an ELF file",
    cure: "unpack it and check what is in it",
  },
  "check-java-class": { message: "a Java class, not an ELF file" },
  "check-wasm": { message: "a WebAssembly module, not an ELF file" },
  "check-archive": {
    message: "a static library: an archive of objects for the linker, nothing that loads",
    cure: "check the program that it is linked into",
  },
  "check-object": {
    message: "an object for the linker, nothing that loads",
    cure: "check the program or library that it is linked into",
  },
  "check-core": { message: "a core dump, nothing that loads" },
  "check-empty": {
    message: "the file is empty",
    cure: "get or build it again: a download or a full disk may have cut it short",
  },
  "check-unknown": { message: "not an ELF file" },
};
