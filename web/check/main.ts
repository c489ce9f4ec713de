// A worker of its own for the check: it carries the symbol tables of C libraries, which nothing else needs.

import { identify } from "../../src/elf/index.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { type MemoryEntry, memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import {
  androidTarget,
  checker,
  type FileReport,
  noNode,
  settleElsewhere,
  settleVariants,
  systemTarget,
} from "../../src/load/check/index.ts";
import { loadCache } from "../../src/load/load.ts";
import { findAndroid, findSystem, SYSTEM_NAMES } from "../../src/load/systems/index.ts";
import type { Answer, Ask, FromWorker, GivenFile, ToWorker } from "../worker/protocol.ts";
import { readBlob } from "../worker/read-blob.ts";

/** Parts of glibc and musl. */
const C_LIBRARY =
  /(^|\/)(ld-linux|ld-musl|ld64|libc|libm|libpthread|libdl|librt|libresolv|libutil|libanl|libnsl|libmvec)[-\w.]*\.so(\.\d+)*$/;

const given = new Map<string, Blob>();

function check({ systems }: Ask<"check">, progress: (what: string, share: number) => void): Answer<"check"> {
  const entries = new Map<string, MemoryEntry>();
  const asked: string[] = [];
  const left: string[] = [];
  for (const [path, contents] of given) {
    // Every system has its own.
    if (C_LIBRARY.test(path)) {
      left.push(path);
      continue;
    }
    const bytes = readBlob(contents, 0, contents.size);
    entries.set(rooted(path), bytes);
    const kind = identify(bytes);
    if (kind === "elf-shared" || kind === "elf-executable" || path.endsWith(".node")) asked.push(path);
  }
  const targets = systems.flatMap((name) => {
    const android = findAndroid(name);
    const system = findSystem(name);
    if (system !== undefined) return [systemTarget(system, noNode)];
    return android === undefined ? [] : [androidTarget(android, noNode)];
  });
  const libraries = [...new Set(asked.map((path) => rooted(path).replace(/\/[^/]*$/, "") || "/"))].join(":");
  const { check: one } = checker(loadCache(memoryLoadFiles(entries)), libraries, targets);
  const reports = asked.map((path, i) => {
    progress(`checking ${path}`, i / asked.length);
    return one(path, rooted(path));
  });
  return {
    known: SYSTEM_NAMES.filter((name) => !name.includes(" to ")),
    left,
    unknown: systems.filter((name) => findAndroid(name) === undefined && findSystem(name) === undefined),
    systems: targets.map(({ name }) => name),
    files: settleVariants(settleElsewhere(reports)).map(row),
  };
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function row(report: FileReport): Answer<"check">["files"][number] {
  return {
    file: report.name,
    role: report.role ?? "",
    machine: report.machine ?? "",
    problems: report.problems.map((problem) => describeProblem(problem)),
    cells: report.verdicts.map(({ target, loads, findings }) => ({
      system: target,
      loads,
      // The page has no Node.js to compare with, nor options to name one. What fails comes first.
      findings: findings
        .filter(({ code }) => code !== "check-no-node")
        .sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"))
        .map((finding) => describeProblem(finding)),
    })),
  };
}

const post = (message: FromWorker): void =>
  (globalThis as unknown as { postMessage(it: FromWorker): void }).postMessage(message);

globalThis.addEventListener("message", (event) => {
  const { id, question, ask } = (event as MessageEvent<ToWorker>).data;
  try {
    if (question === "add") {
      for (const { path, contents } of (ask as { readonly files: readonly GivenFile[] }).files)
        given.set(path, contents);
      post({ id, answer: [] });
    } else if (question === "remove") {
      for (const path of (ask as Ask<"remove">).paths) given.delete(path);
      post({ id, answer: null });
    } else {
      post({ id, answer: check(ask as Ask<"check">, (progress, share) => post({ id, progress, share })) });
    }
  } catch (cause) {
    post({ id, failed: cause instanceof Error ? cause.message : String(cause) });
  }
});
