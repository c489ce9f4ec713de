// Begins.

import { render } from "preact";
import { Shell } from "./shell.tsx";

const root = document.getElementById("root");
if (root !== null) render(<Shell />, root);
