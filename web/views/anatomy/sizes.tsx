// Where the bytes go: a treemap and the same as a list; or, beside another file, what grew and what shrank.

import type { JSX } from "preact";
import { SIZE_WORDS, type SizeChange, type SizeNode, SYMBOL_SOURCE_WORDS } from "../../../src/explain/sizes.ts";
import { useAnswer } from "../../app/answer.ts";
import { go, summaries } from "../../app/state.ts";
import { byteCount, grouped } from "../../app/words.ts";
import { type Tile, treemapTiles } from "../../figures/treemap.ts";
import { Go } from "../../parts/links.tsx";
import { Failed } from "../../parts/notes.tsx";

/** As wide as the pane beside the bytes (anatomy.css) is when the map is drawn: a map that has to be scrolled shows no proportions. */
const paneWidth = (): number => Math.max(360, Math.min(1200, innerWidth - 632));
const HEIGHT = 480;

export function Sizes({ file, query }: { file: string; query: Readonly<Record<string, string>> }): JSX.Element {
  const other = query.other === "" ? undefined : query.other;
  const { value, failed } = useAnswer("sizes", { file, other });
  const inside = (query.inside ?? "").split("\n").filter((name) => name !== "");
  const tree = value?.tree && partOf(value.tree, inside);
  return (
    <section class="sizes" aria-label="Sizes">
      <Failed words={failed} />
      <div class="figure-bar">
        <nav aria-label="Part of the file">
          <Go to={{ query: { inside: "" } }}>{file}</Go>
          {inside.map((name, i) => (
            <span key={name}>
              {" › "}
              <Go to={{ query: { inside: inside.slice(0, i + 1).join("\n") } }}>{name}</Go>
            </span>
          ))}
        </nav>
        <label class="choice">
          compared with{" "}
          <select value={other ?? ""} onChange={(event) => go({ query: { other: event.currentTarget.value } })}>
            <option value="">nothing</option>
            {summaries.value
              .filter(({ path }) => path !== file)
              .map(({ path }) => (
                <option key={path} value={path}>
                  {path}
                </option>
              ))}
          </select>
        </label>
      </div>
      {value !== undefined && other !== undefined ? (
        <Changes changes={value.changes} before={value.other?.size ?? 0} after={value.tree?.size ?? 0} />
      ) : (
        tree !== undefined && (
          <SizeMap tree={tree} inside={inside} about={SYMBOL_SOURCE_WORDS[value?.tree?.symbols ?? ".symtab"]} />
        )
      )}
    </section>
  );
}

function partOf(tree: SizeNode, path: readonly string[]): SizeNode {
  return path.reduce((node, name) => node.children.find((child) => child.name === name) ?? node, tree);
}

function SizeMap({ tree, inside, about }: { tree: SizeNode; inside: readonly string[]; about: string }): JSX.Element {
  const width = paneWidth();
  const tiles = treemapTiles(tree, width, HEIGHT);
  return (
    <>
      <p class="dim">
        {byteCount(tree.size)} in {grouped(tree.children.length)} parts. Every area is as large as its part of the file.{" "}
        {about}
      </p>
      <div class="figure-scroll">
        <svg width={width} height={HEIGHT} class="treemap" aria-hidden="true">
          {tiles.map((tile) => (
            <TileBox key={tile.path.join("\n")} tile={tile} inside={inside} />
          ))}
        </svg>
      </div>
      <table class="list">
        <caption class="hidden">Parts by size</caption>
        <thead>
          <tr>
            <th scope="col">part</th>
            <th scope="col">kind</th>
            <th scope="col" class="right">
              bytes
            </th>
            <th scope="col" class="right">
              share
            </th>
          </tr>
        </thead>
        <tbody>
          {tree.children.slice(0, 200).map((part) => (
            <tr key={part.name}>
              <th scope="row">
                {part.children.length > 0 ? (
                  <Go to={{ query: { inside: [...inside, part.name].join("\n") } }}>{part.name}</Go>
                ) : (
                  part.name
                )}
              </th>
              <td>
                <span class={`swatch kind-${part.kind}`} /> {SIZE_WORDS[part.kind]}
              </td>
              <td class="right">{grouped(part.size)}</td>
              <td class="right">{((100 * part.size) / Math.max(1, tree.size)).toFixed(1)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** A click opens what the list below leads to as well, by keyboard and for screen readers. */
function TileBox({ tile, inside }: { tile: Tile; inside: readonly string[] }): JSX.Element {
  const { node, x, y, width, height, path } = tile;
  const room = Math.floor((width - 8) / 6.6);
  const text = node.name.length <= room ? node.name : room >= 5 ? `${node.name.slice(0, room - 1)}…` : "";
  const opens = node.children.length > 0;
  const open = (): void => go({ query: { inside: [...inside, ...path].join("\n") } });
  return (
    <g class={opens ? "opens" : ""} {...(opens ? { onClick: open } : {})}>
      <title>{`${path.join(" › ")}: ${byteCount(node.size)}`}</title>
      <rect x={x} y={y} width={width} height={height} class={`tile kind-${node.kind} depth${tile.depth}`} />
      {height > 15 && text !== "" && (
        <text x={x + 4} y={y + 13}>
          {text}
        </text>
      )}
    </g>
  );
}

function Changes({
  changes,
  before,
  after,
}: {
  changes: readonly SizeChange[];
  before: number;
  after: number;
}): JSX.Element {
  const largest = Math.max(1, ...changes.map((it) => Math.abs(it.after - it.before)));
  const signed = (bytes: number): string => `${bytes > 0 ? "+" : "−"}${grouped(Math.abs(bytes))}`;
  return (
    <>
      <p>
        {before === after
          ? "Both files have the same size."
          : `${byteCount(Math.abs(after - before))} ${after > before ? "more" : "less"} than the other: ${grouped(before)} bytes before, ${grouped(after)} after.`}
      </p>
      <table class="list">
        <caption class="hidden">What changed, the largest first</caption>
        <thead>
          <tr>
            <th scope="col">part</th>
            <th scope="col" class="right">
              before
            </th>
            <th scope="col" class="right">
              after
            </th>
            <th scope="col" class="right">
              change
            </th>
            <th scope="col">
              <span class="hidden">as a bar</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {changes.slice(0, 400).map((it) => {
            const change = it.after - it.before;
            return (
              <tr key={it.path.join("\n")}>
                <th scope="row">{it.path.join(" › ")}</th>
                <td class="right">{it.before === 0 ? "new" : grouped(it.before)}</td>
                <td class="right">{it.after === 0 ? "gone" : grouped(it.after)}</td>
                <td class="right">{signed(change)}</td>
                <td>
                  <span
                    class={change > 0 ? "bar more" : "bar less"}
                    style={{ width: `${(120 * Math.abs(change)) / largest}px` }}
                  />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}
