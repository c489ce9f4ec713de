// The figures as Markdown.

import { cpus, loadavg, totalmem } from "node:os";
import type { Case } from "./cases.ts";
import type { Linker } from "./linkers.ts";
import { commit, type Figures, median, sorted, type Time } from "./measure.ts";

export function heading(linkers: readonly Linker[]): string[] {
  const [cpu] = cpus();
  const machine = `${cpu?.model ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    "# Linkers compared",
    "",
    `${new Date().toISOString().slice(0, 10)}, Solder ${commit()}, Node ${process.version}, ${machine}; ${loadText()}.`,
    "",
    ...linkers.map(({ name, version }) => `- ${name}: ${version}`),
    "",
    "Whole processes, the linkers in turn within each round; median and, in brackets, the shortest and the longest.",
    "Processor time is user and system of the process, and of the server where there is one.",
    "Memory is the peak resident set (mold's with --no-fork). NODE_EXTRA_CA_CERTS is unset: it costs every start of Node.",
  ];
}

/** What else the machine does: wall times beyond as many processes as there are cores are those of a queue. */
export function loadText(): string {
  return `load ${loadavg()
    .map((it) => it.toFixed(1))
    .join(", ")}`;
}

function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function spread(times: readonly Time[], which: keyof Time): string {
  const values = sorted(times, which);
  return `${milliseconds(median(values))} (${milliseconds(values[0] ?? Number.NaN)} – ${milliseconds(values.at(-1) ?? Number.NaN)})`;
}

export function timesRow(
  name: string,
  times: readonly Time[],
  memory: number,
  failure: string | undefined,
  base: number,
): string {
  if (failure !== undefined) return `| ${name} | failed: ${failure.replaceAll(/\s+/g, " ").slice(0, 160)} | | | |`;
  const ratio = median(sorted(times, "wall")) / base;
  return `| ${name} | ${spread(times, "wall")} | ${Number.isNaN(ratio) ? "" : ratio.toFixed(2)} | ${spread(times, "processor")} | ${Number.isNaN(memory) ? "" : `${memory.toFixed(0)} MB`} |`;
}

export const TABLE: readonly string[] = [
  "| linker | time | times Solder's | processor time | memory |",
  "|---|---|---:|---|---:|",
];

/** @param inProcess milliseconds for linking in a warm process, from bytes to bytes, sorted; empty if not measured */
export function caseSection(subject: Case, figures: readonly Figures[], inProcess: readonly number[]): string[] {
  const own = figures.find(({ linker }) => linker.name === "Solder")?.times ?? [];
  const base = median(sorted(own, "wall"));
  const lines = [
    `## ${subject.name}`,
    "",
    `${subject.description}. ${Math.max(...figures.map(({ times }) => times.length))} rounds; ${loadText()}.`,
    "",
    ...TABLE,
    ...figures.map((it) => timesRow(it.linker.name, it.times, it.memory, it.failure, base)),
  ];
  if (inProcess.length > 0) {
    lines.push(
      "",
      `As a library in a warm process, from inputs in memory to the image: ${milliseconds(median(inProcess))} ` +
        `(${milliseconds(inProcess[0] ?? Number.NaN)} – ${milliseconds(inProcess.at(-1) ?? Number.NaN)}).`,
    );
  }
  return lines;
}

/** What was set out to be reached: one figure over another's, of the same run. */
export interface Goal {
  readonly name: string;
  readonly ours: readonly Time[];
  readonly theirs: readonly Time[];
  readonly most: number;
  /** In place of times. */
  readonly ratio?: number;
}

export function goalSection(goals: readonly Goal[]): string[] {
  if (goals.length === 0) return [];
  const ratio = ({ ours, theirs }: Goal, which: keyof Time): string => {
    const value = median(sorted(ours, which)) / median(sorted(theirs, which));
    return Number.isNaN(value) ? "" : `${value.toFixed(3)} x`;
  };
  return [
    "",
    "## Goals",
    "",
    "| work | goal | by time | by processor time |",
    "|---|---:|---:|---:|",
    ...goals.map((it) => {
      const [wall, processor] =
        it.ratio === undefined ? [ratio(it, "wall"), ratio(it, "processor")] : [`${it.ratio.toFixed(3)} x`, ""];
      return `| ${it.name} | ${it.most} x | ${wall} | ${processor} |`;
    }),
  ];
}
