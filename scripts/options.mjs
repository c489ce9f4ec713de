// Writes docs/options.md from the option table in src/cli/ld. Run after `npm run build`; a test holds the file to it.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { optionsDocument } = await import(join(root, "dist/cli/ld/options/document.js"));
writeFileSync(join(root, "docs/options.md"), optionsDocument());
