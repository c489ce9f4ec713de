// Names come from files that nobody vouches for. What a terminal would obey instead of showing is written out.

/** The text with control characters as `\x1b`. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
