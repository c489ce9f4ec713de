// How a link says that only a process of its own can do it: what is thrown through the linker, which has nothing to tidy up, to
// the slot, which answers so.

/** The reason is for `solder server status`. */
export interface Refusal {
  readonly refusal: string;
}

export function refuse(reason: string): never {
  // Not an error: nothing is wrong, and a stack would be collected for nobody.
  throw { refusal: reason } satisfies Refusal;
}

export function isRefusal(thrown: unknown): thrown is Refusal {
  return typeof thrown === "object" && thrown !== null && "refusal" in thrown;
}
