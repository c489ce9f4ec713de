// What the samples are called, what they show, and where each begins.

export interface Sample {
  readonly id: string;
  readonly title: string;
  readonly words: string;
  /** The address that is shown first. */
  readonly begin: string;
}

export const SAMPLES: readonly Sample[] = [
  {
    id: "hello",
    title: "A program of three objects and an archive",
    words: "Link it, see which members the archive gives and why, and where every section goes.",
    begin: "#/files",
  },
];
