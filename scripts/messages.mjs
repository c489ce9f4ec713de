// Writes docs/messages.md from the message table in src/explain. Run after `npm run build`; a test holds the file to it.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { messagesDocument } = await import(join(root, "dist/explain/document.js"));
writeFileSync(join(root, "docs/messages.md"), messagesDocument());
