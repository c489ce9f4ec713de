// Who asks for a library, in tests of the search that need no program: without a path of its own.

import type { Requester } from "../../../src/load/settings/contract.ts";

export const REQUESTER: Requester = {
  name: "/main",
  origin: "/",
  rpath: undefined,
  runpath: undefined,
  noDefaultDirectories: false,
  loader: undefined,
};
