// What a command may touch besides files. Commands take it as an argument, so that tests can run them in this process
// and see what they print.

export interface Io {
  /** Writes to standard output. No line feed is added. */
  out(text: string): void;
  /** Writes to standard error. No line feed is added. */
  err(text: string): void;
  /** Whether standard output and standard error take ANSI colours. */
  readonly color: { readonly out: boolean; readonly err: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}
