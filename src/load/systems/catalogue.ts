// Systems that people run programs on, and what of each is known: its C library, its libstdc++ and libgcc_s, and which
// libraries the plain container image has, as far as that is certain. Sources: the distributions' package lists
// (docker-library/repo-info records what the official images contain; Debian's lists are the dependencies of its essential
// packages and apt), glibc's and musl's release notes. What is not listed may still be installable: such a library is "not
// part of the base system".

import { NEWEST_ANDROID, OLDEST_ANDROID } from "./android.ts";
import { machineOfName } from "./machine-names.ts";
import { portsOf, portsOfLibrary } from "./ports.ts";
import type { Release } from "./releases.ts";

export interface System {
  /** As --for takes it. */
  readonly name: string;
  readonly library: "glibc" | "musl";
  /** Of the C library. */
  readonly version: Release;
  /** The GCC release of libstdc++.so.6 and libgcc_s.so.1; undefined if the plain system has neither. */
  readonly gcc: Release | undefined;
  /** Names (DT_SONAME) of further libraries of the plain system. Their versions are not known. */
  readonly libraries: readonly string[];
  /** Versions of glibc that were taken back into its release. */
  readonly versions: readonly string[];
  /** "glibc:2.28" names a C library and no system: nothing is known of other libraries. */
  readonly bare: boolean;
  /** The machines that it exists for, by Solder's names. */
  readonly machines: readonly string[];
  /** The one that is asked about (`debian:12/arm64`); undefined for that of each file. */
  readonly machine: string | undefined;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Essential packages and apt, in every release from 11 (20.04) on. */
const DEBIAN = words(`
  libacl.so.1 libattr.so.1 libaudit.so.1 libblkid.so.1 libbz2.so.1.0 libcap-ng.so.0 libcrypt.so.1 libdb-5.3.so
  libgcrypt.so.20 libgmp.so.10 libgnutls.so.30 libgpg-error.so.0 libhogweed.so.6 libidn2.so.0 liblz4.so.1 liblzma.so.5
  libmount.so.1 libnettle.so.8 libnsl.so.1 libp11-kit.so.0 libpam.so.0 libpam_misc.so.0 libpamc.so.0 libpcre2-8.so.0
  libseccomp.so.2 libselinux.so.1 libsmartcols.so.1 libsystemd.so.0 libtasn1.so.6 libtinfo.so.6 libudev.so.1
  libunistring.so.2 libuuid.so.1 libz.so.1 libzstd.so.1`);

/** A list without the names that start like these. */
const without = (names: readonly string[], ...starts: readonly string[]): readonly string[] =>
  names.filter((name) => !starts.some((start) => name.startsWith(start)));

const OPENSSL_3 = words("libssl.so.3 libcrypto.so.3");

/** apt verifies with Sequoia now, and speaks TLS with OpenSSL. */
const DEBIAN_13 = [
  ...without(
    DEBIAN,
    "libgcrypt.",
    "libgnutls.",
    "libgpg-error.",
    "libidn2.",
    "libp11-kit.",
    "libtasn1.",
    "libunistring.",
  ),
  ...words("libbsd.so.0 libcap.so.2 libmd.so.0 libsemanage.so.2 libsepol.so.2 libsqlite3.so.0 libxxhash.so.0"),
  ...OPENSSL_3,
];

/** What bash, coreutils, curl and the package manager of Red Hat's family need. */
const REDHAT = words(`
  libacl.so.1 libattr.so.1 libbz2.so.1 libcap.so.2 libcurl.so.4 libdb-5.3.so libexpat.so.1 libffi.so.6 libgcrypt.so.20
  libglib-2.0.so.0 libgobject-2.0.so.0 libgmp.so.10 libgpg-error.so.0 libkrb5.so.3 libgssapi_krb5.so.2 liblzma.so.5
  libpcre.so.1 libselinux.so.1 libsqlite3.so.0 libtinfo.so.6 libncurses.so.6 libuuid.so.1 libxml2.so.2 libz.so.1`);

const REDHAT_9 = [
  ...without(REDHAT, "libffi.", "libdb-5.3.", "libpcre."),
  ...words("libffi.so.8 libpcre2-8.so.0 libcrypt.so.2 libzstd.so.1 liblz4.so.1"),
  ...OPENSSL_3,
];

const ALPINE = [...OPENSSL_3, "libz.so.1"];

/** A row: name, its other names, C library's release, GCC's release, further libraries, versions from later releases. */
type Row = readonly [string, readonly string[], string, string, readonly string[], ...(readonly string[])[]];

const GLIBC_SYSTEMS: readonly Row[] = [
  ["debian:10", ["debian:buster"], "2.28", "8.3", without(DEBIAN, "libhogweed.", "libnettle.", "libpcre2-8.")],
  ["debian:11", ["debian:bullseye"], "2.31", "10.2", [...DEBIAN, "libssl.so.1.1", "libcrypto.so.1.1"]],
  ["debian:12", ["debian:bookworm"], "2.36", "12.2", DEBIAN],
  ["debian:13", ["debian:trixie"], "2.41", "14.2", DEBIAN_13, words("GLIBC_ABI_GNU2_TLS GLIBC_ABI_DT_X86_64_PLT")],
  ["ubuntu:18.04", ["ubuntu:bionic"], "2.27", "8.4", words("libz.so.1 liblzma.so.5 libcrypt.so.1 libuuid.so.1")],
  ["ubuntu:20.04", ["ubuntu:focal"], "2.31", "10.3", without(DEBIAN, "libhogweed.", "libnettle.")],
  ["ubuntu:22.04", ["ubuntu:jammy"], "2.35", "12.3", [...DEBIAN, ...OPENSSL_3]],
  ["ubuntu:24.04", ["ubuntu:noble"], "2.39", "14.2", [...without(DEBIAN, "libunistring."), ...OPENSSL_3]],
  [
    "ubuntu:26.04",
    ["ubuntu:resolute"],
    "2.43",
    "16.1",
    [
      ...without(DEBIAN_13, "libhogweed.", "libnettle.", "libsemanage.", "libsepol.", "libsqlite3."),
      ...words("libgcrypt.so.20 libgpg-error.so.0"),
    ],
  ],
  [
    "amazonlinux:2",
    ["lambda:al2"],
    "2.26",
    "7.3",
    [...without(REDHAT, "libgcrypt."), "libcrypt.so.1", "libssl.so.10", "libcrypto.so.10"],
  ],
  ["amazonlinux:2023", ["lambda:al2023"], "2.34", "11.4", REDHAT_9],
  ["rhel:7", ["centos:7"], "2.17", "4.8.5", words("libz.so.1 liblzma.so.5 libbz2.so.1 libcrypt.so.1 libuuid.so.1")],
  [
    "rhel:8",
    ["almalinux:8", "rockylinux:8", "centos:8"],
    "2.28",
    "8.5",
    [...REDHAT, "libcrypt.so.1", "libssl.so.1.1", "libcrypto.so.1.1", "libzstd.so.1", "liblz4.so.1"],
  ],
  ["rhel:9", ["almalinux:9", "rockylinux:9"], "2.34", "11.5", REDHAT_9],
  ["rhel:10", ["almalinux:10", "rockylinux:10"], "2.39", "14.2", REDHAT_9],
];

/** Alpine's plain image has no libstdc++ and no libgcc_s. */
const MUSL_SYSTEMS: readonly Row[] = [
  ["alpine:3.16", [], "1.2.3", "", words("libz.so.1 libcrypto.so.1.1 libssl.so.1.1")],
  ["alpine:3.17", [], "1.2.3", "", ALPINE],
  ["alpine:3.18", [], "1.2.4", "", ALPINE],
  ["alpine:3.19", [], "1.2.4", "", ALPINE],
  ["alpine:3.20", [], "1.2.5", "", ALPINE],
  ["alpine:3.21", [], "1.2.5", "", ALPINE],
  ["alpine:3.22", [], "1.2.5", "", ALPINE],
  ["alpine:3.23", [], "1.2.5", "", ALPINE],
  ["alpine:3.24", [], "1.2.6", "", ALPINE],
];

/** manylinux and musllinux tags promise a C library (PEP 600, PEP 656). */
const OLDEST_GLIBC = [2, 17];
const NEWEST_GLIBC = [2, 43];

/** Names for messages and help; glibc:X and musl:X stand for all releases. */
export const SYSTEM_NAMES: readonly string[] = [
  ...[...GLIBC_SYSTEMS, ...MUSL_SYSTEMS].map(([name]) => name),
  `glibc:${OLDEST_GLIBC.join(".")} to ${NEWEST_GLIBC.join(".")}`,
  "musl:1.2.3 to 1.2.6",
  `android:${OLDEST_ANDROID} to ${NEWEST_ANDROID}`,
];

const MUSL_RELEASES = ["1.2.3", "1.2.4", "1.2.5", "1.2.6"];

/**
 * The system of a name: `debian:12`, `debian:bookworm`, `debian:12/arm64`, `almalinux:9`, `alpine:3.20`, `glibc:2.28`, `musl:1.2.5`,
 * `musl`. Whether it exists for the machine is another matter (`System.machines`).
 * @returns undefined for a name that the tables do not know
 */
export function findSystem(name: string): System | undefined {
  const [, base = "", other] = /^([^/]*)(?:\/(.*))?$/.exec(name) ?? [];
  const machine = other === undefined ? undefined : machineOfName(other);
  if (other !== undefined && machine === undefined) return undefined;
  const found = bareSystem(base) ?? fromRows(base, GLIBC_SYSTEMS, "glibc") ?? fromRows(base, MUSL_SYSTEMS, "musl");
  return found === undefined ? undefined : { ...found, name, machine };
}

/** The newest release of a C library, and nothing else, on a machine. */
export function newestSystem(library: System["library"], machine: string): System {
  const version = library === "glibc" ? NEWEST_GLIBC.join(".") : MUSL_RELEASES[MUSL_RELEASES.length - 1];
  return { ...bare("", library, version), name: `${library}:${version}/${machine}`, machine };
}

/** Names of systems that exist for a machine, those of the same family first; of C libraries none. */
export function systemsFor(machine: string, like: string): readonly string[] {
  const family = `${like.split(":")[0]}:`;
  const names = [...GLIBC_SYSTEMS, ...MUSL_SYSTEMS].flatMap(([name]) =>
    portsOf(name, name).includes(machine) ? [name] : [],
  );
  const [own, others] = [true, false].map((is) => names.filter((name) => name.startsWith(family) === is));
  return [...own, ...others];
}

function bareSystem(name: string): System | undefined {
  const [, library, text = "1.2.5"] = /^(glibc|musl)(?::(.+))?$/.exec(name) ?? [];
  if (library === "musl" && MUSL_RELEASES.includes(text)) return bare(name, "musl", text);
  const [, major, minor] = /^(2)\.(\d\d)$/.exec(text) ?? [];
  if (library !== "glibc" || major === undefined) return undefined;
  return Number(minor) >= OLDEST_GLIBC[1] && Number(minor) <= NEWEST_GLIBC[1] ? bare(name, "glibc", text) : undefined;
}

function bare(name: string, library: System["library"], version: string): System {
  const release = version.split(".").map(Number);
  return {
    name,
    library,
    version: release,
    gcc: undefined,
    libraries: [],
    versions: [],
    bare: true,
    machines: portsOfLibrary(library, release),
    machine: undefined,
  };
}

function fromRows(name: string, rows: readonly Row[], library: System["library"]): System | undefined {
  const row = rows.find(([own, others]) => own === name || others.includes(name));
  if (row === undefined) return undefined;
  const [own, , version, gcc, libraries, versions = []] = row;
  return {
    name,
    library,
    version: version.split(".").map(Number),
    gcc: gcc === "" ? undefined : gcc.split(".").map(Number),
    libraries,
    versions,
    bare: false,
    machines: portsOf(name, own),
    machine: undefined,
  };
}
