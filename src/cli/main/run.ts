// `solder run`.

import { runHost } from "../run/host.ts";
import { runRun } from "../run/run.ts";
import { start } from "./start.ts";

start("run", (args, io) => runRun(args, io, runHost));
