// What the page loads to disassemble x86: the package's code, which is begun with the bytes of its WebAssembly. scripts/page.mjs takes out
// of the package that it reads them from a file.

import { begin, Decoder, DecoderOptions, Formatter, FormatterSyntax } from "iced-x86";

globalThis.solderDisassembly = async (wasm: Uint8Array<ArrayBuffer>) => {
  begin(wasm);
  return { Decoder, DecoderOptions, Formatter, FormatterSyntax };
};
