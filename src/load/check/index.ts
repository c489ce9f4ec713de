// Will it load there, and if not, why? For programs, libraries and addons, on systems of the tables or of a directory.

export {
  type Checker,
  checker,
  type FileReport,
  surroundingsTarget,
  systemTarget,
  type Target,
  type Verdict,
} from "./check.ts";
export type { Demands, FileRole } from "./demands.ts";
export { settleElsewhere } from "./elsewhere.ts";
export { type Floor, type Oldest, oldestOfAll } from "./oldest.ts";
export { type NodeExports, nodeExports, noNode, type Surroundings } from "./surroundings.ts";
export { settleVariants } from "./variants.ts";
