// Runs `solder check` in this process and gives back what it found, as its JSON says it.

import { runCheck } from "../../../src/cli/check/check.ts";
import { type Printed, printed } from "../../support/io.ts";

export interface Finding {
  readonly code: string;
  readonly severity: "error" | "warning" | "note";
  readonly file: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface CheckedTarget {
  readonly target: string;
  readonly loads: boolean;
  readonly instead?: string;
  readonly platform?: string;
  readonly findings: readonly Finding[];
}

interface Floor {
  readonly release: string;
  readonly version: string;
  readonly symbols: readonly string[];
}

export interface CheckedFile {
  readonly file: string;
  readonly loads: boolean;
  readonly instead?: string;
  readonly unjudged?: string;
  readonly library?: string;
  readonly role?: string;
  readonly system?: string;
  readonly oldest?: { readonly glibc?: Floor; readonly glibcxx?: Floor };
  readonly problems: readonly Finding[];
  readonly targets: readonly CheckedTarget[];
}

export interface Checked {
  readonly status: number;
  readonly files: readonly CheckedFile[];
}

/** What the command prints and its exit status. */
export function checkText(args: readonly string[], env: Readonly<Record<string, string>> = {}): Printed {
  return printed((io) => runCheck(args, io), { env });
}

export function check(args: readonly string[], env: Readonly<Record<string, string>> = {}): Checked {
  const { status, out } = checkText(["--json", ...args], env);
  return { status, files: (JSON.parse(out) as { files: CheckedFile[] }).files };
}

/** The one file's answer for the one target. */
export function verdict(args: readonly string[], env: Readonly<Record<string, string>> = {}): CheckedTarget {
  const [file] = check(args, env).files;
  return file.targets[0];
}

/** The codes of the errors, or of findings of another severity. */
export function codes({ findings }: CheckedTarget, severity: Finding["severity"] = "error"): readonly string[] {
  return findings.filter((finding) => finding.severity === severity).map(({ code }) => code);
}
