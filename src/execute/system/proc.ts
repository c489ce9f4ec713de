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

/** What is below /proc/sys (Documentation/admin-guide/sysctl), as far as programs ask. */
export function systemTexts({ limits, random }: System): Readonly<Record<string, () => Uint8Array>> {
  const text = (value: string | number) => (): Uint8Array => toBytes(`${value}\n`);
  return {
    "kernel/ostype": text(MACHINE.system),
    "kernel/osrelease": text(MACHINE.release),
    "kernel/version": text(MACHINE.version),
    "kernel/hostname": text(MACHINE.node),
    "kernel/domainname": text("(none)"),
    "kernel/pid_max": text(4_194_304),
    "kernel/threads-max": text(limits.tasks),
    "kernel/ngroups_max": text(65_536),
    "kernel/cap_last_cap": text(40),
    "kernel/randomize_va_space": text(0),
    "kernel/core_pattern": text("core"),
    "kernel/random/entropy_avail": text(256),
    "kernel/random/boot_id": text(`00000000-0000-4000-8000-${random.toString(16).padStart(12, "0").slice(-12)}`),
    "vm/overcommit_memory": text(0),
    "vm/mmap_min_addr": text(0x1_0000),
    "vm/max_map_count": text(65_530),
    "fs/file-max": text(limits.files),
    "fs/nr_open": text(limits.files),
    "fs/pipe-max-size": text(0x10_0000),
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
      limits: () => toBytes(limitLines(process)),
      mountinfo: () => toBytes("1 0 254:0 / / rw - ext4 /dev/root rw\n2 1 0:2 / /proc rw - proc proc rw\n"),
      oom_score_adj: () => toBytes("0\n"),
    },
    threads: () => process.tasks.map(({ id }) => id),
    threadTexts: (id) => ({
      comm: () => toBytes(`${process.name}\n`),
      cmdline: () => list(process.commandLine),
      maps: () => toBytes(process.space.areas.map((area) => mapLine(area)).join("")),
      stat: () => toBytes(statLine(process, id)),
      status: () => toBytes(statusLines(process, id)),
    }),
    links: {
      exe: () => process.executable.path,
      cwd: () => pathOf(process.directory),
      root: () => "/",
    },
    descriptors: () =>
      process.descriptors.flatMap((it, number) => {
        if (it === undefined) return [];
        const { node, path, special } = it.open;
        const isFile = node.kind === "file" && special === undefined;
        const isNamed =
          (isFile && node.links > 0) || node.kind === "directory" || (node.kind === "device" && special === undefined);
        const isLost = isFile && node.links === 0 && !path.endsWith(" (deleted)");
        return [[number, isLost ? `${path} (deleted)` : path, isNamed ? undefined : node] as const];
      }),
  };
}

/** Name and unit of each resource, by its number (fs/proc/base.c, lnames). */
const RESOURCES: readonly (readonly [name: string, unit: string])[] = [
  ["Max cpu time", "seconds"],
  ["Max file size", "bytes"],
  ["Max data size", "bytes"],
  ["Max stack size", "bytes"],
  ["Max core file size", "bytes"],
  ["Max resident set", "bytes"],
  ["Max processes", "processes"],
  ["Max open files", "files"],
  ["Max locked memory", "bytes"],
  ["Max address space", "bytes"],
  ["Max file locks", "locks"],
  ["Max pending signals", "signals"],
  ["Max msgqueue size", "bytes"],
  ["Max nice priority", ""],
  ["Max realtime priority", ""],
  ["Max realtime timeout", "us"],
];

function limitLines({ limits }: Process): string {
  const line = (name: string, soft: string, hard: string, unit: string): string =>
    `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit.padEnd(10)}\n`;
  const text = (value: number): string => (value >= 2 ** 63 ? "unlimited" : String(value));
  return RESOURCES.reduce(
    (all, [name, unit], resource) => {
      const [soft, hard] = limits.get(resource) ?? [0, 0];
      return all + line(name, text(soft), text(hard), unit);
    },
    line("Limit", "Soft Limit", "Hard Limit", "Units"),
  );
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

function statLine(process: Process, id = process.pid): string {
  const { name, parent, group, session, tasks, space, stopped, nice } = process;
  const zeros = (count: number): string => "0 ".repeat(count);
  return `${id} (${name}) ${stopped === undefined ? "R" : "T"} ${parent?.pid ?? 1} ${group} ${session} 0 -1 ${zeros(9)}${20 + nice} ${nice} ${tasks.length} 0 ${STARTED_BEFORE * 100} ${space.mapped} ${zeros(28)}\n`;
}

function statusLines({ pid, name, parent, who, identity, tasks, space, stopped }: Process, id = pid): string {
  const [real, own] = [identity.user, identity.group];
  return [
    `Name:\t${name}`,
    stopped === undefined ? "State:\tR (running)" : "State:\tT (stopped)",
    `Tgid:\t${pid}`,
    `Pid:\t${id}`,
    `PPid:\t${parent?.pid ?? 1}`,
    `Uid:\t${real.real}\t${who.user}\t${real.saved}\t${who.user}`,
    `Gid:\t${own.real}\t${who.group}\t${own.saved}\t${who.group}`,
    `VmSize:\t${Math.floor(space.mapped / 1024)} kB`,
    `Threads:\t${tasks.length}`,
    "",
  ].join("\n");
}
