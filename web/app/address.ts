// What the page shows is in its address, behind the `#`: `#/anatomy/prog/symbols?filter=printf&at=0x1139`. So everything on screen can
// be linked to, and the browser's back button goes back.

export const VIEWS = ["files", "anatomy", "link", "load", "bind", "check", "why"] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Address {
  readonly view: ViewName;
  /** Path of the file that is looked at; empty where none is. */
  readonly file: string;
  /** Which part of the view. */
  readonly part: string;
  readonly query: Readonly<Record<string, string>>;
}

export const HOME: Address = { view: "files", file: "", part: "", query: {} };

/** @param hash with or without its `#` */
export function parseAddress(hash: string): Address {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?");
  const [, view = "", file = "", part = ""] = path.split("/").map(decoded);
  const known = VIEWS.find((name) => name === view);
  if (known === undefined) return HOME;
  const query = Object.fromEntries(new URLSearchParams(search));
  return { view: known, file, part, query };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address as it stands behind the page's own, `#` included. */
export function addressText({ view, file, part, query }: Address): string {
  const path = [view, file, part].map(encodeURIComponent).join("/").replace(/\/+$/, "");
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${path}${search === "" ? "" : `?${search}`}`;
}

/** What changes in an address. A query's empty value takes the word out. */
export interface Change {
  readonly view?: ViewName;
  readonly file?: string;
  readonly part?: string;
  readonly query?: Readonly<Record<string, string>>;
}

/** Another view, file or part begins with an empty query, but for the place in the bytes if the file stays. */
export function changed(address: Address, change: Change): Address {
  const moves = (key: "view" | "file" | "part"): boolean => change[key] !== undefined && change[key] !== address[key];
  const stays = !moves("view") && !moves("file");
  const at = stays && address.query.at !== undefined ? { at: address.query.at } : {};
  const before = stays && !moves("part") ? address.query : at;
  return {
    view: change.view ?? address.view,
    file: change.file ?? address.file,
    part: change.part ?? (stays ? address.part : ""),
    query: { ...before, ...change.query },
  };
}
