// -Map, -M and --cref: where the map goes, and its text.

import { demangle } from "../../demangle/index.ts";
import { crossReference, linkMap, type MapSource } from "../../explain/link-map.ts";
import { findEmulation } from "./emulations.ts";
import type { LdCommand } from "./finish.ts";

/**
 * The path of -Map's file, as GNU ld makes it (ld manual, -Map): in a directory, the output's base name with `.map`; `%`
 * stands for the output's path, with `.map` behind it if nothing else is.
 */
export function mapPath(given: string, output: string, isDirectory: (path: string) => boolean): string {
  const percent = given.indexOf("%");
  if (percent >= 0) {
    const ending = given.slice(percent + 1);
    return `${given.slice(0, percent)}${output}${ending === "" ? ".map" : ending}`;
  }
  return isDirectory(given) ? `${given}/${output.slice(output.lastIndexOf("/") + 1)}.map` : given;
}

/** The map, if one is wanted, then the cross reference, if that is. */
export function* mapLines(
  source: MapSource,
  { settings, options, likelyEmulation }: LdCommand,
): IterableIterator<string> {
  const nameOf = settings.demangle ? demangle : (name: string) => name;
  if (settings.mapFile !== undefined) {
    const format = findEmulation(likelyEmulation, () => {})?.target ?? "";
    const is64 = format.startsWith("elf64");
    const { outputPath: outputName, mapDiscarded } = settings;
    const { sectionStart, sortSection } = options;
    const discarded = mapDiscarded;
    yield* linkMap(source, { is64, outputName, format, nameOf, discarded, sectionStart, sortSection });
  }
  if (settings.crossReference) yield* crossReference(source.decisions, nameOf);
}
