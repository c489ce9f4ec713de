// The link map as a graph: the objects in the order of loading, with arcs from each to those that it needs.

import type { JSX } from "preact";
import { href } from "../../app/state.ts";
import { byteCount, counted, hex } from "../../app/words.ts";
import { arcsOf } from "../../figures/arcs.ts";
import type { LoadAnswer } from "../../worker/protocol.ts";

const ROW = 44;

export function LinkMapGraph({ value }: { value: LoadAnswer }): JSX.Element {
  const { objects } = value;
  const arcs = arcsOf(objects);
  const widest = arcs.reduce((most, { reach }) => Math.max(most, reach), 1);
  const width = Math.min(150, 24 + widest * 22);
  const middle = (place: number): number => place * ROW + ROW / 2;
  const bow = (reach: number): number => 14 + (reach / widest) * (width - 24);
  return (
    <section class="link-map" aria-label="Link map">
      <p class="dim">
        {counted(objects.length, "object")} in the order of loading. An arc leads to each that an object needs; a strong
        one to those that came in by it.
      </p>
      <div class="arcs">
        <svg width={width} height={objects.length * ROW} aria-hidden="true">
          {arcs.map(({ from, to, reach, first }) => {
            const [a, b] = [middle(from) + 6, middle(to) - 6];
            const x = width - bow(reach);
            return (
              <path
                key={`${from} ${to}`}
                d={`M${width - 2} ${a} C${x} ${a} ${x} ${b} ${width - 5} ${b}`}
                class={first ? "arc first" : "arc"}
                marker-end="url(#head)"
              />
            );
          })}
          <defs>
            <marker id="head" viewBox="0 0 6 6" refX="4" refY="3" markerWidth="6" markerHeight="6" orient="auto">
              <path d="M0 0 L6 3 L0 6 Z" class="arc-head" />
            </marker>
          </defs>
        </svg>
        <ol>
          {objects.map((it) => (
            <li key={it.id} style={{ height: `${ROW}px` }}>
              <p>
                <a href={href({ view: "why", query: { name: it.kind === "program" ? hex(it.start) : it.name } })}>
                  <b>{it.short}</b>
                </a>{" "}
                <span class="dim">{it.kind === "program" ? "the program" : it.name}</span>
              </p>
              <p class="dim mono">
                {hex(it.base)} · {byteCount(it.end - it.start)}
                {it.kind !== "program" && (
                  <>
                    {" · "}
                    {it.foundBy}
                    {it.requester >= 0 && `, for ${objects[it.requester]?.short}`}
                  </>
                )}
              </p>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
