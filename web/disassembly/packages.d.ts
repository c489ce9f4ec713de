// The parts of the packages that are used here; their own declarations are half a megabyte, or none.

declare module "iced-x86" {
  const iced: import("../../src/host/disassembly/iced.ts").Iced;
  export const Decoder: typeof iced.Decoder;
  export const DecoderOptions: typeof iced.DecoderOptions;
  export const Formatter: typeof iced.Formatter;
  export const FormatterSyntax: typeof iced.FormatterSyntax;
  /** Added by scripts/page.mjs. */
  export function begin(wasm: Uint8Array<ArrayBuffer>): void;
}

declare module "@alexaltea/capstone-js" {
  function capstone(given: { readonly wasmBinary: ArrayBuffer }): Promise<unknown>;
  export = capstone;
}

/** Left by the script of a disassembler: begins it. */
declare var solderDisassembly: (wasm: Uint8Array<ArrayBuffer>) => Promise<unknown>;
