// Numbers of 64 bits out of two of 32. A number whose upper half says nothing stays a small integer: a word to which 0 × 2^32 is
// added is a floating-point number for V8, which baseline code keeps in an object of its own, and a loop that counts on from it
// makes one a step (a link with libc.so.6 made two megabytes of them).

/** @param low bits 0 to 31, unsigned  @param high bits 32 to 63, unsigned  @returns exact up to 2^53, else the nearest number */
export function unsigned64(low: number, high: number): number {
  return high === 0 ? low : high * 2 ** 32 + low;
}

/** @param low bits 0 to 31, signed  @param high bits 32 to 63, signed  @returns exact between -2^53 and 2^53, else the nearest number */
export function signed64(low: number, high: number): number {
  return high === low >> 31 ? low : high * 2 ** 32 + (low >>> 0);
}
