// Vector instructions for one purpose each: string comparison, AES, carry-less products, SHA.

import type { Feature } from "../machine/levels.ts";
import { xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler, Row } from "../machine/row.ts";
import * as crypto from "./do-crypto.ts";
import { index, maskInto } from "./do-string-compare.ts";
import type { Packed } from "./packed-integer.ts";
import { immediateByte, xmmBy, xmmByOrder, xmmByPart } from "./vector-operands.ts";

/** rcx, xmm0 and flags are implied. REX.W widens the explicit lengths. */
function strings(code: string, name: string, does: Handler, explicit: boolean, says: string): Row {
  const lengths = explicit ? "strings of %edx and %eax elements" : "strings that zeros end";
  return {
    code: `0F 3A ${code}`,
    prefix: "66",
    operands: "Vx,Wx,Ib",
    name,
    does,
    needs: "sse4.2",
    ...(explicit ? { quad: true } : {}),
    writes: "OSZAPC",
    says: `compares ${lengths} {1} and {2} as {3} says, ${says}`,
  };
}

/** SHA's memory operands need not be aligned (measured). */
function sha(code: string, name: string, operation: Packed, says: string): Row {
  const does = xmmByPart(operation, 16);
  return { code: `0F 38 ${code}`, prefix: "NP", operands: "Vx,Wx", name, does, needs: "sha", says };
}

function by(code: string, prefix: "66", name: string, operation: Packed, needs: Feature, says: string): Row {
  return { code: `0F 38 ${code}`, prefix, operands: "Vx,Wx", name, does: xmmBy(operation), needs, says };
}

export const SSE_SPECIAL_ROWS: readonly Row[] = [
  strings("60", "pcmpestrm", maskInto(true), true, "a mask into %xmm0"),
  strings("61", "pcmpestri", index(true), true, "an index into %ecx"),
  strings("62", "pcmpistrm", maskInto(false), false, "a mask into %xmm0"),
  strings("63", "pcmpistri", index(false), false, "an index into %ecx"),
  by("DC", "66", "aesenc", crypto.aesRound(false, false), "aes", "encrypts {1} by one round with key {2}"),
  by("DD", "66", "aesenclast", crypto.aesRound(false, true), "aes", "encrypts {1} by the last round with key {2}"),
  by("DE", "66", "aesdec", crypto.aesRound(true, false), "aes", "decrypts {1} by one round with key {2}"),
  by("DF", "66", "aesdeclast", crypto.aesRound(true, true), "aes", "decrypts {1} by the last round with key {2}"),
  by("DB", "66", "aesimc", crypto.unmixKey, "aes", "makes of {2} a key for decryption"),
  {
    code: "0F 3A DF",
    prefix: "66",
    operands: "Vx,Wx,Ib",
    name: "aeskeygenassist",
    does: xmmByOrder(crypto.assistKey),
    needs: "aes",
    says: "prepares the next round's key from {2} with constant {3}",
  },
  {
    code: "0F 3A 44",
    prefix: "66",
    operands: "Vx,Wx,Ib",
    name: "pclmulqdq",
    does: xmmByOrder(crypto.multiplyCarryless),
    needs: "pclmulqdq",
    says: "multiplies halves of {1} and {2} that {3} names, without carries",
  },
  sha("C8", "sha1nexte", crypto.sha1Next, "prepares the next rounds of SHA-1"),
  sha("C9", "sha1msg1", crypto.sha1Message1, "prepares words of a message of SHA-1"),
  sha("CA", "sha1msg2", crypto.sha1Message2, "finishes words of a message of SHA-1"),
  {
    code: "0F 3A CC",
    prefix: "NP",
    operands: "Vx,Wx,Ib",
    name: "sha1rnds4",
    does: (cpu, at) => crypto.sha1Rounds(cpu, xmmReg(cpu.code, at), xmmSource(cpu, at, 16), 4, immediateByte(cpu, at)),
    needs: "sha",
    says: "does four rounds of SHA-1",
  },
  sha("CC", "sha256msg1", crypto.sha256Message1, "prepares words of a message of SHA-256"),
  sha("CD", "sha256msg2", crypto.sha256Message2, "finishes words of a message of SHA-256"),
  {
    code: "0F 38 CB",
    prefix: "NP",
    operands: "Vx,Wx,XMM0",
    name: "sha256rnds2",
    does: crypto.sha256Rounds,
    needs: "sha",
    says: "does two rounds of SHA-256",
  },
];
