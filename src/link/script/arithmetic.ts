// The operators of GNU ld's expressions on 64-bit numbers. Values are unsigned, as bfd_vma is; `/` and `%` alone read them
// as signed. Shift counts are taken modulo 64, which is what ld does on x86 (measured: 1<<64 is 1, 4>>70 is 0).

const MASK = (1n << 64n) - 1n;

/** The value as ld keeps it: 64 bits, unsigned. */
export function wrap(value: bigint): bigint {
  return value & MASK;
}

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const choose = (first: boolean, left: bigint, right: bigint): bigint => (first ? left : right);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

/** Operands are wrapped; results need not be. `/` and `%` by zero must not get here. */
const BINARY: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => signed(left) / signed(right),
  "%": (left, right) => signed(left) % signed(right),
  "<<": (left, right) => left << (right & 63n),
  ">>": (left, right) => left >> (right & 63n),
  "&": (left, right) => left & right,
  "|": (left, right) => left | right,
  "^": (left, right) => left ^ right,
  "==": (left, right) => truth(left === right),
  "!=": (left, right) => truth(left !== right),
  "<": (left, right) => truth(left < right),
  ">": (left, right) => truth(left > right),
  "<=": (left, right) => truth(left <= right),
  ">=": (left, right) => truth(left >= right),
  "&&": (left, right) => truth(left !== 0n && right !== 0n),
  "||": (left, right) => truth(left !== 0n || right !== 0n),
  MAX: (left, right) => choose(left > right, left, right),
  MIN: (left, right) => choose(left < right, left, right),
  ALIGN: (left, right) => alignUp(left, right),
};

const UNARY: Readonly<Record<string, (operand: bigint) => bigint>> = {
  "-": (operand) => -operand,
  "~": (operand) => ~operand,
  "!": (operand) => truth(operand === 0n),
  LOG2CEIL: (operand) => (operand === 0n ? 0n : BigInt((operand - 1n).toString(2).length - (operand === 1n ? 1 : 0))),
};

/** Undefined for a division by zero, the only operation without a result. */
export function binaryValue(operator: string, left: bigint, right: bigint): bigint | undefined {
  if ((operator === "/" || operator === "%") && right === 0n) return undefined;
  return wrap(BINARY[operator](left, right));
}

export function unaryValue(operator: string, operand: bigint): bigint {
  return wrap(UNARY[operator](operand));
}

/** The next multiple of `alignment`, which need not be a power of two. */
export function alignUp(value: bigint, alignment: bigint): bigint {
  return alignment <= 1n ? value : (wrap(value + alignment - 1n) / alignment) * alignment;
}
