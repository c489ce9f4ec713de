// Pages of memory as the record of an object holds them; map.ts makes them.

/** A run of pages with contents of one origin. */
export interface MappedRegion {
  /** Addresses: [start, end), whole pages. */
  readonly start: number;
  readonly end: number;
  /** What is there. Empty for zeros that nobody has written to; shorter than the region where the file ends before. */
  bytes: Uint8Array;
  /** `bytes` are the file's own and must be copied before they are changed. */
  shared: boolean;
  /** PF_* bits of the segment. */
  readonly flags: number;
  /** Where in the file it begins; -1 for memory without a file. */
  readonly fileOffset: number;
}
