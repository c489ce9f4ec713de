// Kernels that a loader starts (examples/bare-metal), laid out by their own scripts and run by qemu: they look at their data and
// .bss from the inside, and say so on the serial port.

import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { i386, repository, scratch, type Target, x86_64 } from "../../support/build.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { linkHere } from "./judge.ts";

const examples = join(repository, "examples/bare-metal");
/** qemu's end where a program writes 0x10 to the port of isa-debug-exit. */
const ENDED = 0x21;

function boot(target: Target, name: string): string {
  const directory = scratch(name);
  const object = join(directory, "kernel.o");
  tool("as", [target.wordBytes === 8 ? "--64" : "--32", join(examples, `${name}.s`), "-o", object]);
  const script = join(examples, `${name}.ld`);
  const { status, err } = linkHere(["-m", target.emulation, "-T", script, object, "-o", "kernel"], directory);
  equal(status, 0, err);
  const machine = "-nographic -no-reboot -m 32 -device isa-debug-exit,iobase=0xf4,iosize=4".split(" ");
  const ended = run("qemu-system-x86_64", [...machine, "-kernel", join(directory, "kernel")], { timeout: 60_000 });
  equal(ended.status, ENDED, ended.stdout + ended.stderr);
  return ended.stdout;
}

test("a Multiboot kernel for i386 starts", needs("as", "qemu-system-x86_64"), () => {
  match(boot(i386, "multiboot"), /Multiboot kernel: data and bss are right/);
});

test("a kernel for x86-64 runs in the upper half", needs("as", "qemu-system-x86_64"), () => {
  match(boot(x86_64, "higher-half"), /Higher-half kernel: data and bss are right/);
});
