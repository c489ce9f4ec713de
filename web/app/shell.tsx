// The page's frame: its name, the views, what the worker is doing, light or dark; and the view.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { Go } from "../parts/links.tsx";
import { AnatomyView } from "../views/anatomy/anatomy.tsx";
import { BindView } from "../views/bind/bind.tsx";
import { CheckView } from "../views/check.tsx";
import { FilesView } from "../views/files.tsx";
import { LinkView } from "../views/link/link.tsx";
import { LoadView } from "../views/load/load.tsx";
import { WhyBox, WhyView } from "../views/why.tsx";
import type { ViewName } from "./address.ts";
import { droppedFiles } from "./drop.ts";
import { addFiles, address, busy, go, hash, isWaiting, notice, trouble, waitFor } from "./state.ts";
import { counted } from "./words.ts";

interface ViewRow {
  readonly name: ViewName;
  readonly title: string;
  readonly draw: () => JSX.Element;
}

const VIEW_ROWS: readonly ViewRow[] = [
  { name: "files", title: "Files", draw: FilesView },
  { name: "anatomy", title: "Anatomy", draw: AnatomyView },
  { name: "link", title: "Link", draw: LinkView },
  { name: "load", title: "Load", draw: LoadView },
  { name: "bind", title: "Bind", draw: BindView },
  { name: "check", title: "Check", draw: CheckView },
  { name: "why", title: "Why", draw: WhyView },
];

export function Shell(): JSX.Element {
  const { view, file } = address.value;
  const over = useSignal(false);
  // With the page on the screen, not a frame later: what is dropped in between would be lost.
  useLayoutEffect(() => {
    const drag = (event: DragEvent): void => {
      event.preventDefault();
      over.value = event.type === "dragover";
    };
    const drop = async (event: DragEvent): Promise<void> => {
      event.preventDefault();
      over.value = false;
      if (event.dataTransfer === null) return;
      const dropped = droppedFiles(event.dataTransfer);
      await waitFor(async () => {
        const { files, wrong } = await dropped;
        await addFiles(files, wrong);
      });
      if (address.value.view !== "files" && address.value.file === "") go({ view: "files" });
    };
    const key = (event: KeyboardEvent): void => {
      const inField = event.target instanceof Element && event.target.matches("input, textarea, select");
      if (event.key !== "/" || inField || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      document.getElementById("why")?.focus();
    };
    addEventListener("keydown", key);
    addEventListener("dragover", drag);
    addEventListener("dragleave", drag);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("keydown", key);
      removeEventListener("dragover", drag);
      removeEventListener("dragleave", drag);
      removeEventListener("drop", drop);
    };
  }, []);
  const row = VIEW_ROWS.find(({ name }) => name === view) ?? VIEW_ROWS[0];
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        To the content
      </button>
      <header class="top">
        <Go to={{ view: "files", file: "" }} class="brand">
          Solder
        </Go>
        <nav aria-label="Views">
          {VIEW_ROWS.map(({ name, title }) => (
            <Go
              key={name}
              to={{ view: name, file: name === "files" || name === "link" || name === "check" ? "" : file }}
              aria-current={name === row.name ? "page" : undefined}
            >
              {title}
            </Go>
          ))}
        </nav>
        <WhyBox />
        <Busy />
        <Theme />
      </header>
      <main id="main" tabIndex={-1} data-view={row.name} data-at={hash.value} aria-busy={isWaiting}>
        <row.draw />
      </main>
      <div class="hidden" role="status">
        {notice.value}
      </div>
      <Trouble />
      {over.value && (
        <div class="drop" aria-hidden="true">
          Drop files or folders
        </div>
      )}
    </>
  );
}

function Trouble(): JSX.Element {
  const lines = trouble.value;
  return (
    <div class="trouble" role="alert">
      {lines.length > 0 && (
        <>
          <p>
            <b>{counted(lines.length, "file")} could not be taken</b>
          </p>
          {lines.slice(0, 5).map((line) => (
            <p key={line}>{line}</p>
          ))}
          {lines.length > 5 && <p>and {lines.length - 5} more</p>}
          <button type="button" onClick={() => (trouble.value = [])}>
            Close
          </button>
        </>
      )}
    </div>
  );
}

function skip(): void {
  document.getElementById("main")?.focus();
}

function Busy(): JSX.Element {
  const work = busy.value;
  return (
    <div class="busy" role="status">
      {work !== undefined && (
        <>
          <progress {...(work.share === undefined ? {} : { value: work.share })} aria-label={work.what} />
          <span>{work.what}…</span>
          <button type="button" onClick={() => work.stop()}>
            Stop
          </button>
        </>
      )}
    </div>
  );
}

const THEMES = ["auto", "light", "dark"] as const;

function Theme(): JSX.Element {
  const theme = useSignal(storedTheme());
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  useEffect(() => {
    document.documentElement.dataset.theme = theme.value;
  }, [theme.value]);
  return (
    <button
      type="button"
      class="quiet theme"
      onClick={() => {
        theme.value = next;
        try {
          localStorage.setItem("solder-theme", next);
        } catch {
          // A page on disk may have no storage; the choice then lasts as long as the page.
        }
      }}
    >
      {theme.value === "auto" ? "light or dark: as the system" : theme.value}
      <span class="hidden">: change to {next}</span>
    </button>
  );
}

function storedTheme(): (typeof THEMES)[number] {
  try {
    return THEMES.find((it) => it === localStorage.getItem("solder-theme")) ?? "auto";
  } catch {
    return "auto";
  }
}
