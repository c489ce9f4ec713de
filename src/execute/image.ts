// What the kernel does at execve (fs/binfmt_elf.c, fs/binfmt_script.c): it maps the program and the loader that it names, makes
// the heap's place and the stack, and says where to begin. Addresses are Linux' without ASLR, the same that `load` takes.

import { PAGE } from "../arch/x86/instructions/machine/memory.ts";
import type { Mode } from "../arch/x86/instructions/machine/state.ts";
import {
  type ElfImage,
  ET_DYN,
  ET_EXEC,
  PF_R,
  PF_W,
  PF_X,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  parseElfImage,
} from "../elf/index.ts";
import { LOADER_RECORDS, loaderMachineOf } from "../load/index.ts";
import { EACCES, ELOOP, ENOENT, ENOEXEC, ENOMEM } from "./files/errno.ts";
import { fromBytes, textOfBytes } from "./files/names.ts";
import { contentOf, type DirectoryNode, type FileNode } from "./files/nodes.ts";
import { type FileTree, MAY_EXECUTE, pathOfPlace, permits, type User, walk } from "./files/tree.ts";
import {
  type AddressSpace,
  type AreaSource,
  createAddressSpace,
  findRoom,
  HUGE_PAGE,
  mapArea,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  writeBytes,
  zeroBytes,
} from "./memory/address-space.ts";
import type { Frames } from "./memory/pages.ts";
import { type AuxiliaryFacts, makeStack } from "./stack.ts";

/** A file that can be executed, found and read. */
export interface Executable {
  /** Absolute path, links resolved. */
  readonly path: string;
  readonly node: FileNode;
  readonly elf: ElfImage;
  readonly mode: Mode;
  readonly interpreter: { readonly path: string; readonly node: FileNode; readonly elf: ElfImage } | undefined;
  /** What is executed in place of a script, and its arguments. */
  readonly argv: readonly string[];
  /** AT_EXECFN: the path as it was given; of a script's interpreter, as the script has it. */
  readonly name: string;
}

/** A process' beginning. */
export interface Image {
  readonly space: AddressSpace;
  readonly mode: Mode;
  /** Where to begin, and the stack pointer. */
  readonly start: number;
  readonly stack: number;
  /** Where the program and the loader are: what is added to their addresses. */
  readonly programBase: number;
  readonly loaderBase: number;
  /** AT_ENTRY. */
  readonly entry: number;
  readonly auxiliary: Uint8Array;
}

/** Scripts whose interpreter is a script, and so on (BINPRM_MAX_RECURSION is 4, and one is the program). */
const MOST_SCRIPTS = 5;
/** How much of a script's first line counts (BINPRM_BUF_SIZE). */
const FIRST_LINE = 256;

/**
 * Finds what a path would execute.
 * @param argv of the new program, a character a byte
 * @returns the errno, negated, as execve would
 */
export function findExecutable(
  tree: FileTree,
  from: DirectoryNode,
  path: string,
  argv: readonly string[],
  who: User,
): Executable | number {
  let name = path;
  let args = argv;
  for (let depth = 0; depth <= MOST_SCRIPTS; depth++) {
    const found = openFile(tree, from, name, who);
    if (typeof found === "number") return found;
    const bytes = contentOf(found.node);
    if (typeof bytes === "number") return bytes;
    if (bytes[0] === 0x23 && bytes[1] === 0x21) {
      const line = firstLine(bytes);
      if (line === undefined) return -ENOEXEC;
      args = [line.interpreter, ...(line.argument === undefined ? [] : [line.argument]), name, ...args.slice(1)];
      name = line.interpreter;
      continue;
    }
    return readExecutable(tree, from, found, bytes, name, args, who);
  }
  return -ELOOP;
}

function openFile(
  tree: FileTree,
  from: DirectoryNode,
  path: string,
  who: User,
): { readonly path: string; readonly node: FileNode } | number {
  const place = walk(tree, from, path, true, who);
  if (typeof place === "number") return place;
  const { node } = place;
  if (node === undefined) return -ENOENT;
  if (node.kind !== "file") return -EACCES;
  return permits(node, who, MAY_EXECUTE) ? { path: pathOfPlace(place), node } : -EACCES;
}

/** `#! /path one argument` (fs/binfmt_script.c): what stands behind the first blanks is one argument, blanks included. */
export function firstLine(
  bytes: Uint8Array,
): { readonly interpreter: string; readonly argument: string | undefined } | undefined {
  const start = fromBytes(bytes.subarray(2, FIRST_LINE));
  const end = start.search(/[\n\0]/);
  const [, interpreter, argument] =
    /^[ \t]*([^ \t]+)(?:[ \t]+(.*?))?[ \t]*$/s.exec(end < 0 ? start : start.slice(0, end)) ?? [];
  // A name that the buffer cuts off names nothing.
  if (interpreter === undefined || (end < 0 && argument === undefined && bytes.length > FIRST_LINE)) return undefined;
  return { interpreter, argument: argument === "" ? undefined : argument };
}

function readExecutable(
  tree: FileTree,
  from: DirectoryNode,
  found: { readonly path: string; readonly node: FileNode },
  bytes: Uint8Array,
  name: string,
  argv: readonly string[],
  who: User,
): Executable | number {
  const elf = parseElfImage(bytes.subarray(0, found.node.size), found.path, () => {});
  const mode = elf === undefined ? undefined : modeFor(elf);
  if (elf === undefined || mode === undefined) return -ENOEXEC;
  const wanted = interpreterOf(elf);
  if (wanted === undefined) return { ...found, elf, mode, interpreter: undefined, argv, name };
  const loader = openFile(tree, from, wanted, who);
  if (typeof loader === "number") return loader;
  const content = contentOf(loader.node);
  if (typeof content === "number") return content;
  const loaderElf = parseElfImage(content.subarray(0, loader.node.size), loader.path, () => {});
  // The kernel's ELIBBAD is for what is no ELF file.
  if (loaderElf === undefined || modeFor(loaderElf) !== mode) return -ENOEXEC;
  return { ...found, elf, mode, interpreter: { ...loader, elf: loaderElf }, argv, name };
}

/** The width of addresses, for programs of x86-64 and i386. */
export function modeFor(elf: ElfImage): Mode | undefined {
  const machine = loaderMachineOf(elf);
  const isProgram = elf.header.type === ET_EXEC || elf.header.type === ET_DYN;
  if (!isProgram || !elf.segments.some(({ type }) => type === PT_LOAD)) return undefined;
  return machine === "x86-64" ? 64 : machine === "i386" ? 32 : undefined;
}

export function interpreterOf(elf: ElfImage): string | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return undefined;
  const text = fromBytes(elf.bytes.subarray(segment.offset, segment.offset + Math.min(segment.fileBytes, 4096)));
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** What a new program is told. */
export interface Start {
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly who: User;
  /** Who has started it. */
  readonly real: { readonly user: number; readonly group: number };
  /** AT_RANDOM's sixteen bytes. */
  readonly random: Uint8Array;
  /** AT_HWCAP: cpuid's leaf 1, edx. */
  readonly hwcap: number;
  readonly stackLimit: number;
  readonly mostMapped: number;
  /** Where position-independent objects go instead, by path. */
  readonly given: ReadonlyMap<string, number>;
}

/** Makes the address space of a new program. @returns the errno, negated, where it does not fit */
export function makeImage(frames: Frames, executable: Executable, start: Start): Image | number {
  const { elf, mode } = executable;
  const { space: places } = LOADER_RECORDS[mode === 64 ? "x86-64" : "i386"];
  const space = createAddressSpace(frames, { end: places.end, top: places.top, mostMapped: start.mostMapped });
  space.stackLimit = start.stackLimit;
  // Without an interpreter it may be one itself: it goes where interpreters go, and leaves the programs' place to what it maps.
  const isAlone = elf.header.type === ET_DYN && executable.interpreter === undefined;
  const place = start.given.get(textOfBytes(executable.path)) ?? (isAlone ? highestPlace(space, elf) : places.program);
  if (place === undefined) return -ENOMEM;
  const base = elf.header.type === ET_EXEC ? 0 : place - firstPage(elf);
  const programEnd = mapElf(space, executable.node, executable.path, elf, base);
  if (programEnd === undefined) return -ENOMEM;
  space.heapStart = isAlone ? HEAP_ALONE[mode] : Math.ceil(programEnd / PAGE) * PAGE;
  space.heapEnd = space.heapStart;
  let loaderBase = 0;
  const { interpreter } = executable;
  if (interpreter !== undefined) {
    const { elf: loader } = interpreter;
    if (loader.header.type !== ET_EXEC) {
      const loaderPlace = start.given.get(interpreter.path) ?? findRoom(space, sizeOf(loader), 0);
      if (loaderPlace === undefined) return -ENOMEM;
      loaderBase = loaderPlace - firstPage(loader);
    }
    if (mapElf(space, interpreter.node, interpreter.path, loader, loaderBase) === undefined) return -ENOMEM;
  }
  // Where the kernel's own pages are, [vvar] and [vdso]. They are not handed out: time comes by system call.
  const kernel = findRoom(space, places.kernel, 0);
  if (kernel !== undefined) mapArea(space, { ...NOTHING, start: kernel, end: kernel + places.kernel, label: "[vvar]" });
  const stackFlags = elf.segments.find(({ type }) => type === PT_GNU_STACK)?.flags ?? PF_X;
  const size = 0x2_1000;
  const isMapped = mapArea(space, {
    ...NOTHING,
    start: places.end - size,
    end: places.end,
    protection: PROT_READ | PROT_WRITE | ((stackFlags & PF_X) === 0 ? 0 : PROT_EXEC),
    label: "[stack]",
    growsDown: true,
  });
  if (!isMapped) return -ENOMEM;
  const entry = elf.header.entry + base;
  const facts: AuxiliaryFacts = {
    wordBytes: mode / 8,
    headers: headersAddress(elf, base),
    headerBytes: mode === 64 ? 56 : 32,
    headerCount: elf.segments.length,
    loaderBase,
    entry,
    name: executable.name,
    platform: mode === 64 ? "x86_64" : "i686",
    ...start,
  };
  const made = makeStack(places.end, facts, (address, bytes) => writeBytes(space, address, bytes));
  if (typeof made === "number") return made;
  const begin = interpreter === undefined ? entry : interpreter.elf.header.entry + loaderBase;
  return {
    space,
    mode,
    start: begin,
    stack: made.pointer,
    programBase: base,
    loaderBase,
    entry,
    auxiliary: made.auxiliary,
  };
}

const NOTHING = { protection: 0, source: undefined, offset: 0, shared: undefined, label: "", growsDown: false };

function loadsOf(elf: ElfImage): ElfImage["segments"] {
  return elf.segments.filter(({ type }) => type === PT_LOAD);
}

function firstPage(elf: ElfImage): number {
  const [first] = loadsOf(elf);
  return first.address - (first.address % PAGE);
}

/** The heap of a position-independent program without an interpreter: ELF_ET_DYN_BASE, the next page (fs/binfmt_elf.c). */
const HEAP_ALONE: Readonly<Record<Mode, number>> = { 64: 0x5555_5555_5000, 32: 0x5655_5000 };

/** The highest place for a file, on the largest alignment that a segment asks for. */
function highestPlace(space: AddressSpace, elf: ElfImage): number | undefined {
  const size = sizeOf(elf);
  const asked = loadsOf(elf).map(({ alignment }) => (Number.isInteger(Math.log2(alignment)) ? alignment : 0));
  return findRoom(space, size, 0, Math.max(size >= HUGE_PAGE ? HUGE_PAGE : PAGE, ...asked));
}

/** Bytes from the first page to the end of the last segment. */
function sizeOf(elf: ElfImage): number {
  const end = Math.max(...loadsOf(elf).map(({ address, memoryBytes }) => address + memoryBytes));
  return Math.ceil((end - firstPage(elf)) / PAGE) * PAGE;
}

/** AT_PHDR: where the segment that holds the headers has them (fs/binfmt_elf.c, phdr_addr). */
function headersAddress(elf: ElfImage, base: number): number {
  const at = elf.header.segmentOffset;
  const holder = loadsOf(elf).find(({ offset, fileBytes }) => offset <= at && at < offset + fileBytes);
  return holder === undefined ? 0 : at - holder.offset + holder.address + base;
}

/** Maps the segments. @returns the end of the last one's memory; undefined if they have no room */
function mapElf(space: AddressSpace, node: FileNode, path: string, elf: ElfImage, base: number): number | undefined {
  const source = fileSource(node, path);
  let last = 0;
  for (const { address, offset, fileBytes, memoryBytes, flags } of loadsOf(elf)) {
    if (memoryBytes === 0) continue;
    const start = base + address - (address % PAGE);
    const dataEnd = base + address + fileBytes;
    const fileEnd = fileBytes === 0 ? start : Math.ceil(dataEnd / PAGE) * PAGE;
    const end = Math.ceil((base + address + memoryBytes) / PAGE) * PAGE;
    if (start < 0 || end > space.end || offset % PAGE !== address % PAGE) return undefined;
    const protection = protectionOf(flags);
    const area = { ...NOTHING, protection };
    if (fileEnd > start) {
      if (!mapArea(space, { ...area, start, end: fileEnd, source, offset: offset - (address % PAGE) }))
        return undefined;
      if (memoryBytes > fileBytes) zeroBytes(space, dataEnd, fileEnd);
    }
    const zeroStart = Math.max(start, fileEnd);
    if (end > zeroStart && !mapArea(space, { ...area, start: zeroStart, end })) return undefined;
    last = Math.max(last, base + address + memoryBytes);
  }
  return last;
}

function protectionOf(flags: number): number {
  return (
    ((flags & PF_R) === 0 ? 0 : PROT_READ) |
    ((flags & PF_W) === 0 ? 0 : PROT_WRITE) |
    ((flags & PF_X) === 0 ? 0 : PROT_EXEC)
  );
}

/** A file as what an area shows. */
export function fileSource(node: FileNode, path: string): AreaSource {
  return {
    path,
    node,
    size: () => node.size,
    fill: (offset, target) => {
      const bytes = contentOf(node);
      if (typeof bytes !== "number")
        target.set(bytes.subarray(Math.min(offset, node.size), Math.min(offset + target.length, node.size)));
    },
  };
}
