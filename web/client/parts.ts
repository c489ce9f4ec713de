// The page's further parts: the worker with the library, the samples. Each is a script beside the page that leaves its text or data in
// `solderParts`; so they load from disk as well as from a host, where `fetch` and modules would be refused. In an exported page they
// are in the page itself.

declare global {
  var solderParts: Record<string, unknown>;
}

const loading = new Map<string, Promise<unknown>>();

/** The part's contents, loaded when first asked for. @param name of `NAME.js` beside the page */
export function loadPart(name: string): Promise<unknown> {
  const known = loading.get(name);
  if (known !== undefined) return known;
  const made = new Promise<unknown>((take, fail) => {
    const there = globalThis.solderParts?.[name];
    if (there !== undefined) {
      take(there);
      return;
    }
    const script = document.createElement("script");
    script.src = `${name}.js`;
    script.addEventListener("load", () => take(globalThis.solderParts[name]));
    script.addEventListener("error", () => fail(new Error(`${name}.js is not beside the page`)));
    document.head.append(script);
  });
  loading.set(name, made);
  return made;
}

/** A worker made of a part's text. */
export async function startWorker(name: string): Promise<Worker> {
  const text = (await loadPart(name)) as string;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  return worker;
}
