// `solder why`.

import { runWhy } from "../why.ts";
import { start } from "./start.ts";

start("why", runWhy);
