// The files of the page's samples, in base64 by sample and name: objects from examples/, and what Solder links of them. Needs dist/ and
// no compiler.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export async function samples() {
  const { linkCommandLine } = await import("../dist/cli/ld/command-line.js");
  const { memoryFiles } = await import("../dist/host/memory-files.js");
  const read = (folder, name) => new Uint8Array(readFileSync(join(root, "examples", folder, name)));

  /** A set of files that is added to by reading and linking. */
  function workshop() {
    const files = new Map();
    const from = (folder, ...names) => {
      for (const name of names) files.set(name, read(folder, name));
    };
    const link = (output, ...args) => {
      const { result, problems } = linkCommandLine(["-o", output, ...args], { files: memoryFiles(files) });
      if (result.image === undefined) throw new Error(`${output}: ${JSON.stringify(problems)}`);
      files.set(output, result.image);
    };
    /** What the page gets, under these names. */
    const give = (...names) =>
      Object.fromEntries(names.map((name) => [name, Buffer.from(files.get(name)).toString("base64")]));
    return { files, from, link, give };
  }

  const hello = () => {
    const { from, give } = workshop();
    const names = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];
    from("prebuilt", ...names);
    return give(...names);
  };

  const bases = () => {
    const { from, give } = workshop();
    from("samples", "user.o", "definer.o");
    return give("user.o", "definer.o");
  };

  const relocated = () => {
    const { from, link, give } = workshop();
    from("samples", "add-i386.o", "add-main-i386.o", "start-i386.o");
    link("libadd.so", "-m", "elf_i386", "-shared", "-z", "notext", "-soname", "libadd.so", "add-i386.o");
    link("add-main", "-m", "elf_i386", "--no-dynamic-linker", "start-i386.o", "add-main-i386.o", "libadd.so");
    return give("add-main", "libadd.so");
  };

  const lazy = () => {
    const { from, link, give } = workshop();
    from("samples", "start.o", "calls-printf.o", "print.o");
    link("libprint.so", "-shared", "-soname", "libprint.so", "print.o");
    link("numbers", "-pie", "--no-dynamic-linker", "-z", "lazy", "start.o", "calls-printf.o", "libprint.so");
    return give("numbers", "libprint.so");
  };

  const preload = () => {
    const { from, link, give } = workshop();
    from("samples", "start.o", "calls-add.o", "helper-user.o", "helper-one.o", "helper-hundred.o");
    link("libadd.so", "-shared", "-soname", "libadd.so", "helper-user.o", "helper-one.o");
    link("libhundred.so", "-shared", "-soname", "libhundred.so", "helper-hundred.o");
    link("program", "-pie", "--no-dynamic-linker", "start.o", "calls-add.o", "libadd.so");
    // Found first with LD_LIBRARY_PATH=/symbolic.
    link("symbolic/libadd.so", "-shared", "-Bsymbolic", "-soname", "libadd.so", "helper-user.o", "helper-one.o");
    return give("program", "libadd.so", "libhundred.so", "symbolic/libadd.so", "helper-user.o", "helper-one.o");
  };

  const version = () => {
    const { files, from, link, give } = workshop();
    from("samples", "start.o", "calls-greet.o", "greet-old.o", "greet-new.o", "greet.map");
    files.set("old.map", new TextEncoder().encode("GREET_1.0 { global: greet; local: *; };\n"));
    link("libgreet.so", "-shared", "-soname", "libgreet.so", "--version-script=greet.map", "greet-new.o");
    link("program", "-pie", "--no-dynamic-linker", "start.o", "calls-greet.o", "libgreet.so");
    link("libgreet.so", "-shared", "-soname", "libgreet.so", "--version-script=old.map", "greet-old.o");
    return give("program", "libgreet.so");
  };

  const mangled = () => {
    const { from, give } = workshop();
    const names = ["start.o", "calls-twice.o", "twice.o"];
    from("samples", ...names);
    return give(...names);
  };

  const addon = () => {
    const { files, from, link, give } = workshop();
    from("samples", "addon.o", "twice.o");
    const soname = "libc.musl-x86_64.so.1";
    link(soname, "-shared", "-soname", soname, "twice.o");
    link("addon.node", "-shared", "--no-as-needed", "addon.o", soname);
    files.delete(soname);
    return give("addon.node");
  };

  return {
    hello: hello(),
    bases: bases(),
    relocated: relocated(),
    lazy: lazy(),
    preload: preload(),
    version: version(),
    mangled: mangled(),
    addon: addon(),
  };
}
