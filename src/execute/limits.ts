// What a run may take of the host. Everything else that a program asks for it gets from here, or is told that there is no more.

export interface RunLimits {
  /** Instructions of all threads together. */
  readonly instructions: number;
  /** Bytes of memory that are really used: pages that were touched. */
  readonly memory: number;
  /** Bytes of address space a process may map; they cost nothing until they are touched. */
  readonly mapped: number;
  /** Bytes written to standard output and standard error. */
  readonly output: number;
  /** Bytes in files that programs write. */
  readonly storage: number;
  /** Open files of a process. */
  readonly files: number;
  /** Threads of all processes, those that nobody has waited for included. */
  readonly tasks: number;
}

/** Enough for a compiler's run; little enough for a page. */
export const DEFAULT_LIMITS: RunLimits = {
  instructions: 2_000_000_000,
  memory: 0x2000_0000,
  mapped: 2 ** 46,
  output: 0x400_0000,
  storage: 0x1000_0000,
  files: 1024,
  tasks: 512,
};
