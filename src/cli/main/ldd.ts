// `solder ldd`.

import { runLdd } from "../ldd.ts";
import { start } from "./start.ts";

start("ldd", runLdd);
