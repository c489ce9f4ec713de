// The default scripts' statements with their patterns compiled, by variant: to a linker that stays they are a tenth of a small link.

import { defaultStatements, type ScriptVariant } from "./default-script.ts";
import { compileRules, type SectionRules } from "./section-rules.ts";
import type { Statement } from "./statements.ts";

export interface DefaultLayout {
  readonly statements: readonly Statement[];
  readonly rules: SectionRules;
}

export type DefaultLayouts = (variant: ScriptVariant) => DefaultLayout;

/** @returns a function that makes each variant once */
export function createDefaultLayouts(): DefaultLayouts {
  const made = new Map<string, DefaultLayout>();
  return (variant) => {
    const { is64, textSegment, kind, pie, shared, separateCode, combreloc, now } = variant;
    const key = [is64, textSegment, kind, pie, shared, separateCode, combreloc, now].join();
    let layout = made.get(key);
    if (layout === undefined) {
      const statements = defaultStatements(variant);
      layout = { statements, rules: compileRules(statements) };
      made.set(key, layout);
    }
    return layout;
  };
}
