// What a number in the processor's own range is called is the machine's affair.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { EM_386, EM_AARCH64, EM_ARM, EM_MIPS, EM_X86_64 } from "../../src/elf/constants.ts";
import { ownDynamicTagName, ownSectionTypeName, ownSegmentTypeName } from "../../src/elf/names/machines.ts";

test("the same number has another name on another machine, or none", () => {
  const sections = [EM_X86_64, EM_ARM, EM_386].map((machine) => ownSectionTypeName(0x7000_0001, machine));
  deepEqual(sections, ["X86_64_UNWIND", "ARM_EXIDX", undefined]);
  const segments = [EM_ARM, EM_MIPS, EM_X86_64].map((machine) => ownSegmentTypeName(0x7000_0001, machine));
  deepEqual(segments, ["ARM_EXIDX", "MIPS_RTPROC", undefined]);
  const tags = [EM_X86_64, EM_AARCH64, EM_MIPS].map((machine) => ownDynamicTagName(0x7000_0001, machine));
  deepEqual(tags, ["X86_64_PLTSZ", "AARCH64_BTI_PLT", "MIPS_RLD_VERSION"]);
});
