// The worker with the interpreter, started when something is first executed.

import { countWaiting, givenFiles } from "../app/state.ts";
import { type Client, createClient } from "./client.ts";
import { startWorker } from "./parts.ts";

let client: Client | undefined;

export function runClient(): Client {
  client ??= createClient(() => startWorker("run"), givenFiles, countWaiting);
  return client;
}
