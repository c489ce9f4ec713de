// `solder view`: the page on these files, from a server of this machine's own; or one file with the page and the files in it.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseCommandLine } from "../arguments.ts";
import type { Io } from "../io.ts";
import { FAILURE, MISUSE, SUCCESS } from "../run-request.ts";
import { systemErrorText } from "../system-error.ts";
import { type Viewed, viewedFiles } from "./files.ts";
import { exportedPage, pageText } from "./page.ts";
import { serve } from "./server.ts";

export const VIEW_HELP = `Usage: solder view [options] FILE|DIRECTORY...

Opens the page on these files: their anatomy, a link or a load of them, and the answer
to every why. A program comes with the libraries that it gets here; a directory is taken
for the root of all paths. A record that --explain wrote is opened as what it records.

The page is served to this machine only, under an address that nobody can guess, until it
is closed.

      --export PAGE.html  write one file with the page and the files in it instead
      --no-libraries      only the files that are named
      --no-open           print the address, but start no browser
      --port NUMBER       default: any that is free
  -h, --help              this text

Exit status: 0 the page was closed, or written; 1 a file cannot be read, or the page is not
built (npm run page); 2 wrong usage.

Examples:
  solder view ./prog
  solder view main.o libfoo.a
  gcc -B libexec main.c -Wl,--explain=link.solder && solder view link.solder
  solder view --export bug.html ./prog
`;

const OPTIONS = {
  export: { type: "string" },
  "no-libraries": { type: "boolean" },
  "no-open": { type: "boolean" },
  port: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs `solder view` with the arguments behind its name; ends when the page is closed. @returns the exit status */
export async function runView(args: readonly string[], io: Io): Promise<number> {
  const parsed = parseCommandLine(args, OPTIONS);
  const wrong = (text: string): number => {
    io.err(`solder view: error: ${text}; see solder view --help\n`);
    return MISUSE;
  };
  if (typeof parsed === "string") return wrong(parsed);
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.out(VIEW_HELP);
    return SUCCESS;
  }
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535) return wrong("--port takes a number up to 65535");
  if (positionals.length === 0) return wrong("no files given");
  const failed = (text: string): number => {
    io.err(`solder view: error: ${text}\n`);
    return FAILURE;
  };
  const page = pageText();
  if (page === undefined) return failed("the page is not built; build it with: npm run page");
  const viewed = viewedFiles(positionals, values["no-libraries"] !== true, io);
  if (typeof viewed === "string") return failed(viewed);
  if (values.export !== undefined) return write(values.export, page, viewed, failed);
  try {
    await serve({
      page,
      viewed,
      port,
      ready: (url) => {
        io.out(`${url}\n`);
        if (values["no-open"] !== true) openBrowser(url, io);
      },
    });
  } catch (cause) {
    return failed(systemErrorText(cause));
  }
  return SUCCESS;
}

function write(path: string, page: string, viewed: Viewed, failed: (text: string) => number): number {
  try {
    writeFileSync(path, exportedPage(page, viewed));
    return SUCCESS;
  } catch (cause) {
    return failed(`${path}: ${systemErrorText(cause)}`);
  }
}

/** Where there is a desktop; elsewhere the address is enough. */
function openBrowser(url: string, io: Io): void {
  const { platform } = process;
  const hasDesktop = platform !== "linux" || io.env.DISPLAY !== undefined || io.env.WAYLAND_DISPLAY !== undefined;
  if (!hasDesktop) return;
  const [command, ...first] =
    platform === "darwin" ? ["open"] : platform === "win32" ? ["cmd", "/c", "start", ""] : ["xdg-open"];
  const child = spawn(command, [...first, url], { stdio: "ignore", detached: true });
  // There may be no such program; the address stands above.
  child.on("error", () => {});
  child.unref();
}
