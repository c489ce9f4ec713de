// What is said where there is nothing else to show: problems with their cure, empty places, what has failed.

import type { ComponentChildren, JSX } from "preact";
import type { ProblemDump } from "../../src/explain/dump/index.ts";

interface ProblemShown extends ProblemDump {
  readonly lines?: readonly string[];
  readonly cure?: string;
}

const SIGNS: Readonly<Record<ProblemDump["severity"], string>> = { error: "✕", warning: "!", note: "i" };

export function Problems({
  problems,
  most = 20,
}: {
  problems: readonly ProblemShown[];
  most?: number;
}): JSX.Element | null {
  if (problems.length === 0) return null;
  return (
    <ul class="problems">
      {problems.slice(0, most).map((it) => (
        <li key={`${it.code} ${it.location} ${it.message}`} class={it.severity}>
          <span class="sign" aria-hidden="true">
            {SIGNS[it.severity]}
          </span>
          <div>
            <p>
              <b>{it.severity}:</b> {it.location !== "" && <code>{it.location}</code>} {it.message}{" "}
              <span class="code">[{it.code}]</span>
            </p>
            {it.lines?.map((line) => (
              <p class="more" key={line}>
                {line}
              </p>
            ))}
            {it.cure !== undefined && it.cure !== "" && (
              <p class="cure">
                <b>Cure:</b> {it.cure}
              </p>
            )}
          </div>
        </li>
      ))}
      {problems.length > most && <li>and {problems.length - most} more</li>}
    </ul>
  );
}

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <div class="empty">{children}</div>;
}

export function Failed({ words }: { words: string | undefined }): JSX.Element | null {
  return words === undefined ? null : (
    <p class="failed" role="alert">
      {words}
    </p>
  );
}
