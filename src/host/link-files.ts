// Linking files of this machine in one call.

import { link } from "../link/link.ts";
import { defaultInputState, defaultOptions, type LinkInput, type LinkOptions, type ZOptions } from "../link/options.ts";
import type { LinkResult } from "../link/result.ts";
import { nodeAccelerators } from "./accelerators.ts";
import { nodeFiles } from "./node-files.ts";

/** What differs from GNU ld's defaults. */
export interface LinkFilesOptions extends Partial<Omit<LinkOptions, "z">> {
  readonly z?: Partial<ZOptions>;
}

/**
 * Links objects, archives and shared libraries through Node's file system. Nothing is written: the image is in the result.
 * @param inputs paths, and inputs of other kinds such as `{ kind: "library", name: "m", … }`, in the order of a command line
 * @param options no directory is searched for libraries unless `libraryPaths` names it
 */
export function linkFiles(inputs: readonly (string | LinkInput)[], options: LinkFilesOptions = {}): LinkResult {
  const asInput = (input: string | LinkInput): LinkInput =>
    typeof input === "string" ? { kind: "file", path: input, state: defaultInputState } : input;
  const whole: LinkOptions = {
    ...defaultOptions,
    accelerators: nodeAccelerators,
    ...options,
    z: { ...defaultOptions.z, ...options.z },
  };
  return link(inputs.map(asInput), whole, nodeFiles);
}
