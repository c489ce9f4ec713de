// Objects that hold only the compiler's intermediate code cannot be linked, and are named.

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { archive, compile, x86_64 } from "../../support/build.ts";
import { underTest, workshop } from "../../support/link.ts";
import { needs } from "../../support/tools.ts";

const slim = ["-flto", "-fno-fat-lto-objects"];
const main = "int value(void); int main(void) { return value(); }";

test("a slim LTO object is refused by name", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  const object = compile(x86_64, "slim.c", "int main(void) { return 0; }", slim);
  match(shop.refuses("a", [object], "ld"), /slim\.o: slim LTO object/);
});

test("so is a member of an archive that is needed", needs(...x86_64.tools, "gcc-ar"), () => {
  const shop = workshop(underTest, x86_64);
  const member = compile(x86_64, "slim.c", "int value(void) { return 0; }", slim);
  const library = archive(shop.directory, "libslim.a", [member]);
  const said = shop.refuses("a", ["-e", "main", compile(x86_64, "main.c", main), "--whole-archive", library], "ld");
  match(said, /libslim\.a\(slim\.o\): slim LTO object/);
});

test("an object with code besides is linked", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  const fat = compile(x86_64, "fat.c", "int value(void) { return 7; }", ["-flto", "-ffat-lto-objects"]);
  shop.cc("a", ["-fno-lto", compile(x86_64, "main.c", main), fat]);
  equal(shop.run("a").status, 7);
});
