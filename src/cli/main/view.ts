// `solder view`. It waits until the page is closed.

import { processIo } from "../process-io.ts";
import { SUCCESS } from "../run-request.ts";
import { runView, VIEW_HELP } from "../view/view.ts";
import { end, start } from "./start.ts";

const [command, ...args] = process.argv.slice(2);
if (command === "view") runView(args, processIo).then(end);
else
  start("view", (_args, io) => {
    io.out(VIEW_HELP);
    return SUCCESS;
  });
