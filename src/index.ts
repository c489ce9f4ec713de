// The package's front door: everything that is public, by module.

export * from "./elf/problem.ts";
