// How far a link has got, for those who ask about it afterwards: its tables, as the passes leave them.

import type { Machine } from "../../arch/index.ts";
import type { Loader } from "../inputs/loader.ts";
import type { MadeSections } from "../made/make-sections.ts";
import type { SlotAddresses } from "../made/slots.ts";
import type { Plan } from "../mapping/output-statements.ts";
import type { RelocatableFacts } from "../relocatable/link-relocatable.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { KeptSections } from "../sections/kept-sections.ts";
import type { SymbolValues } from "../symbols/symbol-values.ts";
import type { OutputMode } from "../tables/mode.ts";

/** Every reference is bound. */
export interface BoundFacts {
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly scan: Scan;
  readonly kept: KeptSections;
  /** Flags and bindings of all symbols as they were before the first relocation was looked at. */
  readonly unscanned: { readonly flags: Int32Array; readonly bindings: Uint8Array };
}

/** Everything has its address. */
export interface PlacedFacts {
  readonly made: MadeSections;
  readonly values: SymbolValues;
  readonly at: SlotAddresses;
  /** The script that laid out the link. */
  readonly plan: Plan;
}

export interface LinkFacts {
  readonly loader: Loader;
  /** Undefined while, or because, the link did not come to this. */
  bound: BoundFacts | undefined;
  placed: PlacedFacts | undefined;
  relocatable: RelocatableFacts | undefined;
  /** --gc-sections: by section, who keeps it (gc-walk.ts). */
  keptBy?: Int32Array;
}
