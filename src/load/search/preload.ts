// Which libraries are loaded before all others, and who says so: LD_PRELOAD, --preload and /etc/ld.so.preload (glibc
// elf/rtld.c, handle_preload_list; musl ldso/dynlink.c, load_preload).

import type { LoadOptions } from "../settings/contract.ts";
import type { SharedFiles } from "./files.ts";

export interface Preload {
  readonly name: string;
  /** As in ld.so's words ("object '%s' from %s cannot be preloaded"): LD_PRELOAD, --preload, or the file that lists it. */
  readonly from: string;
}

export const PRELOAD_FILE = "/etc/ld.so.preload";

/** Names of NAME_MAX characters at most in programs that are set-user-ID; else what a path may have (PATH_MAX). */
const LONGEST_SECURE_NAME = 255;
const LONGEST_PATH = 4096;

/** In the order of loading. */
export function preloadsOf(options: LoadOptions, files: SharedFiles): readonly Preload[] {
  const { profile, secure, environment, preload } = options;
  if (profile.library === "musl") {
    const text = preload ?? (secure ? undefined : environment.LD_PRELOAD) ?? "";
    const from = preload === undefined ? "LD_PRELOAD" : "--preload";
    return split(text, /[\s:]+/).map((name) => ({ name, from }));
  }
  const named = (text: string | undefined, from: Preload["from"]): Preload[] =>
    split(text ?? "", /[ :]+/)
      .filter((name) =>
        secure ? name.length < LONGEST_SECURE_NAME && !name.includes("/") : name.length < LONGEST_PATH,
      )
      .map((name) => ({ name, from }));
  const path = profile.preloadFile ?? PRELOAD_FILE;
  const file = files.readText(path);
  const listed = typeof file === "string" ? [] : split(file.text.replace(/#.*/g, ""), /[:\s]+/);
  return [
    ...named(environment.LD_PRELOAD, "LD_PRELOAD"),
    ...named(preload, "--preload"),
    ...listed.map((name) => ({ name, from: path })),
  ];
}

function split(text: string, separators: RegExp): string[] {
  return text.split(separators).filter((name) => name !== "");
}
