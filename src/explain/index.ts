// `solder/explain`: decisions and problems in words.

export { demangle } from "../demangle/index.ts";
export { type Suggestion, suggest, suggestionDetails } from "../link/reports/suggest.ts";
export { describeDefinition, describeDynamicRelocation, describeFile, describeSlot } from "./decisions.ts";
export * from "./dump/index.ts";
export { messageAreas, messageFor } from "./messages/messages.ts";
export type { Message, MessageTable, PlaceLines } from "./messages/table.ts";
export {
  type DescribeOptions,
  type Description,
  describeProblem,
  type RenderOptions,
  renderProblem,
} from "./render.ts";
