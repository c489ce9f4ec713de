// What has been read of archives and shared libraries, for links that come after this one and get the very same bytes: a resident
// linker keeps inputs, and most links name the same few libraries. It goes when the bytes go. Default layouts are kept as well.

import type { Report } from "../../elf/problem.ts";
import { createDefaultLayouts, type DefaultLayouts } from "../script/default-layouts.ts";
import type { SharedId } from "../tables/ids.ts";
import { hashOf } from "../tables/names.ts";
import type { ParsedArchive } from "./archive-types.ts";
import { type HashedNames, readShared, type SharedFile, type SharedOrigin } from "./shared/shared-file.ts";

export interface ParsedFiles {
  readonly archives: WeakMap<Uint8Array, KeptArchive>;
  readonly shared: WeakMap<Uint8Array, SharedFile>;
  readonly layouts: DefaultLayouts;
  /** How often something was found here. */
  hits: number;
}

interface KeptArchive extends Pick<ParsedArchive, "archive" | "members"> {
  /** Thin archives name their members from where they are. */
  readonly path: string;
}

export function createParsedFiles(): ParsedFiles {
  return { archives: new WeakMap(), shared: new WeakMap(), layouts: createDefaultLayouts(), hits: 0 };
}

/** As `readShared`. */
export function readSharedOnce(
  parsed: ParsedFiles | undefined,
  bytes: Uint8Array,
  is64: boolean,
  id: SharedId,
  origin: SharedOrigin,
  report: Report,
): SharedFile | undefined {
  if (parsed === undefined) return readShared(bytes, is64, id, origin, report);
  let kept = parsed.shared.get(bytes);
  if (kept !== undefined) parsed.hits++;
  else {
    const read = readShared(bytes, is64, -1, { ...origin, fallbackSoname: "" }, report);
    if (read === undefined) return undefined;
    kept = { ...read, hashed: hashNames(read) };
    parsed.shared.set(bytes, kept);
  }
  const { name, path, asNeeded, implicit, input, copyDtNeeded, copied = false, fallbackSoname } = origin;
  const soname = kept.soname === "" ? fallbackSoname : kept.soname;
  return { ...kept, id, name, path, soname, asNeeded, implicit, input, copyDtNeeded, copied };
}

function hashNames({ view, is64, dynsym, firstGlobal, symbolCount, strings, stringsEnd }: SharedFile): HashedNames {
  const hashes = new Int32Array(symbolCount);
  const ends = new Uint32Array(symbolCount);
  const at = { end: 0, at: -1 };
  for (let i = firstGlobal; i < symbolCount; i++) {
    const name = strings + view.getUint32(dynsym + i * (is64 ? 24 : 16), true);
    if (name >= stringsEnd) continue;
    hashes[i] = hashOf(at, view, name, stringsEnd);
    ends[i] = at.end;
  }
  return { hashes, ends };
}
