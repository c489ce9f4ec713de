// The figures as Markdown.

import { cpus, totalmem } from "node:os";
import type { Case } from "./cases.ts";
import type { Linker } from "./linkers.ts";
import { commit, type Figures, median } from "./measure.ts";

export function heading(linkers: readonly Linker[]): string[] {
  const [cpu] = cpus();
  const machine = `${cpu?.model ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    "# Linkers compared",
    "",
    `${new Date().toISOString().slice(0, 10)}, Solder ${commit()}, Node ${process.version}, ${machine}.`,
    "",
    ...linkers.map(({ name, version }) => `- ${name}: ${version}`),
    "",
    "Whole processes, the linkers in turn within each round; median and, in brackets, the shortest and the longest.",
    "Memory is the peak resident set (mold's with --no-fork). NODE_EXTRA_CA_CERTS is unset: it costs every start of Node.",
  ];
}

function milliseconds(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function row(one: Figures, solder: number): string {
  const { linker, times, memory, failure } = one;
  if (failure !== undefined) return `| ${linker.name} | failed: ${failure.replaceAll(/\s+/g, " ").slice(0, 160)} | | |`;
  const time = median(times);
  const range = `${milliseconds(times[0] ?? Number.NaN)} – ${milliseconds(times.at(-1) ?? Number.NaN)}`;
  return `| ${linker.name} | ${milliseconds(time)} (${range}) | ${Number.isNaN(solder) ? "" : (time / solder).toFixed(2)} | ${memory.toFixed(0)} MB |`;
}

/** @param inProcess milliseconds for linking in a warm process, from bytes to bytes, sorted; empty if not measured */
export function caseSection(subject: Case, figures: readonly Figures[], inProcess: readonly number[]): string[] {
  const solder = median(figures.find(({ linker }) => linker.name === "Solder")?.times ?? []);
  const lines = [
    `## ${subject.name}`,
    "",
    `${subject.description}. ${Math.max(...figures.map(({ times }) => times.length))} rounds.`,
    "",
    "| linker | time | times Solder's | memory |",
    "|---|---|---:|---:|",
    ...figures.map((one) => row(one, solder)),
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
