// All cases.

import type { ScriptCase } from "../case.ts";
import { basics } from "./basics.ts";
import { broken } from "./broken.ts";
import { contents } from "./contents.ts";
import { found } from "./found.ts";
import { foundSegments } from "./found-segments.ts";
import { memoryCases } from "./memory.ts";
import { mriCases } from "./mri.ts";
import { patterns } from "./patterns.ts";
import { phdrsCases } from "./phdrs.ts";
import { starts } from "./starts.ts";
import { symbols } from "./symbols.ts";
import { systems } from "./systems.ts";
import { unwind } from "./unwind.ts";
import { wholes } from "./wholes.ts";

const label = (group: string, list: readonly ScriptCase[]): ScriptCase[] =>
  list.map((it) => ({ ...it, name: it.name.includes(": ") ? it.name : `${group}: ${it.name}` }));

export const cases: readonly ScriptCase[] = [
  ...label("basics", basics),
  ...label("patterns", patterns),
  ...label("symbols", symbols),
  ...label("memory", memoryCases),
  ...label("phdrs", phdrsCases),
  ...label("contents", contents),
  ...label("wholes", wholes),
  ...label("broken", broken),
  ...label("found", found),
  ...label("found", foundSegments),
  ...label("mri", mriCases),
  ...label("starts", starts),
  ...label("unwind", unwind),
  ...label("systems", systems),
];
