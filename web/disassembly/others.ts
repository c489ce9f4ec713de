// What the page loads to disassemble other machines than x86.

import capstone from "@alexaltea/capstone-js";

globalThis.solderDisassembly = (wasm: Uint8Array<ArrayBuffer>) => capstone({ wasmBinary: wasm.buffer });
