// INCLUDE in a script among the inputs.

import { match } from "node:assert/strict";
import { compile, x86_64 } from "../../support/build.ts";
import { eachTarget, underTest, workshop } from "../../support/link.ts";

eachTarget(
  "INCLUDE stands for the commands of another script",
  (target) => {
    const shop = workshop(underTest, target);
    const object = compile(target, "main.s", ".globl _start\n_start: ret\n");
    shop.file("inner", `INPUT(${object})`);
    shop.ld("a", [shop.file("outer", "INCLUDE inner")]);
    match(shop.refuses("b", [object, shop.file("lost", "INCLUDE nowhere")], "ld"), /nowhere/);
    match(shop.refuses("b", [object, shop.file("self", "INCLUDE self")], "ld"), /too deeply/);
  },
  ...x86_64.tools,
);
