// What the page may ask the worker, and what it gets. The library runs in the worker only; the page draws what comes back.

import type { ByteLine, ByteMark } from "../../src/explain/bytes/index.ts";
import type { LayoutDump, ProblemDump } from "../../src/explain/dump/index.ts";
import type { SizeChange, SizeNode } from "../../src/explain/sizes.ts";
import type { FileSummary } from "../../src/explain/summary.ts";

/** A file as it is handed to the worker: the bytes stay where they are until somebody reads them. */
export interface GivenFile {
  readonly path: string;
  readonly contents: Blob;
}

/** The questions: what is asked with what, and what the answer is. */
export interface Questions {
  /** Gives the worker files; of those that it has already under this path, the new one counts. */
  readonly add: { readonly ask: { readonly files: readonly GivenFile[] }; readonly answer: readonly FileSummary[] };
  readonly remove: { readonly ask: { readonly paths: readonly string[] }; readonly answer: readonly FileSummary[] };
  readonly overview: { readonly ask: { readonly file: string }; readonly answer: Overview };
  readonly rows: { readonly ask: RowsQuestion; readonly answer: RowsAnswer };
  readonly bytes: {
    readonly ask: { readonly file: string; readonly from: number; readonly to: number };
    readonly answer: { readonly bytes: Uint8Array; readonly marks: readonly ByteMark[] };
  };
  readonly at: { readonly ask: { readonly file: string; readonly offset: number }; readonly answer: AtAnswer };
  readonly sizes: {
    readonly ask: { readonly file: string; readonly other?: string | undefined };
    readonly answer: SizesAnswer;
  };
}

export type QuestionName = keyof Questions;
export type Ask<Q extends QuestionName> = Questions[Q]["ask"];
export type Answer<Q extends QuestionName> = Questions[Q]["answer"];

/** Where a name or number on the page leads to: the parts of an address that change. */
export interface Lead {
  readonly view?: string;
  readonly file?: string;
  readonly part?: string;
  /** File offset. */
  readonly at?: number;
  readonly filter?: string;
  readonly name?: string;
}

export interface Overview {
  readonly file: string;
  readonly size: number;
  /** What it is, in words. */
  readonly description: string;
  readonly kind: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly layout: LayoutDump | undefined;
  /** Sections by file offset, for a file that has no segments. */
  readonly sections: readonly SectionPlace[];
  readonly parts: readonly PartName[];
  readonly problems: readonly ProblemDump[];
}

export interface SectionPlace {
  readonly index: number;
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly letters: string;
  readonly zero: boolean;
}

/** A table that the file has. */
export interface PartName {
  readonly id: string;
  readonly title: string;
  readonly count: number;
}

export interface RowsQuestion {
  /** Of what: a file, or what the table's owner says. */
  readonly file: string;
  readonly part: string;
  /** Column number; negative: as they come. */
  readonly sort: number;
  readonly down: boolean;
  /** Rows in which some cell contains this, in any case. */
  readonly filter: string;
  /** Asks for the place of the row with this key, too. */
  readonly find?: string | undefined;
  readonly from: number;
  readonly to: number;
}

export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right";
  readonly paint: string | undefined;
  /** Characters of the widest cell that was looked at. */
  readonly width: number;
}

export interface TableRow {
  readonly key: string;
  readonly cells: readonly string[];
  /** Where each cell leads to. */
  readonly leads: readonly (Lead | undefined)[];
}

export interface RowsAnswer {
  readonly title: string;
  readonly columns: readonly TableColumn[];
  /** Rows that the filter leaves. */
  readonly total: number;
  readonly all: number;
  readonly rows: readonly TableRow[];
  /** Place of the row that was to be found, -1 if it is not there. */
  readonly found: number;
}

export interface AtAnswer {
  readonly lines: readonly ByteLine[];
  /** Beside each line: where it leads. */
  readonly leads: readonly (Lead | undefined)[];
  /** The bytes that belong together around it. */
  readonly start: number;
  readonly end: number;
}

export interface SizesAnswer {
  readonly tree: SizeNode | undefined;
  readonly other: SizeNode | undefined;
  readonly changes: readonly SizeChange[];
}

/** From the page. */
export type ToWorker = {
  readonly [Q in QuestionName]: { readonly id: number; readonly question: Q; readonly ask: Ask<Q> };
}[QuestionName];

/** To the page. */
export type FromWorker =
  | { readonly id: number; readonly progress: string; readonly share?: number | undefined }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failed: string };
