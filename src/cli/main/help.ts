// `solder`, `solder help`, `solder --version`, and names of commands that do not exist.

import { start } from "./start.ts";

start("", () => 0);
