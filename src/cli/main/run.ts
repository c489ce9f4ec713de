// `solder run`.

import { rawArguments, rawEnvironment } from "../../host/raw-names.ts";
import { runHost } from "../run/host.ts";
import { runRun } from "../run/run.ts";
import { start } from "./start.ts";

start("run", (args, io) => runRun(rawArguments(args), { ...io, env: rawEnvironment(io.env) }, runHost));
