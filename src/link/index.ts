// solder/link: the static linker.

export type * from "./decisions/layout-types.ts";
export type * from "./decisions/types.ts";
export { link } from "./link.ts";
export {
  type Accelerators,
  type BuildId,
  defaultInputState,
  defaultOptions,
  type InputState,
  LINK_STAGES,
  type LinkInput,
  type LinkOptions,
  type LinkStage,
  type OutputKind,
  type ZOptions,
} from "./options.ts";
export type { RelinkRefusal } from "./relink/live.ts";
export { type KeepRefusal, type Relinkable, type Relinked, relink } from "./relink/relink.ts";
export type { Patch } from "./relink/touched.ts";
export type { LinkResult } from "./result.ts";
