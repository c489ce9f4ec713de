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

/** Views of one load or link: how it is made goes with one from view to view. */
const RUNS: ReadonlySet<ViewName> = new Set(["link", "load", "bind", "why"]);
const RUN_QUERY = ["args", "dir", "sys", "vars", "env", "bases", "now", "profile", "about", "argv", "root"] as const;

/** Another view, file or part begins with an empty query, but for the place in the bytes if the file stays. */
export function changed(address: Address, change: Change): Address {
  const moves = (key: "view" | "file" | "part"): boolean => change[key] !== undefined && change[key] !== address[key];
  const view = change.view ?? address.view;
  const stays = !moves("view") && !moves("file");
  const kept: Record<string, string> = {};
  const keep = (name: string, value: string | undefined): void => {
    if (value !== undefined) kept[name] = value;
  };
  if (stays) keep("at", address.query.at);
  if (RUNS.has(address.view) && RUNS.has(view)) for (const name of RUN_QUERY) keep(name, address.query[name]);
  if (view === "why" && (address.view === "link" || address.view === "load")) keep("about", address.view);
  const before = stays && !moves("part") ? address.query : kept;
  return {
    view,
    file: change.file ?? address.file,
    part: change.part ?? (stays ? address.part : ""),
    query: { ...before, ...change.query },
  };
}
