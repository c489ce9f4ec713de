// The output section by section: where each is, and which inputs it is made of, with the padding between them.

import type { JSX } from "preact";
import { byteCount, hex } from "../../app/words.ts";
import { Go } from "../../parts/links.tsx";
import type { LinkAnswer, ShownSection } from "../../worker/protocol.ts";

export function OutputMap({ value }: { value: LinkAnswer }): JSX.Element {
  const largest = Math.max(1, ...value.sections.map(({ size }) => size));
  return (
    <div class="picture" tabIndex={0}>
      <p class="dim">
        Every section of the output, with its inputs in their order and the padding between them. A bar's length is the
        section's size, its parts are to scale; point at one to see which it is, or see the{" "}
        <Go to={{ part: "map" }}>output map</Go>.
      </p>
      <ul class="output">
        {value.sections.map((section) => (
          <SectionStrip key={`${section.name}${section.address}`} section={section} largest={largest} />
        ))}
      </ul>
      <ul class="key" aria-label="Colours">
        <li class="constants">read only</li>
        <li class="code">code</li>
        <li class="data">writable</li>
        <li class="none">not loaded</li>
        <li class="padding">padding</li>
      </ul>
    </div>
  );
}

/** Small sections get a bar that can still be seen, so lengths are by the square root of sizes. */
function SectionStrip({ section, largest }: { section: ShownSection; largest: number }): JSX.Element {
  const width = Math.max(1.5, 100 * Math.sqrt(section.size / largest));
  return (
    <li>
      <span class="output-name">
        <Go to={{ view: "why", query: { name: section.name } }}>{section.name}</Go>
      </span>
      <span class="output-place dim mono">{section.access === "none" ? "" : hex(section.address)}</span>
      <span class="output-size dim mono">{byteCount(section.size)}</span>
      <span class="strip" style={{ width: `${width * 0.55}%` }} aria-hidden="true">
        {section.pieces.map(({ words, size, padding }, i) => (
          <span
            key={i}
            title={`${words}: ${byteCount(size)}`}
            class={padding ? "padding" : section.access}
            style={{ flexGrow: size }}
          />
        ))}
      </span>
    </li>
  );
}
