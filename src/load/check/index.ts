// Will it load there, and if not, why? For programs, libraries and addons, on systems of the tables or of a directory.

export {
  androidTarget,
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
export { strangerKind } from "./not-elf.ts";
export { type Floor, type Oldest, oldestOfAll } from "./oldest.ts";
export type { Judgement } from "./own-platform.ts";
export { type NodeExports, nodeExports, noNode, type Surroundings } from "./surroundings.ts";
export { settleUnknownMachines, settleVariants } from "./variants.ts";
