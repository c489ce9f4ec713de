// What is said of a problem: a line of the table of messages.

/** Lines under the message for a list of places. */
export interface PlaceLines {
  /** The fact that holds the places. */
  readonly places: string;
  /** Words before each place, e.g. "referenced by". A template. */
  readonly label: string;
  /** Index in the facts `lines` and `functions` (source lines and function names) that belongs to the first place. */
  readonly lineOf: number;
}

export interface Message {
  /** One line, plain and exact, without a full stop. A template. */
  readonly message: string;
  /** More lines, each left out when a fact it mentions is missing. Templates. */
  readonly more?: readonly string[];
  readonly lists?: readonly PlaceLines[];
  /** What to do about it. A template, left out when a fact it mentions is missing. */
  readonly cure?: string;
}

export type MessageTable = Readonly<Record<string, Message>>;
