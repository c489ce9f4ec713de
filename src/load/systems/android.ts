// Android as far as public sources tell: the libraries that the NDK promises to apps and the API level that first had each (the NDK's
// guide "Native APIs", system.map of the stub libraries), the versions of their symbols (lib*.map.txt of AOSP: a version a
// release, named by its letter), and what the dynamic linker refuses from which level on (android-changes-for-ndk-developers.md and
// docs/elf-tls.md of bionic). Single symbols without a version of their own are not known.

import { machineOfName } from "./machine-names.ts";

/** Android of an API level. */
export interface AndroidSystem {
  /** As --for takes it: `android:26`, `android:35/arm64`. */
  readonly name: string;
  readonly api: number;
  /** The machines that its NDK builds for. */
  readonly machines: readonly string[];
  /** The one that is asked about; undefined for that of each file. */
  readonly machine: string | undefined;
}

/** 21 is the first with 64 bits. */
export const OLDEST_ANDROID = 21;
export const NEWEST_ANDROID = 36;

/** RISC-V is in the NDK since r27, for API 35. */
const MACHINES: readonly (readonly [machine: string, since: number])[] = [
  ["arm", OLDEST_ANDROID],
  ["aarch64", OLDEST_ANDROID],
  ["i386", OLDEST_ANDROID],
  ["x86-64", OLDEST_ANDROID],
  ["riscv64", 35],
];

/** Android's ABI of arm (armeabi-v7a) passes floating-point numbers in general registers, and is called arm all the same. */
export function machineOnAndroid(machine: string): string {
  return machine === "armel" ? "arm" : machine;
}

/** The Android of a name, `android:30` or `android:30/arm64`; undefined for a name that is none. */
export function findAndroid(name: string): AndroidSystem | undefined {
  const [, digits, other] = /^android:(\d\d)(?:\/(.*))?$/.exec(name) ?? [];
  const api = Number(digits ?? 0);
  const machine = other === undefined ? undefined : machineOfName(other);
  if (api < OLDEST_ANDROID || api > NEWEST_ANDROID || (other !== undefined && machine === undefined)) return undefined;
  return { name, api, machines: MACHINES.flatMap(([it, since]) => (api >= since ? [it] : [])), machine };
}

/** The first Android that a machine has; none of a machine without one. */
export function oldestAndroidOn(machine: string): readonly string[] {
  return MACHINES.flatMap(([it, since]) => (it === machine ? [`android:${since}`] : []));
}

/** The newest Android on a machine. */
export function newestAndroid(machine: string): AndroidSystem {
  const machines = MACHINES.map(([it]) => it);
  const own = machineOnAndroid(machine);
  return { name: `android:${NEWEST_ANDROID}/${own}`, api: NEWEST_ANDROID, machines, machine: own };
}

/** Public libraries of the NDK by the API level that first had them. libc++_shared.so is none of them: it is shipped. */
const LIBRARIES: Readonly<Record<string, number>> = {
  "libc.so": 3,
  "libm.so": 3,
  "libdl.so": 3,
  "libstdc++.so": 3,
  "libz.so": 3,
  "liblog.so": 3,
  "libGLESv1_CM.so": 4,
  "libGLESv2.so": 5,
  "libjnigraphics.so": 8,
  "libandroid.so": 9,
  "libEGL.so": 9,
  "libOpenSLES.so": 9,
  "libOpenMAXAL.so": 14,
  "libGLESv3.so": 18,
  "libmediandk.so": 21,
  "libcamera2ndk.so": 24,
  "libvulkan.so": 24,
  "libaaudio.so": 26,
  "libnativewindow.so": 26,
  "libsync.so": 26,
  "libneuralnetworks.so": 27,
  "libamidi.so": 29,
  "libbinder_ndk.so": 29,
  "libicu.so": 31,
  "libnativehelper.so": 31,
};

/** The API level that first had a public library; undefined for one that apps may not use, or that is none of Android's. */
export function androidOfLibrary(name: string): number | undefined {
  return Object.hasOwn(LIBRARIES, name) ? LIBRARIES[name] : undefined;
}

/** Letters of releases, and their API levels. From 36 on the level itself is the name. */
const LETTERS: Readonly<Record<string, number>> = {
  L: 21,
  M: 23,
  N: 24,
  O: 26,
  OMR1: 27,
  P: 28,
  Q: 29,
  R: 30,
  S: 31,
  T: 33,
  U: 34,
  V: 35,
};

/** Versions that libraries give to the platform itself, and promise to no app. */
const PRIVATE = /_(PRIVATE|PLATFORM|DEPRECATED)$/;

/** Is this a version of Android that apps may not use? */
export function isPrivateAndroidVersion(version: string): boolean {
  return /^LIB[A-Z0-9]+_/.test(version) && PRIVATE.test(version);
}

/**
 * The API level that first has a version: LIBC_N, LIBLOG_R, LIBDL_36.
 * @returns 21 for the base version of a library (LIBC); undefined for versions of others
 */
export function androidOfVersion(version: string): number | undefined {
  const [, library, name] = /^(LIB[A-Z0-9]+)(?:_([A-Z0-9]+))?$/.exec(version) ?? [];
  if (library === undefined) return undefined;
  if (name === undefined) return OLDEST_ANDROID;
  if (/^[3-9]\d$/.test(name)) return Number(name);
  return Object.hasOwn(LETTERS, name) ? LETTERS[name] : undefined;
}

/** API levels from which on the dynamic linker does something, or refuses it. */
export const ANDROID_SINCE = {
  gnuHash: 23,
  noTextRelocations: 23,
  wholeNeededNames: 23,
  packedRelocations: 23,
  sectionHeadersChecked: 24,
  runpath: 24,
  noWritableCode: 26,
  ownRelr: 28,
  elfTls: 29,
  relr: 30,
  largerPages: 35,
} as const;

/** Android's thread pointer block takes the first words behind the thread pointer: so much must a program's TLS be aligned to. */
export const ANDROID_TLS_ALIGNMENT: Readonly<Record<string, number>> = { arm: 32, aarch64: 64 };

/** Google Play wants this of 64-bit libraries of apps for API 35 on. */
export const PLAY_PAGE_SIZE = 0x4000;
