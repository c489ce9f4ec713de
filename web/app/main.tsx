// Begins.

import { render } from "preact";
import { Shell } from "./shell.tsx";
import { addGiven, notice } from "./state.ts";

const root = document.getElementById("root");
if (root !== null) render(<Shell />, root);
addGiven().catch((cause: unknown) => {
  notice.value = `what the page was given cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
});
