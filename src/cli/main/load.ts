// `solder load`.

import { nodeFiles } from "../../host/node-files.ts";
import { runLoad } from "../load/load.ts";
import { start } from "./start.ts";

start("load", (args, io) => runLoad(args, io, nodeFiles));
