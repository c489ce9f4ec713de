// Names and numbers that lead somewhere.

import type { ComponentChildren, JSX } from "preact";
import type { Change } from "../app/address.ts";
import { href, leadChange } from "../app/state.ts";
import type { Lead } from "../worker/protocol.ts";

interface GoProps {
  readonly to: Change;
  readonly children: ComponentChildren;
  readonly class?: string | undefined;
  readonly "aria-current"?: "page" | boolean | undefined;
}

export function Go({ to, children, class: className, "aria-current": current }: GoProps): JSX.Element {
  return (
    <a href={href(to)} class={className} aria-current={current}>
      {children}
    </a>
  );
}

/** The text, as a link where it leads somewhere. */
export function Led({ text, lead }: { text: string; lead: Lead | undefined }): JSX.Element {
  if (lead === undefined || text === "") return <>{text}</>;
  return <a href={href(leadChange(lead))}>{text}</a>;
}
