// `solder check`.

import { runCheck } from "../check/check.ts";
import { start } from "./start.ts";

start("check", (args, io) => runCheck(args, io));
