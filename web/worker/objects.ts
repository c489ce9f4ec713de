// Relocatable objects at given addresses, as a just-in-time linker would have them.

import { appliedRelocationChapter } from "../../src/explain/load/objects.ts";
import { loadObjects } from "../../src/load/relocatable/index.ts";
import { shownProblem } from "./load.ts";
import type { ObjectsAnswer, ObjectsAsk } from "./protocol.ts";
import { WHOLE } from "./read-tables.ts";
import { PAGE_STYLE } from "./tables.ts";
import { openFile, type Workspace } from "./workspace.ts";

export function objectsAnswer(space: Workspace, { files, bases }: ObjectsAsk): ObjectsAnswer {
  const inputs = files.flatMap((name) => {
    const opened = openFile(space, name, WHOLE);
    const base = bases[name] ?? bases[name.slice(name.lastIndexOf("/") + 1)];
    return opened === undefined ? [] : [{ name, bytes: opened.bytes, base }];
  });
  const loaded = loadObjects(inputs);
  return {
    problems: loaded.problems.map(shownProblem),
    objects: loaded.objects.map((object) => {
      const { columns, rows } = appliedRelocationChapter(
        loaded.relocations.filter((it) => it.object === object),
        PAGE_STYLE,
      );
      return {
        name: object.name,
        machine: object.machine.name,
        base: object.base,
        end: object.end,
        sections: object.sections.flatMap((placed) =>
          placed === undefined
            ? []
            : [{ name: placed.section.name, address: placed.address, size: placed.section.size }],
        ),
        columns: columns.map(({ title }) => title),
        rows: rows.map((row) => columns.map(({ cell }) => cell(row, PAGE_STYLE))),
      };
    }),
    symbols: loaded.globals.map(({ name, value }) => ({
      name,
      address: value.address,
      definer: value.definer ?? "",
    })),
  };
}
