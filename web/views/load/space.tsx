// The address space to scale: on the left what may be done with each page before relocation, on the right after it.

import type { JSX } from "preact";
import { href } from "../../app/state.ts";
import { byteCount, hex } from "../../app/words.ts";
import { accessOfProtection, spaceFigure } from "../../figures/space.ts";
import type { LoadAnswer } from "../../worker/protocol.ts";

const BEFORE = [150, 214] as const;
const AFTER = [222, 286] as const;
const TEXT = 318;
const WIDTH = 860;

export function AddressSpace({ value }: { value: LoadAnswer }): JSX.Element {
  const { height, bands, gaps } = spaceFigure(value);
  return (
    <div class="picture" tabIndex={0}>
      <section class="figure" aria-label="Address space">
        <p class="dim">
          Low addresses above, to scale but for the cut gaps. Left: what may be done with the pages before relocation;
          right: after it. Where both differ, that is RELRO.
        </p>
        <div class="figure-scroll">
          <svg width={WIDTH} height={height + 26} role="group" aria-label="Address space">
            <text x={(BEFORE[0] + BEFORE[1]) / 2} y={14} text-anchor="middle" class="size">
              before
            </text>
            <text x={(AFTER[0] + AFTER[1]) / 2} y={14} text-anchor="middle" class="size">
              after
            </text>
            <g transform="translate(0 22)">
              {gaps.map(({ y, bytes }) => (
                <text key={y} x={AFTER[0] - 4} y={y + 4} text-anchor="middle" class="size">
                  … {byteCount(bytes)} empty …
                </text>
              ))}
              {bands.map(({ pages, start, end, first, label }) => {
                const object = value.objects[pages.object];
                const middle = (start + end) / 2;
                const changes = pages.before !== pages.after;
                return (
                  <a key={pages.start} class="band" href={href({ view: "why", query: { name: hex(pages.start) } })}>
                    <rect
                      x={BEFORE[0]}
                      y={start}
                      width={BEFORE[1] - BEFORE[0]}
                      height={Math.max(1, end - start - 1)}
                      class={`part ${accessOfProtection(pages.before)}`}
                    />
                    <rect
                      x={AFTER[0]}
                      y={start}
                      width={AFTER[1] - AFTER[0]}
                      height={Math.max(1, end - start - 1)}
                      class={`part ${pages.zeros ? "zero" : accessOfProtection(pages.after)}`}
                    />
                    <text x={BEFORE[0] - 8} y={label + 4} text-anchor="end" class="size">
                      {hex(pages.start)}
                    </text>
                    <path
                      d={`M${AFTER[1]} ${middle} L${TEXT - 16} ${label} L${TEXT - 6} ${label}`}
                      class="leader faint"
                    />
                    <text x={TEXT} y={label + 4}>
                      <tspan class={first ? "name" : "size"}>{object?.short ?? ""}</tspan>{" "}
                      {changes ? `${pages.before} → ${pages.after}` : pages.after}{" "}
                      <tspan class="size">
                        {byteCount(pages.end - pages.start)}
                        {pages.zeros ? ", zeros" : ""}
                        {changes ? ", read-only after relocation" : ""}
                      </tspan>
                    </text>
                  </a>
                );
              })}
            </g>
          </svg>
        </div>
        <ul class="key" aria-label="Colours">
          <li class="constants">r--</li>
          <li class="code">r-x</li>
          <li class="data">rw-</li>
          <li class="zero">rw-, zeros</li>
          <li class="none">no access</li>
        </ul>
      </section>
    </div>
  );
}
