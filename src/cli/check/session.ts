// What the checks of one run share: files, the dynamic linker's view of them, the symbols of Node.js.

import { existsSync, realpathSync } from "node:fs";
import { absolutePath } from "../../host/from-root.ts";
import { nodeLoadFiles } from "../../host/load-files.ts";
import {
  androidTarget,
  type Checker,
  checker,
  nodeExports,
  type Surroundings,
  surroundingsTarget,
  systemTarget,
} from "../../load/check/index.ts";
import { loadCache } from "../../load/load.ts";
import type { LoadFiles } from "../../load/settings/contract.ts";
import { indirectFunctions } from "../indirect.ts";
import type { LoaderWorld } from "../loader-options.ts";
import type { Request } from "./request.ts";

export interface Session {
  readonly checker: Checker;
  /** Bytes of files that are kept. */
  kept(): number;
}

/** Starts anew: what is kept of files goes with the session before. */
export function startSession(request: Request): Session {
  const { root, systems, world } = request;
  let kept = 0;
  // Its own: those of the world would keep their buffers.
  const disk = nodeLoadFiles({ ...(root === undefined ? {} : { root }), partly: true });
  const files: LoadFiles = {
    ...disk,
    open: (path) => {
      const opened = disk.open(path);
      if (typeof opened !== "string") kept += opened.bytes.length;
      return opened;
    },
  };
  const where = surroundings(request, world, files);
  const node = nodeExports(where);
  const targets =
    systems.length > 0
      ? systems.map((system) =>
          "api" in system
            ? androidTarget(system, node, world.options.pageSize)
            : systemTarget(system, node, world.options.pageSize),
        )
      : [surroundingsTarget(where, node)];
  return { checker: checker(where.cache, world.options.libraryPath ?? "", targets), kept: () => kept };
}

function surroundings(request: Request, world: LoaderWorld, files: LoadFiles): Surroundings {
  const { root, cpu } = request;
  const node = nodePath(request);
  return {
    name: root ?? "this system",
    cache: loadCache(files),
    whole: world.files,
    resolvers: { cache: loadCache(world.files), known: new Map(), start: () => indirectFunctions(world.cpu) },
    linkers: new Map(),
    options: world.options,
    // Nobody knows which machine a root directory is going to run on.
    cpu: root === undefined || cpu ? levelOf(world.options.hwcaps) : undefined,
    rules: world.profile,
    node,
    nodeVersions: root === undefined && isThisNode(node) ? THIS_NODE : undefined,
  };
}

function levelOf([best]: readonly string[]): Surroundings["cpu"] {
  return best === "x86-64-v4" ? 4 : best === "x86-64-v3" ? 3 : best === "x86-64-v2" ? 2 : 1;
}

const THIS_NODE = { modules: Number(process.versions.modules), napi: Number(process.versions.napi) };

function isThisNode(path: string | undefined): boolean {
  return path !== undefined && existsSync(path) && realpathSync(path) === realpathSync(process.execPath);
}

/** Where images have Node.js. */
const NODE_PATHS = ["/usr/local/bin/node", "/usr/bin/node"];

function nodePath({ node, root }: Request): string | undefined {
  if (root === undefined) return absolutePath(node ?? process.execPath);
  return node ?? NODE_PATHS.find((path) => existsSync(`${root}${path}`));
}
