// What the page loads when a section turns up that zstd packed: the fzstd package, and the look at what it gets.

import { decompress } from "fzstd";
import { decompressSized } from "../../src/host/zstd-frames.ts";

globalThis.solderZstd = (bytes, size) => decompressSized(decompress, bytes, size);
