// The files of the page's samples, in base64 by sample and name.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export function samples() {
  const prebuilt = (...names) =>
    Object.fromEntries(
      names.map((name) => [name, readFileSync(join(root, "examples/prebuilt", name)).toString("base64")]),
    );
  return { hello: prebuilt("start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a") };
}
