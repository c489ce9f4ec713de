// A relocation as the executed dynamic linker applied it beside Solder's, in a line.

import type { DifferenceRule } from "../../execute/differences.ts";
import type { ComparedRelocation } from "../../execute/observe/relocations.ts";
import { NOT_YET_BOUND } from "../../load/index.ts";
import { shortName } from "../load/words.ts";

const RULES: Readonly<Record<DifferenceRule, string>> = {
  "loader-data": "the dynamic linker's own variable, which it goes on using",
  "loader-word": "the dynamic linker's own word of the GOT",
  "libc-variable": "libc's variable, which the dynamic linker has set since",
  undecided: "an IFUNC's choice that Solder does not know",
  unexplained: "no rule explains it",
};

/** libc's own early initialization calls through slots that are bound late. */
const BOUND_SINCE = "bound since by a first call";

/** What is told of one. */
export interface RelocationFacts {
  readonly object: string;
  readonly place: number;
  readonly type: string;
  readonly symbol: string;
  /** In hexadecimal, up to 8 bytes; of more, as those of a copy, the bytes. */
  readonly executed: string;
  readonly computed: string;
  readonly equal: boolean;
  readonly reason: string | undefined;
}

export function relocationFacts({ relocation, executed, computed, rule }: ComparedRelocation): RelocationFacts {
  const { object, site, type, packed, typeNumber, name, version } = relocation;
  return {
    object: shortName(object),
    place: site,
    type: packed ? "RELR" : (type?.name ?? `type ${typeNumber}`),
    symbol: version === "" ? name : `${name}@${version}`,
    executed: executed === undefined ? "nothing is mapped" : valueText(executed),
    computed: valueText(computed),
    equal: rule === undefined,
    reason: rule && (relocation.rule === NOT_YET_BOUND ? BOUND_SINCE : RULES[rule]),
  };
}

/** `libc.so.6  0x7ffff7f9edc8  R_X86_64_GLOB_DAT  stdout  0x7ffff7f9f688, Solder 0x7ffff7f9f688: equal`. */
export function relocationLine(facts: RelocationFacts): string {
  const { object, place, type, symbol, executed, computed, reason } = facts;
  const words = [object, `0x${place.toString(16)}`, type, ...(symbol === "" ? [] : [symbol])].join("  ");
  return `${words}  ${executed}, Solder ${computed}: ${reason === undefined ? "equal" : `differs, ${reason}`}`;
}

/** More than these are not shown. */
const SHOWN = 16;

function valueText(bytes: Uint8Array): string {
  const digits = (byte: number): string => byte.toString(16).padStart(2, "0");
  if (bytes.length > 8)
    return `[${[...bytes.subarray(0, SHOWN)].map(digits).join(" ")}${bytes.length > SHOWN ? " …" : ""}]`;
  const number = [...bytes]
    .reverse()
    .map(digits)
    .join("")
    .replace(/^0+(?=.)/, "");
  return `0x${number === "" ? "0" : number}`;
}
