// Relocatable objects in simulated memory.

export { loadObjects, type ObjectsLoaded } from "./load-objects.ts";
export type * from "./model.ts";
export { SLOT_WORDS } from "./slot-needs.ts";
