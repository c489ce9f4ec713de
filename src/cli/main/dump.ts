// `solder dump`.

import { nodeFiles } from "../../host/node-files.ts";
import { runDump } from "../dump.ts";
import { start } from "./start.ts";

start("dump", (args, io) => runDump(args, io, nodeFiles));
