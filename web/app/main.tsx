// Begins, in the place of what the page showed before (web/index.html).

import { render } from "preact";
import { Shell } from "./shell.tsx";
import { addGiven, notice } from "./state.ts";

const root = document.getElementById("root");
root?.replaceChildren();
if (root !== null) render(<Shell />, root);
addGiven().catch((cause: unknown) => {
  notice.value = `what the page was given cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
});
