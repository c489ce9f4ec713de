// Relocatable objects in simulated memory.

export { loadObjects, type ObjectsLoaded } from "./load-objects.ts";
export type * from "./model.ts";
