// Releases and the versions of symbols that they bring: which glibc has GLIBC_2.34, which GCC has GLIBCXX_3.4.29.

/** [2, 34], [12, 2]: parts of a release's number, the most significant first. */
export type Release = readonly number[];

/** Less than 0 if `a` is older than `b`, 0 if they are the same. Missing parts count as 0. */
export function compareReleases(a: Release, b: Release): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** "2.34" from [2, 34]. */
export function releaseText(release: Release): string {
  return release.join(".");
}

/** [2, 34] from "2.34"; undefined for what is no list of numbers. */
export function parseRelease(text: string): Release | undefined {
  return /^\d{1,9}(\.\d{1,9}){0,3}$/.test(text) ? text.split(".").map(Number) : undefined;
}

/**
 * Versions of glibc whose names are not release numbers: promises about the file format (elf/Versions and
 * sysdeps/x86_64/Versions in glibc). Distributions have taken the last three back into older releases, so a system may
 * have them although its release is older than what stands here; see `System.versions`.
 */
const GLIBC_ABI_VERSIONS: ReadonlyMap<string, Release> = new Map([
  ["GLIBC_ABI_DT_RELR", [2, 36]],
  ["GLIBC_ABI_GNU2_TLS", [2, 42]],
  ["GLIBC_ABI_GNU_TLS", [2, 42]],
  ["GLIBC_ABI_DT_X86_64_PLT", [2, 42]],
]);

/** The glibc release that first has a version; undefined for GLIBC_PRIVATE, which is no promise, and for other libraries'. */
export function glibcOfVersion(version: string): Release | undefined {
  if (version.startsWith("GLIBC_ABI_")) return GLIBC_ABI_VERSIONS.get(version);
  return version.startsWith("GLIBC_") ? parseRelease(version.slice(6)) : undefined;
}

/** What a GCC release's libstdc++ defines last: GLIBCXX_3.4.x and CXXABI_1.3.y. */
interface GccRow {
  readonly gcc: Release;
  readonly glibcxx: number;
  readonly cxxabi: number;
}

/** GCC's manual of libstdc++, "ABI Policy and Guidelines", for the years that a supported system can have. */
const GCC_ROWS: readonly GccRow[] = [
  { gcc: [4, 4, 0], glibcxx: 11, cxxabi: 3 },
  { gcc: [4, 4, 1], glibcxx: 12, cxxabi: 3 },
  { gcc: [4, 4, 2], glibcxx: 13, cxxabi: 3 },
  { gcc: [4, 5, 0], glibcxx: 14, cxxabi: 4 },
  { gcc: [4, 6, 0], glibcxx: 15, cxxabi: 5 },
  { gcc: [4, 6, 1], glibcxx: 16, cxxabi: 5 },
  { gcc: [4, 7, 0], glibcxx: 17, cxxabi: 6 },
  { gcc: [4, 8, 0], glibcxx: 18, cxxabi: 7 },
  { gcc: [4, 8, 3], glibcxx: 19, cxxabi: 7 },
  { gcc: [4, 9, 0], glibcxx: 20, cxxabi: 8 },
  { gcc: [5, 1], glibcxx: 21, cxxabi: 9 },
  { gcc: [6, 1], glibcxx: 22, cxxabi: 10 },
  { gcc: [7, 1], glibcxx: 23, cxxabi: 11 },
  { gcc: [7, 2], glibcxx: 24, cxxabi: 11 },
  { gcc: [8, 1], glibcxx: 25, cxxabi: 11 },
  { gcc: [9, 1], glibcxx: 26, cxxabi: 12 },
  { gcc: [9, 2], glibcxx: 27, cxxabi: 12 },
  { gcc: [9, 3], glibcxx: 28, cxxabi: 12 },
  { gcc: [11, 1], glibcxx: 29, cxxabi: 13 },
  { gcc: [12, 1], glibcxx: 30, cxxabi: 13 },
  { gcc: [13, 1], glibcxx: 31, cxxabi: 14 },
  { gcc: [13, 2], glibcxx: 32, cxxabi: 14 },
  { gcc: [14, 1], glibcxx: 33, cxxabi: 15 },
  { gcc: [15, 1], glibcxx: 34, cxxabi: 16 },
  { gcc: [16, 1], glibcxx: 35, cxxabi: 17 },
  // As Debian's 16.2.0-3 has it.
  { gcc: [16, 2], glibcxx: 36, cxxabi: 17 },
];

/** Versions of libstdc++ whose names are not numbers. */
const GCC_NAMED: ReadonlyMap<string, Release> = new Map([
  ["GLIBCXX_3.4", [3, 4]],
  ["CXXABI_1.3", [3, 4]],
  ["CXXABI_TM_1", [4, 7]],
  ["CXXABI_FLOAT128", [5, 1]],
  ["CXXABI_ARM_1.3.3", [4, 4]],
  // Machines whose long double was once a double, or two (s390x, ppc64le).
  ["GLIBCXX_LDBL_3.4", [4, 1]],
  ["GLIBCXX_LDBL_3.4.7", [4, 1]],
  ["GLIBCXX_LDBL_3.4.10", [4, 3]],
  ["GLIBCXX_LDBL_3.4.21", [5, 1]],
  ["GLIBCXX_LDBL_3.4.29", [11, 1]],
  ["GLIBCXX_LDBL_3.4.31", [13, 1]],
  ["CXXABI_LDBL_1.3", [4, 1]],
  ["GLIBCXX_IEEE128_3.4.29", [11, 1]],
  ["GLIBCXX_IEEE128_3.4.30", [12, 1]],
  ["GLIBCXX_IEEE128_3.4.31", [13, 1]],
  ["CXXABI_IEEE128_1.3.13", [11, 1]],
]);

/**
 * The GCC release whose libstdc++ or libgcc_s first has a version: GLIBCXX_3.4.29, CXXABI_1.3.13, GCC_4.2.0.
 * @returns undefined for versions that the table does not know: of other libraries, or newer than it
 */
export function gccOfVersion(version: string): Release | undefined {
  const named = GCC_NAMED.get(version);
  if (named !== undefined) return named;
  const [, family, minor] = /^(GLIBCXX_3\.4|CXXABI_1\.3)\.(\d+)$/.exec(version) ?? [];
  if (family !== undefined) {
    const column = family === "CXXABI_1.3" ? "cxxabi" : "glibcxx";
    return GCC_ROWS.find((row) => row[column] >= Number(minor))?.gcc;
  }
  return version.startsWith("GCC_") ? parseRelease(version.slice(4)) : undefined;
}

/** The last GLIBCXX version of a GCC release's libstdc++, "GLIBCXX_3.4.29"; undefined for one older than the table. */
export function glibcxxOfGcc(gcc: Release): string | undefined {
  const row = GCC_ROWS.findLast((it) => compareReleases(it.gcc, gcc) <= 0);
  return row === undefined ? undefined : `GLIBCXX_3.4.${row.glibcxx}`;
}

/** For sorting: GLIBC_2.9 before GLIBC_2.34. */
export function compareVersionNames(a: string, b: string): number {
  const [x, y] = [a, b].map((name) => glibcOfVersion(name) ?? gccOfVersion(name) ?? []);
  return compareReleases(x, y) || (a < b ? -1 : 1);
}
