// Serves the page and its files to this machine only, under an address that nobody can guess, for as long as the page is open.

import { randomBytes } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Viewed } from "./files.ts";
import { isPart, pageDirectory, pageWith } from "./page.ts";

/** A page that is loaded again is away for a moment. Milliseconds. */
const GRACE = 3000;

const HEADERS = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  // Nothing may be fetched but from here; the worker is made of a text of the page's, disassemblers are WebAssembly.
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data:; connect-src 'self'",
} as const;

export interface ServeOptions {
  readonly page: string;
  readonly viewed: Viewed;
  readonly port: number;
  /** Told where the page is. */
  readonly ready: (url: string) => void;
}

/** Ends when the page has been closed. */
export function serve({ page, viewed, port, ready }: ServeOptions): Promise<void> {
  const secret = randomBytes(16).toString("hex");
  const files = viewed.files.map(({ path }, i) => ({ path, url: `file/${i}` }));
  const html = pageWith(page, { begin: viewed.begin, files, alive: "alive" });
  return new Promise((done, fail) => {
    let open = 0;
    let timer: NodeJS.Timeout | undefined;
    const server = createServer((request, response) => {
      const name = nameAsked(request, secret);
      if (name === undefined) return refuse(response);
      if (name === "") return send(response, "text/html; charset=utf-8", html);
      if (isPart(name)) return send(response, "text/javascript; charset=utf-8", partText(name));
      if (name === "alive") {
        open++;
        clearTimeout(timer);
        response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
        response.write("data: here\n\n");
        response.on("close", () => {
          open--;
          if (open === 0) timer = setTimeout(close, GRACE);
        });
        return;
      }
      const source = viewed.files[Number(/^file\/(\d+)$/.exec(name)?.[1] ?? -1)]?.source;
      if (source === undefined) return refuse(response);
      response.writeHead(200, { ...HEADERS, "content-type": "application/octet-stream" });
      createReadStream(source)
        .on("error", () => response.destroy())
        .pipe(response);
    });
    const close = (): void => {
      server.close(() => done());
      server.closeAllConnections();
    };
    server.on("error", fail);
    server.listen(port, "127.0.0.1", () => {
      const { port: chosen } = server.address() as AddressInfo;
      ready(`http://127.0.0.1:${chosen}/${secret}/`);
    });
  });
}

/** What stands behind the secret; undefined for requests without it, or of another host's name (DNS rebinding). */
function nameAsked({ url = "", headers, method }: IncomingMessage, secret: string): string | undefined {
  const isHere = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "");
  const start = `/${secret}/`;
  const path = url.split("?")[0];
  return isHere && method === "GET" && path.startsWith(start) ? path.slice(start.length) : undefined;
}

function partText(name: string): string {
  try {
    return readFileSync(join(pageDirectory(), name), "utf8");
  } catch {
    return "";
  }
}

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { ...HEADERS, "content-type": type });
  response.end(text);
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, HEADERS);
  response.end();
}
