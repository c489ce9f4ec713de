// `solder server`. The only command that waits for something, and so does not end when its function returns.

import { processIo } from "../process-io.ts";
import { SUCCESS } from "../run-request.ts";
import { runServer, SERVER_HELP } from "../server/command.ts";
import { end, start } from "./start.ts";

const [command, ...args] = process.argv.slice(2);
if (command === "server") runServer(args, processIo).then(end);
else
  start("server", (_args, io) => {
    io.out(SERVER_HELP);
    return SUCCESS;
  });
