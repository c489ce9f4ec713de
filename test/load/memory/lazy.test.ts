// Lazy binding: the program looks into its own slots before, between and after two calls, and says what it sees.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import {
  callSlot,
  dladdr,
  type LoadedObject,
  type LoadedProcess,
  type PltSlot,
  pltSlots,
  readWord,
} from "../../../src/load/index.ts";
import { i386, type Target, targets } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { agree, workshop } from "../judges/agree.ts";
import { loaded } from "../judges/reality.ts";

/** Prints the slot of `puts` relative to the program (unbound) or to the object it leads to. */
const SOURCE = `#define _GNU_SOURCE
  #include <dlfcn.h>
  #include <stdio.h>
  #include <elf.h>
  extern long _GLOBAL_OFFSET_TABLE_[] __attribute__((visibility("hidden")));
  static void look(int index) {
    long value = _GLOBAL_OFFSET_TABLE_[3 + index];
    Dl_info info;
    dladdr((void *)value, &info);
    fprintf(stderr, "%s %lx\\n", info.dli_fname, value - (long)info.dli_fbase);
  }
  int main(int count, char **arguments) {
    int index = arguments[1][0] - '0';
    look(index);
    puts("one");
    look(index);
    puts("two");
    look(index);
    return 0;
  }`;

function slotOf(task: LoadedProcess, name: string): PltSlot {
  const slot = pltSlots(task, task.objects[0]).find((other) => other.name === name);
  ok(slot !== undefined, `there is a slot for ${name}`);
  return slot;
}

/** A value as the program prints it. */
function shown(task: LoadedProcess, value: number): string {
  const info = dladdr(task, value);
  ok(info !== undefined);
  return `${info.object.name} ${(value - info.object.start).toString(16)}`;
}

function build(target: Target): string {
  const protection = target === i386 ? [] : ["-fcf-protection=none"];
  return workshop(target, [...protection, "-O1"]).program("main", SOURCE, "-Wl,-z,lazy,-z,norelro");
}

for (const target of targets) {
  for (const [what, environment] of [
    ["by itself", {}],
    ["with LD_BIND_NOW", { LD_BIND_NOW: "1" }],
    ["with LD_BIND_NOT", { LD_BIND_NOT: "1" }],
  ] as const) {
    test(
      `${target.name}: the slot before, after the first call and after the second, ${what}`,
      needs(...target.tools),
      () => {
        const program = build(target);
        const task = loaded(program, environment);
        const { index, row } = slotOf(task, "puts");
        const { stderr } = run(program, [String(index)], { env: environment });
        const seen = [shown(task, slotOf(task, "puts").value)];
        for (let call = 0; call < 2; call++) {
          callSlot(task, task.objects[0], row);
          seen.push(shown(task, slotOf(task, "puts").value));
        }
        // puts is no IFUNC, so all is decided.
        equal(seen.join("\n"), stderr.trimEnd());
      },
    );
  }

  test(
    `${target.name}: a call pushes the slot's number, and PLT0 goes to the resolver by GOT[1] and GOT[2]`,
    needs(...target.tools),
    () => {
      const task = loaded(build(target));
      const [program] = task.objects;
      const slot = slotOf(task, "puts");
      const call = callSlot(task, program, slot.row);
      ok(call.stub !== undefined, "the slot led to push and jmp");
      equal(call.stub.pushed, target === i386 ? slot.index * 8 : slot.index);
      const { push = 0 } = call.stub;
      equal(slot.value, push);
      equal(call.stub.index, slot.index);
      ok(call.stub.plt0 < push && program.start < call.stub.plt0);
      deepEqual(
        [call.linkMapWord, call.resolverWord],
        task.loaderWords.filter(({ object }) => object === program).map(({ site }) => site),
      );
      equal(call.provider?.file.soname, "libc.so.6");
      equal(readWord(program.regions ?? [], slot.site, task.record.facts), call.target);
      const again = callSlot(task, program, slot.row);
      deepEqual([again.resolved, again.target, again.stub], [false, call.target, undefined]);
    },
  );

  test(`${target.name}: a PLT for control-flow protection`, needs(...target.tools), () => {
    const shop = workshop(target, ["-fcf-protection"]);
    const path = shop.program(
      "main",
      '#include <stdio.h>\nint main(void) { return puts("x") < 0; }',
      "-Wl,-z,lazy,-z,ibtplt",
    );
    const task = agree(target, path);
    const lazy = loaded(path);
    const slot = slotOf(lazy, "puts");
    const call = callSlot(lazy, lazy.objects[0], slot.row);
    equal(call.stub?.push, slot.value + 4);
    ok(task.objects.length > 0);
  });
}

test("a name that nothing defines ends the process at its first call", needs("gcc"), () => {
  const shop = workshop(targets[0]);
  shop.library("gone", "int gone(void) { return 1; }");
  const path = shop.program("main", "int gone(void); int main(void) { return gone(); }", "-Wl,-z,lazy", "-lgone");
  shop.library("gone", "int other(void) { return 1; }");
  const { status, stderr } = run(path);
  const task = loaded(path);
  equal(task.exitCode, undefined);
  callSlot(task, task.objects[0], slotOf(task, "gone").row);
  equal(`${task.messages.map(({ text }) => text).join("\n")}\n`, stderr);
  equal(task.exitCode, status);
});

function bindingsOf(object: LoadedObject): readonly number[] {
  return [...(object.bindings?.rule ?? [])];
}

test("nothing is looked up twice: the second call finds the row bound", needs("gcc"), () => {
  const task = loaded(build(targets[0]));
  const [program] = task.objects;
  const { row } = slotOf(task, "puts");
  const before = bindingsOf(program);
  callSlot(task, program, row);
  const after = bindingsOf(program);
  deepEqual(
    after.flatMap((rule, i) => (rule === before[i] ? [] : [i])),
    [row],
  );
});
