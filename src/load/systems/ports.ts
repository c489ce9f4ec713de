// On which machines a system exists. Sources: the distributions' release notes (Debian's "What's new", supported
// architectures; Ubuntu's release notes; Alpine's, 3.20 for riscv64, 3.21 for loongarch64; Red Hat's "Architectures"; Amazon
// Linux's user guides), and of C libraries the release that first knew a machine (glibc's NEWS, musl's WHATSNEW).

import { compareReleases, type Release } from "./releases.ts";

const words = (text: string): readonly string[] => text.split(" ");

const DEBIAN = words("x86-64 i386 aarch64 arm armel ppc64le s390x mips64el");
const UBUNTU = words("x86-64 i386 aarch64 arm ppc64le s390x");
/** i386 stands for the 32-bit libraries beside x86-64's. */
const REDHAT = words("x86-64 i386 aarch64 ppc64le s390x");
const REDHAT_10 = words("x86-64 aarch64 ppc64le s390x");
const ALPINE = words("x86-64 i386 aarch64 arm ppc64le s390x");
const ALPINE_3_20 = [...ALPINE, "riscv64"];
const ALPINE_3_21 = [...ALPINE_3_20, "loongarch64"];

const PORTS: Readonly<Record<string, readonly string[]>> = {
  "debian:10": DEBIAN,
  "debian:11": DEBIAN,
  "debian:12": DEBIAN,
  "debian:13": words("x86-64 i386 aarch64 arm armel ppc64le s390x riscv64"),
  "ubuntu:18.04": UBUNTU,
  "ubuntu:20.04": [...UBUNTU, "riscv64"],
  "ubuntu:22.04": [...UBUNTU, "riscv64"],
  "ubuntu:24.04": [...UBUNTU, "riscv64"],
  "ubuntu:26.04": [...UBUNTU, "riscv64"],
  "amazonlinux:2": words("x86-64 i386 aarch64"),
  "amazonlinux:2023": words("x86-64 aarch64"),
  "rhel:7": REDHAT,
  // Its alternative architectures.
  "centos:7": [...REDHAT, "arm"],
  "rhel:8": REDHAT,
  "rhel:9": REDHAT,
  "rhel:10": REDHAT_10,
  "almalinux:10": [...REDHAT_10, "i386"],
  "rockylinux:10": [...REDHAT_10, "riscv64"],
  "alpine:3.16": ALPINE,
  "alpine:3.17": ALPINE,
  "alpine:3.18": ALPINE,
  "alpine:3.19": ALPINE,
  "alpine:3.20": ALPINE_3_20,
};

/** The machines of a system that the tables have. @param name as the user says it  @param own its name in the tables */
export function portsOf(name: string, own: string): readonly string[] {
  return PORTS[name] ?? PORTS[own] ?? ALPINE_3_21;
}

/** The release of a C library that first knew a machine. */
const FIRST: Readonly<Record<"glibc" | "musl", readonly (readonly [machine: string, release: Release])[]>> = {
  glibc: [
    ["x86-64", [2, 2, 6]],
    ["i386", [2, 0]],
    ["aarch64", [2, 17]],
    ["arm", [2, 4]],
    ["armel", [2, 4]],
    ["riscv64", [2, 27]],
    ["ppc64le", [2, 17]],
    ["s390x", [2, 2]],
    ["loongarch64", [2, 36]],
    ["mips64el", [2, 3]],
  ],
  musl: [
    ["x86-64", [0, 5]],
    ["i386", [0, 5]],
    ["aarch64", [1, 1, 7]],
    ["arm", [0, 6]],
    ["armel", [0, 6]],
    ["riscv64", [1, 1, 23]],
    ["ppc64le", [1, 1, 15]],
    ["s390x", [1, 1, 15]],
    ["loongarch64", [1, 2, 5]],
    ["mips64el", [1, 1, 16]],
  ],
};

/** The machines that a release of a C library knows. */
export function portsOfLibrary(library: "glibc" | "musl", version: Release): readonly string[] {
  return FIRST[library].flatMap(([machine, first]) => (compareReleases(version, first) >= 0 ? [machine] : []));
}
