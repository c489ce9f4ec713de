// How every command answers its command line: with help, with what is wrong with it, or by doing what it asks for.

import type { Io } from "./io.ts";

export const SUCCESS = 0;
/** Something was found that is no good, or that could not be read. */
export const FAILURE = 1;
/** A command line that makes no sense. */
export const MISUSE = 2;

/**
 * Does what a command line asks for.
 * @param command its name behind `solder`  @param request undefined: for help; text: what is wrong with the command line
 * @returns the exit status
 */
export function runRequest<Request extends object>(
  command: string,
  help: string,
  request: Request | string | undefined,
  io: Io,
  run: (request: Request) => number,
): number {
  if (request === undefined) {
    io.out(help);
    return SUCCESS;
  }
  if (typeof request !== "string") return run(request);
  io.err(`solder ${command}: error: ${request}; see solder ${command} --help\n`);
  return MISUSE;
}
