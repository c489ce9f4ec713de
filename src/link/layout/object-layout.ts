// Lays out -r by a script: the walk of script-layout.ts without what only a loaded output has. There are no segments, and
// no section is dropped for being empty (ld/ldemul.c, before_allocation_default).

import type { Machine } from "../../arch/index.ts";
import type { Report } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { Plan } from "../mapping/output-statements.ts";
import type { MergedSections } from "../sections/merge/merged-sections.ts";
import type { ScriptAssignments } from "../symbols/script-assignments.ts";
import type { OutputSections } from "../tables/output-section.ts";
import { assignSymbols } from "./assign-symbols.ts";
import { endRoaming } from "./roaming.ts";
import { commit, finishSections, prepareSections, reportFull, settleRegions } from "./script-layout.ts";
import { createScriptSymbols } from "./script-symbols.ts";
import { sizeSections } from "./walk.ts";
import { createWalk } from "./walk-state.ts";

/** Sections get addresses and sizes, their pieces offsets in them (`sections.address`), symbols values. Errors: as for any layout. */
export function layOutObject(
  plan: Plan,
  loader: Loader,
  outputs: OutputSections,
  merged: MergedSections,
  assignments: ScriptAssignments,
  machine: Machine,
  report: Report,
): void {
  const { options } = loader;
  prepareSections(plan, outputs, loader);
  const symbols = createScriptSymbols({
    plan,
    loader,
    outputs,
    merged,
    machine,
    segmentStart: (name) => options.sectionStart.get(`.${name}`),
    relro: false,
    isActive: (one) => assignments.active.has(one),
    objects: assignments.objects,
  });
  symbols.headers = () => (machine.elfClass === 64 ? 64 : 52);
  const walk = createWalk(
    plan,
    outputs,
    loader.sections,
    symbols,
    {
      relro: false,
      checkSections: false,
      relocatable: true,
      warnSectionAlign: options.warnSectionAlign,
      sectionStart: options.sectionStart,
      commonPageSize: options.z.commonPageSize ?? machine.commonPageSize,
    },
    report,
  );
  settleRegions(walk, report);
  sizeSections(walk);
  if (walk.roaming !== undefined) endRoaming(walk.roaming, plan, loader.sections, loader.objects, report);
  for (const problem of walk.said) report(problem);
  reportFull(plan, report);
  if (walk.failed) return;
  const values = assignSymbols(walk, plan.list);
  finishSections(plan, machine.wordBytes, report);
  commit(loader.symbols, values, plan.list);
}
