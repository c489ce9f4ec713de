// What the page may ask the worker, and what it gets. The library runs in the worker only; the page draws what comes back.

import type { ByteLine, ByteMark } from "../../src/explain/bytes/index.ts";
import type { CodeListing } from "../../src/explain/code.ts";
import type { LayoutDump, ProblemDump } from "../../src/explain/dump/index.ts";
import type { MachineState } from "../../src/explain/execute/machine.ts";
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
  /** `known`: a worker before this one has told what they are. */
  readonly add: {
    readonly ask: { readonly files: readonly GivenFile[]; readonly known?: boolean };
    readonly answer: readonly FileSummary[];
  };
  readonly remove: { readonly ask: { readonly paths: readonly string[] }; readonly answer: null };
  readonly overview: { readonly ask: { readonly file: string }; readonly answer: Overview };
  readonly rows: { readonly ask: RowsQuestion; readonly answer: RowsAnswer };
  readonly bytes: {
    readonly ask: { readonly file: string; readonly from: number; readonly to: number };
    readonly answer: { readonly bytes: Uint8Array; readonly marks: readonly ByteMark[] };
  };
  readonly at: { readonly ask: { readonly file: string; readonly offset: number }; readonly answer: AtAnswer };
  /** Instructions around a place; a negative offset: the first code. */
  readonly code: {
    readonly ask: { readonly file: string; readonly offset: number };
    readonly answer: CodeListing | undefined;
  };
  readonly sizes: {
    readonly ask: { readonly file: string; readonly other?: string | undefined };
    readonly answer: SizesAnswer;
  };
  readonly load: { readonly ask: LoadAsk; readonly answer: LoadAnswer };
  readonly link: { readonly ask: LinkAsk; readonly answer: LinkAnswer };
  readonly why: { readonly ask: WhyAsk; readonly answer: WhyAnswer };
  readonly objects: { readonly ask: ObjectsAsk; readonly answer: ObjectsAnswer };
  readonly bind: { readonly ask: BindAsk; readonly answer: BindAnswer };
  /** Hands in a disassembler. */
  readonly learn: { readonly ask: LearntPart; readonly answer: null };
  /** Of the worker that has the interpreter. */
  readonly run: { readonly ask: ProgramAsk; readonly answer: RunAnswer };
  readonly executed: { readonly ask: ExecutedAsk; readonly answer: ExecutedAnswer };
  readonly machine: { readonly ask: MachineAsk; readonly answer: MachineAnswer };
  /** Of the worker that has the tables of systems. */
  readonly check: { readonly ask: { readonly systems: readonly string[] }; readonly answer: CheckAnswer };
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
  /** As `MachineFacts.name`; empty for what has no code. */
  readonly machine: string;
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
  /** Undefined where counting would mean reading all. */
  readonly count: number | undefined;
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

/** A program to load, and how. */
export interface LoadAsk {
  readonly program: string;
  /** `NAME=VALUE` a line. */
  readonly environment: string;
  /** Addresses by the name of an object. */
  readonly bases: Readonly<Record<string, number>>;
  readonly now: boolean;
  /** `glibc@2.31`, `musl`; empty: that of the loader that the program names. */
  readonly profile: string;
  /** A folder among the files that is the root; `/`: none is; empty: one that looks like a root. */
  readonly root: string;
}

export interface LoadAnswer {
  /** Why there is nothing to load. */
  readonly problem: ShownProblem | undefined;
  readonly title: string;
  /** What was taken for granted about the files, in sentences. */
  readonly assumed: readonly string[];
  /** What ld.so says. */
  readonly messages: readonly string[];
  readonly problems: readonly ShownProblem[];
  readonly objects: readonly ShownObject[];
  readonly pages: readonly ShownPages[];
  readonly missing: readonly { readonly name: string; readonly requester: string; readonly lines: readonly string[] }[];
  readonly order: readonly string[];
  /** What dl_iterate_phdr shows, in its order. */
  readonly headers: readonly ShownHeaders[];
}

export interface ShownHeaders {
  /** dlpi_name. */
  readonly name: string;
  readonly base: number;
  readonly headers: number;
  readonly count: number;
  /** dlpi_tls_modid; 0 for none. */
  readonly tlsModule: number;
}

export interface ShownProblem {
  readonly code: string;
  readonly severity: "error" | "warning" | "note";
  readonly location: string;
  readonly message: string;
  readonly lines: readonly string[];
  readonly cure: string;
}

export interface ShownObject {
  readonly id: number;
  readonly name: string;
  readonly short: string;
  readonly kind: string;
  /** The file that was given. */
  readonly file: string;
  readonly base: number;
  readonly start: number;
  readonly end: number;
  readonly foundBy: string;
  readonly requester: number;
  readonly needed: readonly number[];
  readonly tried: readonly { readonly path: string; readonly rule: string; readonly outcome: string }[];
  readonly scope: readonly (readonly string[])[];
  readonly relocations: number;
}

export interface ShownPages {
  readonly object: number;
  readonly start: number;
  readonly end: number;
  /** `r-x`, before relocation and after. */
  readonly before: string;
  readonly after: string;
  readonly zeros: boolean;
}

/** A command line of `ld`, in words. */
export interface LinkAsk {
  readonly args: readonly string[];
  /** Absolute: what relative paths start from. */
  readonly directory?: string | undefined;
  readonly systemLibraryPaths?: readonly string[] | undefined;
  /** Of a record: variables that the linker reads, `NAME=VALUE` a line. */
  readonly environment?: string | undefined;
}

export interface LinkAnswer {
  readonly linked: boolean;
  readonly outputName: string;
  /** The output file. */
  readonly image: Uint8Array<ArrayBuffer> | undefined;
  /** Milliseconds that the link took. */
  readonly took: number;
  readonly stages: readonly { readonly title: string; readonly words: string; readonly took: number }[];
  readonly problems: readonly ShownProblem[];
  readonly parts: readonly PartName[];
  /** Why each object is there, as a tree: an object under the one that wanted it. */
  readonly members: readonly LinkedMember[];
  readonly sections: readonly ShownSection[];
  /** What is different from the link before. */
  readonly changes: readonly string[] | undefined;
  /** Files that are here, are not linked, and define names that are missing. */
  readonly offers: readonly { readonly path: string; readonly names: readonly string[] }[];
}

export interface LinkedMember {
  readonly file: string;
  readonly words: string;
  /** Place of the one that wanted it, -1 for the command line's. */
  readonly parent: number;
}

/** A section of the output with the shares of its inputs. */
export interface ShownSection {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly access: "code" | "data" | "constants" | "none";
  readonly zero: boolean;
  /** The largest stretches in their order; what is left of them joined. */
  readonly pieces: readonly { readonly words: string; readonly size: number; readonly padding: boolean }[];
}

/** A part that a worker is handed when it is needed. */
export interface LearntPart {
  readonly part: "x86" | "others" | "zstd";
  readonly code: string;
  /** WebAssembly in base64; zstd has none. */
  readonly wasm: string;
}

/** A program to execute. */
export interface ProgramAsk {
  readonly program: string;
  readonly args: readonly string[];
  /** `NAME=VALUE` a line. */
  readonly environment: string;
  /** As of a load. */
  readonly root: string;
}

export interface RunAnswer {
  readonly output: readonly { readonly stream: 1 | 2; readonly text: string }[];
  /** Undefined if it did not exit by itself. */
  readonly status: number | undefined;
  readonly words: string;
  /** Milliseconds. */
  readonly took: number;
  readonly assumed: readonly string[];
}

/** The calls through a slot, executed: lazily bound, bound at start, and one through a word of the GOT, as `-fno-plt` makes them. */
export interface ExecutedAsk extends ProgramAsk {
  readonly name: string;
  /** Path of the file that calls, from the root; empty: whichever calls first. */
  readonly caller: string;
}

export interface ExecutedAnswer {
  readonly stories: readonly ExecutedStory[];
  /** Why there are none. */
  readonly words: string;
}

export interface ExecutedStory {
  readonly id: "lazy" | "now" | "straight";
  readonly object: string;
  readonly name: string;
  readonly slot: number;
  readonly calls: readonly { readonly events: readonly ExecutedEvent[]; readonly instructions: number }[];
}

export interface ExecutedEvent {
  /** Instructions that have been executed until then. */
  readonly step: number;
  readonly words: string;
  /** The instruction that is next; empty where it says nothing. */
  readonly code: string;
}

/** The machine at a moment. */
export interface MachineAsk extends ProgramAsk {
  /** Instructions executed. */
  readonly step: number;
  /** From there on to the next arrival at one of these symbols or addresses; `over`: behind the call that is next. */
  readonly until?: readonly string[] | "over" | undefined;
  /** Memory that is looked at. */
  readonly memory: number;
  /** Address of a slot that is looked at. */
  readonly slot?: number | undefined;
}

export interface MachineAnswer {
  /** Undefined if it has ended. */
  readonly state: MachineState | undefined;
  readonly step: number;
  /** How it ended, or why it could not be started. */
  readonly words: string;
  readonly output: RunAnswer["output"];
  readonly memory: { readonly address: number; readonly bytes: Uint8Array } | undefined;
  readonly slot: { readonly address: number; readonly value: string; readonly where: string } | undefined;
}

/** Relocatable objects, and where some of them are to be. */
export interface ObjectsAsk {
  readonly files: readonly string[];
  /** By path, or its last part. */
  readonly bases: Readonly<Record<string, number>>;
}

export interface ObjectsAnswer {
  readonly problems: readonly ShownProblem[];
  readonly objects: readonly {
    readonly name: string;
    readonly machine: string;
    readonly base: number;
    readonly end: number;
    readonly sections: readonly { readonly name: string; readonly address: number; readonly size: number }[];
    readonly columns: readonly string[];
    readonly rows: readonly (readonly string[])[];
  }[];
  readonly symbols: readonly { readonly name: string; readonly address: number; readonly definer: string }[];
}

/** A call through a slot of the PLT. */
export interface BindAsk {
  readonly load: LoadAsk;
  /** Id of the caller. */
  readonly object: number;
  /** Empty: printf, puts or whatever there is. */
  readonly name: string;
}

export interface BindAnswer {
  readonly slots: readonly ShownSlot[];
  readonly chosen: ShownSlot | undefined;
  readonly lazily: ShownStory | undefined;
  readonly atOnce: ShownStory | undefined;
  /** Objects that are asked, the last has it. */
  readonly looks: readonly { readonly object: string; readonly lines: readonly string[]; readonly found: boolean }[];
  /** Of the name. */
  readonly hash: string;
}

export interface ShownSlot {
  readonly object: number;
  /** Path of the object that calls. */
  readonly file: string;
  readonly short: string;
  readonly name: string;
  readonly row: number;
  readonly index: number;
  readonly site: number;
  readonly value: number;
  readonly bound: boolean;
}

export interface ShownStory {
  readonly title: string;
  readonly first: readonly { readonly text: string; readonly code: readonly string[]; readonly about: string }[];
  readonly again: string | undefined;
  /** What the slot holds. */
  readonly before: number;
  readonly after: number;
}

export interface CheckAnswer {
  /** Names of all systems of the tables. */
  readonly known: readonly string[];
  readonly systems: readonly string[];
  /** Of what was asked for, what is no system. */
  readonly unknown: readonly string[];
  /** Parts of a C library, of which each system has its own. */
  readonly left: readonly string[];
  readonly files: readonly {
    readonly file: string;
    readonly role: string;
    readonly machine: string;
    readonly problems: readonly ShownProblem[];
    readonly cells: readonly {
      readonly system: string;
      readonly loads: boolean;
      readonly findings: readonly ShownProblem[];
    }[];
  }[];
}

/** About a load or a link: exactly one of them. */
export interface WhyAsk {
  readonly name: string;
  readonly load?: LoadAsk | undefined;
  readonly link?: LinkAsk | undefined;
}

export interface WhyAnswer {
  /** Undefined: nothing has that name. */
  readonly lines: readonly (readonly WhyWord[])[] | undefined;
  readonly near: string | undefined;
  /** Where it stands, if nothing has that name in what is loaded or linked. */
  readonly elsewhere: readonly { readonly words: string; readonly lead: Lead }[];
  /** Why there is nothing to ask about. */
  readonly failed: string | undefined;
}

/** A piece of a sentence; a name that can be asked about in turn. */
export interface WhyWord {
  readonly text: string;
  readonly name?: string | undefined;
}

/** From the page. */
export type ToWorker = {
  readonly [Q in QuestionName]: { readonly id: number; readonly question: Q; readonly ask: Ask<Q> };
}[QuestionName];

/** To the page. */
export type FromWorker =
  | { readonly id: number; readonly progress: string; readonly share?: number | undefined }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failed: string }
  /** The question cannot be answered without a part; it is to be handed in, and the question asked again. */
  | { readonly id: number; readonly wants: "zstd" };
