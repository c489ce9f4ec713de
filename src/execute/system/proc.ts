// What /proc says of the processes and of the machine (fs/proc/base.c, task_mmu.c, array.c).

import { toBytes } from "../files/names.ts";
import type { FileNode } from "../files/nodes.ts";
import type { ProcessFiles } from "../files/special.ts";
import { pathOf } from "../files/tree.ts";
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE } from "../memory/address-space.ts";
import { MACHINE } from "./calls/identity.ts";
import { nanoseconds, SECOND, STARTED_BEFORE } from "./clock.ts";
import type { Process, System } from "./state.ts";

/** Files beside the processes' directories. */
export function procTexts(system: System): Readonly<Record<string, () => Uint8Array>> {
  const { memory } = system.limits;
  const kilobytes = (bytes: number): string => String(Math.floor(bytes / 1024)).padStart(8);
  return {
    version: () => toBytes(`${MACHINE.system} version ${MACHINE.release} ${MACHINE.version}\n`),
    uptime: () => toBytes(`${(STARTED_BEFORE + nanoseconds(system) / SECOND).toFixed(2)} 0.00\n`),
    loadavg: () => toBytes(`0.00 0.00 0.00 1/${system.tasks.length} ${system.nextId - 1}\n`),
    filesystems: () => toBytes("nodev\tproc\n\text4\n"),
    mounts: () => toBytes("/dev/root / ext4 rw 0 0\nproc /proc proc rw 0 0\n"),
    meminfo: () => {
      const free = memory - system.frames.used * 4096;
      return toBytes(
        `MemTotal:       ${kilobytes(memory)} kB\nMemFree:        ${kilobytes(free)} kB\nMemAvailable:   ${kilobytes(free)} kB\n`,
      );
    },
    cpuinfo: () =>
      toBytes(
        "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 15\nmodel\t\t: 107\nmodel name\t: Solder x86-64\n\n",
      ),
    stat: () =>
      toBytes(
        `cpu  ${Math.floor(system.executed / (SECOND / 100))} 0 0 0 0 0 0 0 0 0\nbtime ${system.epoch.seconds - STARTED_BEFORE}\n`,
      ),
  };
}

export function processFiles(process: Process): ProcessFiles | undefined {
  const list = (texts: readonly string[]): Uint8Array => toBytes(texts.map((text) => `${text}\0`).join(""));
  return {
    texts: {
      maps: () => toBytes(process.space.areas.map((area) => mapLine(area)).join("")),
      cmdline: () => list(process.commandLine),
      environ: () => list(process.variables),
      comm: () => toBytes(`${process.name}\n`),
      auxv: () => process.image.auxiliary,
      stat: () => toBytes(statLine(process)),
      status: () => toBytes(statusLines(process)),
      statm: () => toBytes(`${Math.floor(process.space.mapped / 4096)} 0 0 0 0 0 0\n`),
      cgroup: () => toBytes("0::/\n"),
      mounts: () => toBytes("/dev/root / ext4 rw 0 0\nproc /proc proc rw 0 0\n"),
      limits: () => toBytes("Limit                     Soft Limit           Hard Limit           Units     \n"),
    },
    links: {
      exe: () => process.executable.path,
      cwd: () => pathOf(process.directory),
      root: () => "/",
    },
    descriptors: () =>
      process.descriptors.flatMap((it, number) => {
        if (it === undefined) return [];
        const { node, path, special } = it.open;
        // What has a name is a link to it; of the rest the thing itself is there, so that it can be opened again.
        const isNamed =
          special === undefined && (node.kind === "file" || node.kind === "directory" || node.kind === "device");
        return [[number, isNamed ? path : node] as const];
      }),
  };
}

/** A line of /proc/PID/maps. */
export function mapLine({ start, end, protection, shared, source, offset, label }: Area): string {
  const flag = (bit: number, letter: string): string => ((protection & bit) === 0 ? "-" : letter);
  const flags = `${flag(PROT_READ, "r")}${flag(PROT_WRITE, "w")}${flag(PROT_EXEC, "x")}${shared === undefined ? "p" : "s"}`;
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  const node: FileNode | undefined = source?.node;
  const isFile = source !== undefined;
  const head = `${hex(start)}-${hex(end)} ${flags} ${hex(isFile ? offset : 0)} ${isFile ? "fe:00" : "00:00"} ${node?.inode ?? 0}`;
  const name = source?.path ?? label;
  return name === "" ? `${head} \n` : `${head.padEnd(72)} ${name}\n`;
}

function statLine(process: Process): string {
  const { pid, name, parent, group, session, tasks, space, stopped, nice } = process;
  const zeros = (count: number): string => "0 ".repeat(count);
  return `${pid} (${name}) ${stopped === undefined ? "R" : "T"} ${parent?.pid ?? 1} ${group} ${session} 0 -1 ${zeros(9)}${20 + nice} ${nice} ${tasks.length} 0 ${STARTED_BEFORE * 100} ${space.mapped} ${zeros(28)}\n`;
}

function statusLines({ pid, name, parent, who, tasks, space, stopped }: Process): string {
  return [
    `Name:\t${name}`,
    stopped === undefined ? "State:\tR (running)" : "State:\tT (stopped)",
    `Tgid:\t${pid}`,
    `Pid:\t${pid}`,
    `PPid:\t${parent?.pid ?? 1}`,
    `Uid:\t${who.user}\t${who.user}\t${who.user}\t${who.user}`,
    `Gid:\t${who.group}\t${who.group}\t${who.group}\t${who.group}`,
    `VmSize:\t${Math.floor(space.mapped / 1024)} kB`,
    `Threads:\t${tasks.length}`,
    "",
  ].join("\n");
}
