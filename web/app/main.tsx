// Begins, in the place of what the page showed before (web/index.html).

import { render } from "preact";
import { Shell } from "./shell.tsx";
import { addGiven, notice } from "./state.ts";

/** To draw it takes the browser a document of its own, and so it comes when the page is on the screen. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 2h5v3H1zm0 4h5v3H1zm0 4h5v4H1zM10 2h5v6h-5zm0 7h5v5h-5z' fill='%230a66c2'/%3E%3C/svg%3E";
document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute("href", ICON);

const root = document.getElementById("root");
root?.replaceChildren();
if (root !== null) render(<Shell />, root);
addGiven().catch((cause: unknown) => {
  notice.value = `what the page was given cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
});
