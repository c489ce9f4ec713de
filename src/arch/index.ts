// `solder/arch`: what Solder knows of the machines.

export * from "./i386/relocations.ts";
export * from "./machine.ts";
export * from "./relocation.ts";
export { fitsField, relocationByName } from "./table.ts";
export * from "./x86_64/relocations.ts";
