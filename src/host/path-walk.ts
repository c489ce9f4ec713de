// Paths inside a root directory, resolved as the kernel resolves them in a chroot: step by step, symbolic links followed,
// absolute ones from the root, and `..` never above it. So a hostile tree cannot lead outside of itself.

import type { OpenFailure } from "../load/settings/contract.ts";

/** What stands at a path whose directories are resolved already. */
export type Step =
  | { readonly kind: "file" | "directory" }
  | { readonly kind: "link"; readonly target: string }
  | OpenFailure;

/** Tells a resolved path from a failure: paths start with a slash. */
export function isPath(resolved: string): resolved is `/${string}` {
  return resolved.startsWith("/");
}

/** Links followed in one path before the kernel gives up (MAXSYMLINKS). */
const MOST_LINKS = 40;
/** PATH_MAX, NAME_MAX. */
const LONGEST_PATH = 4096;
const LONGEST_NAME = 255;

/**
 * A function from absolute paths to resolved ones, without links and dots. Steps are remembered.
 * @param look says what is at a resolved path; `/` is the root
 */
export function pathWalker(look: (path: string) => Step): (path: string) => `/${string}` | OpenFailure {
  const known = new Map<string, Step>();
  const at = (path: string): Step => {
    let step = known.get(path);
    if (step === undefined) {
      step = look(path);
      known.set(path, step);
    }
    return step;
  };
  return (path) => walk(path, at);
}

function walk(path: string, at: (path: string) => Step): `/${string}` | OpenFailure {
  if (path.length >= LONGEST_PATH) return "ENAMETOOLONG";
  let here = "";
  let links = 0;
  // The steps still to be taken, the next one last.
  const rest = stepsOf(path);
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === "." || name === "") continue;
    if (name === "..") {
      here = here.slice(0, Math.max(0, here.lastIndexOf("/")));
      continue;
    }
    if (name.length > LONGEST_NAME) return "ENAMETOOLONG";
    const next = `${here}/${name}`;
    const step = at(next);
    if (typeof step === "string") return step;
    if (step.kind === "link") {
      links++;
      if (links > MOST_LINKS) return "ELOOP";
      if (step.target.startsWith("/")) here = "";
      if (step.target === "") return "ENOENT";
      rest.push(...stepsOf(step.target));
    } else if (step.kind === "file" && rest.length > 0) return "ENOTDIR";
    else here = next;
  }
  return here === "" ? "/" : `/${here.slice(1)}`;
}

/** Last step first. A slash at the end asks for a directory, which a step `.` does too. */
function stepsOf(path: string): string[] {
  const steps = path.split("/").filter((step) => step !== "");
  if (path.endsWith("/")) steps.push(".");
  return steps.reverse();
}
