// Addresses of 64 bits as numbers: exact below 2^53 on either side of 0. The upper half of the address space, where kernels
// live, is negative; what compares addresses has to know.

/** From a number as scripts have it, 64 bits unsigned. */
export function toNumber(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

export function toBig(value: number): bigint {
  return BigInt.asUintN(64, BigInt(value));
}

/** a < b, as unsigned addresses. */
export function isBelow(a: number, b: number): boolean {
  return a < 0 === b < 0 ? a < b : b < 0;
}

/** For sorting by address. */
export function compareAddresses(a: number, b: number): number {
  return a === b ? 0 : isBelow(a, b) ? -1 : 1;
}

export function modulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}

export function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment;
}
