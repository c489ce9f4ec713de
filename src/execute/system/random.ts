// Numbers that look random and are the same for the same seed (xorshift32, George Marsaglia, 2003). Nothing here is a secret.

import type { System } from "./state.ts";

export function randomBytes(system: Pick<System, "random">, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    let state = system.random | 0;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    system.random = state;
    bytes[at] = state >>> 11;
  }
  return bytes;
}

/** The state to begin with. @param seed any number */
export function randomState(seed: number): number {
  const mixed = Math.imul((seed | 0) ^ 0x9e37_79b9, 0x85eb_ca6b);
  return mixed === 0 ? 1 : mixed;
}
