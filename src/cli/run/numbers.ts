// Numbers on the command line of `solder run`: sizes and counts with units, and what is said of those that are none.

/** 64M is 64 times 2^20. */
export function sizeOf(text: string): number | undefined {
  const [, digits, unit] = /^([0-9]+)([KMG]?)$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const size = Number(digits) * 1024 ** " KMG".indexOf(unit === "" ? " " : unit.toUpperCase());
  return Number.isSafeInteger(size) ? size : undefined;
}

/**
 * The number that an option was given, from 1 on; a text says what is wrong with it.
 * @param text undefined: the option was not given  @param most as it is written
 */
export function countFrom(
  name: string,
  text: string | undefined,
  otherwise: string,
  most = "8388607G",
): number | string {
  const given = text ?? otherwise;
  const size = sizeOf(given);
  if (size !== undefined && size >= 1 && size <= (sizeOf(most) ?? 0)) return size;
  return `--${name} takes a whole number from 1 to ${most} (K, M and G are units of 1024), not '${given}'`;
}

/** Places in memory are 32-bit numbers. */
export const MOST_MEMORY = "1G";
