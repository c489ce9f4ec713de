// Words for what goes wrong when a program is loaded.

import type { MessageTable } from "./messages.ts";

export const loadMessages: MessageTable = {
  "library-cache-damaged": {
    message: "the cache of libraries cannot be used: {what}",
    cure: "write it anew with ldconfig (in a root directory: ldconfig -r ROOT)",
  },
};
