// `solder/explain`: decisions and problems in words.

export { demangle } from "../demangle/index.ts";
export { type Suggestion, suggest, suggestionDetails } from "../link/reports/suggest.ts";
export { describeDefinition, describeDynamicRelocation, describeFile, describeSlot } from "./decisions.ts";
export * from "./dump/index.ts";
export { type Message, type MessageTable, messageAreas, messageFor, type PlaceLines } from "./messages.ts";
export {
  type DescribeOptions,
  type Description,
  describeProblem,
  type RenderOptions,
  renderProblem,
} from "./render.ts";
