// GNU ld's built-in library directories, as Debian configures it (`ld --verbose | grep SEARCH_DIR`, binutils 2.40). A leading
// `=` stands for the --sysroot directory.

interface SearchDirectories {
  /** What the command's name begins with: `i686-linux-gnu-ld` has other directories than `ld -m elf_i386`. */
  readonly prefix: string;
  readonly emulation: string;
  readonly directories: readonly string[];
}

const TABLE: readonly SearchDirectories[] = [
  {
    prefix: "",
    emulation: "elf_x86_64",
    directories: [
      "=/usr/local/lib/x86_64-linux-gnu",
      "=/lib/x86_64-linux-gnu",
      "=/usr/lib/x86_64-linux-gnu",
      "=/usr/lib/x86_64-linux-gnu64",
      "=/usr/local/lib64",
      "=/lib64",
      "=/usr/lib64",
      "=/usr/local/lib",
      "=/lib",
      "=/usr/lib",
      "=/usr/x86_64-linux-gnu/lib64",
      "=/usr/x86_64-linux-gnu/lib",
    ],
  },
  {
    prefix: "",
    emulation: "elf_i386",
    directories: [
      "=/usr/local/lib/i386-linux-gnu",
      "=/lib/i386-linux-gnu",
      "=/usr/lib/i386-linux-gnu",
      "=/usr/lib/x86_64-linux-gnu32",
      "=/usr/local/lib32",
      "=/lib32",
      "=/usr/lib32",
      "=/usr/lib/x86_64-linux-gnu",
      "=/usr/local/lib",
      "=/lib",
      "=/usr/lib",
      "=/usr/i386-linux-gnu/lib32",
      "=/usr/x86_64-linux-gnu/lib32",
      "=/usr/i386-linux-gnu/lib",
    ],
  },
  {
    prefix: "i686-linux-gnu-",
    emulation: "elf_i386",
    directories: [
      "=/usr/local/lib/i386-linux-gnu",
      "=/lib/i386-linux-gnu",
      "=/usr/lib/i386-linux-gnu",
      "=/usr/local/lib32",
      "=/lib32",
      "=/usr/lib32",
      "=/usr/local/lib",
      "=/lib",
      "=/usr/lib",
      "=/usr/i686-linux-gnu/lib32",
      "=/usr/i686-linux-gnu/lib",
    ],
  },
];

/** The directories for a link that was started as `program`. */
export function searchDirectories(program: string, emulation: string): readonly string[] {
  const fitting = TABLE.filter((row) => row.emulation === emulation && program.startsWith(row.prefix));
  return fitting.at(-1)?.directories ?? [];
}

/** What `-m` is when it is not given: the command's name tells, as for GNU ld's cross linkers. */
export function emulationOfProgram(program: string): string | undefined {
  return TABLE.find((row) => row.prefix !== "" && program.startsWith(row.prefix))?.emulation;
}
