// Words for what can be wrong with what the linker is told: options and how they fit together.

import type { MessageTable } from "./messages.ts";

export const optionMessages: MessageTable = {
  "option-ignored": { message: "option {option} has no effect" },
};
