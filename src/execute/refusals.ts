// Why a program was not started, beside the errno that execve gives: what is not there, or what it is instead. Looked at again, after the
// fact, so that execve itself stays the kernel's.

import {
  EM_386,
  EM_X86_64,
  ET_CORE,
  ET_REL,
  error,
  machineName,
  type Problem,
  PT_INTERP,
  parseElfImage,
} from "../elf/index.ts";
import { errnoName } from "./files/errno.ts";
import { textOfBytes } from "./files/names.ts";
import { contentOf, type DirectoryNode, type FileNode } from "./files/nodes.ts";
import { type FileTree, MAY_EXECUTE, permits, type User, walk } from "./files/tree.ts";
import { firstLine, interpreterOf, modeFor } from "./image.ts";

/**
 * The problem for a program that could not be started.
 * @param path a character a byte  @param name as it was given  @param errno positive
 * @returns its detail `reason` is the errno's name
 */
export function refusal(
  tree: FileTree,
  from: DirectoryNode,
  path: string,
  name: string,
  who: User,
  errno: number,
): Problem {
  const facts = { reason: errnoName(errno), errno };
  const place = { file: name };
  // Objects and libraries seldom have the bit, and it would not help.
  const file = fileAt(tree, from, path, { ...who, user: 0 }, 0);
  if (file === "run-no-program") return error(file, place, { ...facts, what: "a device, a pipe or a socket" });
  if (typeof file === "string") return error(file, place, facts);
  const content = contentOf(file);
  if (typeof content === "number") return error("run-cannot-start", place, facts);
  const bytes = content.subarray(0, file.size);
  const isObject = parseElfImage(bytes, name, () => {})?.header.type === ET_REL;
  if (isObject) return error("run-object", place, facts);
  if (typeof fileAt(tree, from, path, who) === "string") return error("run-not-executable", place, facts);
  if (bytes.length === 0) return error("run-no-program", place, { ...facts, what: "empty" });
  const line = bytes[0] === 0x23 && bytes[1] === 0x21 ? firstLine(bytes) : undefined;
  if (line !== undefined) {
    const wanted = fileAt(tree, from, line.interpreter, who);
    const interpreter = textOfBytes(line.interpreter);
    if (typeof wanted === "string") return error("run-no-interpreter", place, { ...facts, interpreter });
    return error("run-interpreter-refused", place, { ...facts, interpreter });
  }
  return elfRefusal(tree, from, bytes, name, who, facts);
}

/** A file that may be executed; or the code of what there is instead. */
function fileAt(tree: FileTree, from: DirectoryNode, path: string, who: User, want = MAY_EXECUTE): FileNode | string {
  const found = walk(tree, from, path, true, who);
  if (typeof found === "number") return "run-not-found";
  const { node } = found;
  if (node === undefined) return "run-not-found";
  if (node.kind === "directory") return "run-directory";
  if (node.kind !== "file") return "run-no-program";
  return permits(node, who, want) ? node : "run-not-executable";
}

function elfRefusal(
  tree: FileTree,
  from: DirectoryNode,
  bytes: Uint8Array,
  name: string,
  who: User,
  facts: { readonly reason: string; readonly errno: number },
): Problem {
  const place = { file: name };
  const elf = parseElfImage(bytes, name, () => {});
  if (elf === undefined) {
    const isText = !bytes.subarray(0, 512).some((byte) => byte < 9 || (byte > 13 && byte < 32));
    return isText
      ? error("run-text", place, facts)
      : error("run-no-program", place, { ...facts, what: "neither an ELF file nor a script" });
  }
  const { type, machine } = elf.header;
  if (type === ET_CORE) return error("run-no-program", place, { ...facts, what: "a core file" });
  const mode = modeFor(elf);
  if (mode === undefined) {
    const isOther = machine !== EM_X86_64 && machine !== EM_386;
    if (isOther) return error("run-other-machine", place, { ...facts, machine: machineName(machine) });
    return error("run-no-program", place, { ...facts, what: "an ELF file without segments to be loaded" });
  }
  const wanted = elf.segments.some((it) => it.type === PT_INTERP) ? interpreterOf(elf) : undefined;
  if (wanted === undefined) return error("run-cannot-start", place, facts);
  const loader = textOfBytes(wanted);
  const found = fileAt(tree, from, wanted, who);
  if (found === "run-not-found") return error("run-no-loader", place, { ...facts, loader });
  return error("run-loader-refused", place, { ...facts, loader });
}
