// What each machine's file here says of its glibc; ../glibc-machines.ts says what it is to be added to.

export interface GlibcMachine {
  /** The version that symbols have which were there when glibc first knew the machine. */
  readonly first: string;
  /** The release up to which the list is complete. */
  readonly until: string;
  /** Names after a line in angle brackets have the versions in it, or none. */
  readonly exceptions: string;
}
