// Instructions that move integers: mov and its widening forms, lea, cmov, set, xchg, bswap, the stack.

import {
  IMMEDIATE,
  IMMEDIATE_HIGH,
  INFO,
  INFO_ADDRESS32,
  INFO_FS,
  INFO_GS,
  NEXT,
  NEXT_HIGH,
} from "../machine/columns.ts";
import {
  arithmeticFlags,
  condition,
  isStepping,
  OF,
  readFlags,
  setArithmeticFlags,
  writeFlags,
} from "../machine/flags.ts";
import { probeWrite, read8, read16, read32, readPlace, write8, write32, write64 } from "../machine/memory.ts";
import {
  address,
  bySize,
  isMemory,
  loadMemory,
  loadRegister,
  loadRm,
  offset,
  reg,
  rm,
  type Size,
  storeMemory,
  storeRegister,
  storeRm,
} from "../machine/operands.ts";
import type { Choice, Handler } from "../machine/row.ts";
import {
  ADDRESS_HIGH,
  type Cpu,
  FS_BASE,
  GS_BASE,
  IP,
  RAX,
  RBP,
  RBX,
  RDX,
  RESULT_HIGH,
  RSP,
  SELECTORS,
  TLS_BASE,
  TLS_SELECTOR,
} from "../machine/state.ts";
import { SINGLE_STEP, TRAP_PROTECTION, trap } from "../machine/traps.ts";

/** mov Ev,Gv. */
export const moveToRm: Choice = {
  choose: ({ size, memory }) => {
    if (memory) return MOVE_TO_MEMORY[size];
    return size === 8 ? moveRegister64(false) : size === 4 ? moveRegister32(false) : moveRegisterSmall(size, false);
  },
};

/** mov Gv,Ev. */
export const moveToReg: Choice = {
  choose: ({ size, memory }) => {
    if (memory) return MOVE_FROM_MEMORY[size];
    return size === 8 ? moveRegister64(true) : size === 4 ? moveRegister32(true) : moveRegisterSmall(size, true);
  },
};

function moveRegister32(toReg: boolean): Handler {
  if (toReg) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const to = reg(code, at);
      w[to] = w[rm(code, at)];
      w[to + 1] = 0;
    };
  }
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const to = rm(code, at);
    w[to] = w[reg(code, at)];
    w[to + 1] = 0;
  };
}

function moveRegister64(toReg: boolean): Handler {
  if (toReg) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const to = reg(code, at);
      const from = rm(code, at);
      w[to] = w[from];
      w[to + 1] = w[from + 1];
    };
  }
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const to = rm(code, at);
    const from = reg(code, at);
    w[to] = w[from];
    w[to + 1] = w[from + 1];
  };
}

function moveRegisterSmall(size: Size, toReg: boolean): Handler {
  return (cpu, at) => {
    const { code } = cpu;
    const to = toReg ? reg(code, at) : rm(code, at);
    storeRegister(cpu, to, size, loadRegister(cpu, toReg ? rm(code, at) : reg(code, at), size), 0);
  };
}

const MOVE_TO_MEMORY: Readonly<Record<Size, Handler>> = {
  1: (cpu, at) => {
    const low = address(cpu, at);
    write8(cpu.memory, low, cpu.words[ADDRESS_HIGH], cpu.bytes[reg(cpu.code, at)]);
  },
  2: (cpu, at) => {
    const low = address(cpu, at);
    storeMemory(cpu, low, cpu.words[ADDRESS_HIGH], 2, cpu.words[reg(cpu.code, at)], 0);
  },
  4: (cpu, at) => {
    const { words: w } = cpu;
    const low = address(cpu, at);
    write32(cpu.memory, low, w[ADDRESS_HIGH], w[reg(cpu.code, at)]);
  },
  8: (cpu, at) => {
    const { words: w } = cpu;
    const low = address(cpu, at);
    const from = reg(cpu.code, at);
    write64(cpu.memory, low, w[ADDRESS_HIGH], w[from], w[from + 1]);
  },
};

const MOVE_FROM_MEMORY: Readonly<Record<Size, Handler>> = {
  1: (cpu, at) => {
    const low = address(cpu, at);
    cpu.bytes[reg(cpu.code, at)] = read8(cpu.memory, low, cpu.words[ADDRESS_HIGH]);
  },
  2: (cpu, at) => {
    const low = address(cpu, at);
    cpu.halves[reg(cpu.code, at) * 2] = read16(cpu.memory, low, cpu.words[ADDRESS_HIGH]);
  },
  4: (cpu, at) => {
    const { words: w } = cpu;
    const low = address(cpu, at);
    const value = read32(cpu.memory, low, w[ADDRESS_HIGH]);
    const to = reg(cpu.code, at);
    w[to] = value;
    w[to + 1] = 0;
  },
  8: (cpu, at) => {
    const { words: w, memory } = cpu;
    const low = address(cpu, at);
    const place = readPlace(memory, low, w[ADDRESS_HIGH], 8);
    const to = reg(cpu.code, at);
    w[to] = memory.view.getInt32(place, true);
    w[to + 1] = memory.view.getInt32(place + 4, true);
  },
};

/** mov Ev,Iz, and Zv,Iv with its 64-bit immediate. */
export const moveImmediate: Choice = {
  choose: ({ size, memory }) => {
    if (memory) {
      return (cpu, at) => {
        const immediate = cpu.code[at + IMMEDIATE];
        const low = address(cpu, at);
        storeMemory(cpu, low, cpu.words[ADDRESS_HIGH], size, immediate, immediate >> 31);
      };
    }
    if (size < 4) return (cpu, at) => storeRegister(cpu, rm(cpu.code, at), size, cpu.code[at + IMMEDIATE], 0);
    const wide = size === 8;
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const to = rm(code, at);
      w[to] = code[at + IMMEDIATE];
      w[to + 1] = wide ? code[at + IMMEDIATE_HIGH] : 0;
    };
  },
};

/** mov between rax and a constant address. */
export const moveFromOffset: Choice = bySize((size) => (cpu, at) => {
  const low = address(cpu, at);
  const value = loadMemory(cpu, low, cpu.words[ADDRESS_HIGH], size);
  storeRegister(cpu, RAX, size, value, cpu.words[RESULT_HIGH]);
});

export const moveToOffset: Choice = bySize((size) => (cpu, at) => {
  const value = loadRegister(cpu, RAX, size);
  const valueHigh = cpu.words[RESULT_HIGH];
  const low = address(cpu, at);
  storeMemory(cpu, low, cpu.words[ADDRESS_HIGH], size, value, valueHigh);
});

/** movzx and movsx (movsxd) Gv from a size. */
export function widen(from: 1 | 2 | 4, signed: boolean): Choice {
  const shift = 32 - 8 * from;
  const unsigned8: Handler = (cpu, at) => {
    const { words: w, code } = cpu;
    const value = isMemory(code, at) ? read8(cpu.memory, address(cpu, at), w[ADDRESS_HIGH]) : cpu.bytes[rm(code, at)];
    const to = reg(code, at);
    w[to] = value;
    w[to + 1] = 0;
  };
  return {
    choose: ({ size }) => {
      if (from === 1 && !signed && size >= 4) return unsigned8;
      return (cpu, at) => {
        const value = loadRm(cpu, at, from);
        const extended = signed ? (value << shift) >> shift : value;
        storeRegister(cpu, reg(cpu.code, at), size, extended, signed ? extended >> 31 : 0);
      };
    },
  };
}

export const lea: Choice = {
  choose: ({ size }) => {
    if (size === 8) {
      return (cpu, at) => {
        const { words: w } = cpu;
        const low = offset(cpu, at);
        const to = reg(cpu.code, at);
        w[to] = low;
        w[to + 1] = w[ADDRESS_HIGH];
      };
    }
    return (cpu, at) => storeRegister(cpu, reg(cpu.code, at), size, offset(cpu, at), 0);
  },
};

/** cmov: with 32 bits the high half is cleared whether or not the condition holds; memory is read in both cases. */
export function conditionalMove(code: number): Choice {
  return bySize((size) => (cpu, at) => {
    const value = loadRm(cpu, at, size);
    const { words: w } = cpu;
    const to = reg(cpu.code, at);
    if (condition(w, code)) storeRegister(cpu, to, size, value, w[RESULT_HIGH]);
    else if (size === 4) w[to + 1] = 0;
  });
}

export function setByte(code: number): Handler {
  return (cpu, at) => storeRm(cpu, at, 1, condition(cpu.words, code) ? 1 : 0, 0);
}

export const xchg: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const other = reg(cpu.code, at);
  const value = loadRegister(cpu, other, size);
  const valueHigh = w[RESULT_HIGH];
  const old = loadRm(cpu, at, size);
  const oldHigh = w[RESULT_HIGH];
  storeRm(cpu, at, size, value, valueHigh);
  storeRegister(cpu, other, size, old, oldHigh);
});

/** xchg of rax with the register in the opcode. */
export const xchgRax: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const other = rm(cpu.code, at);
  const old = loadRegister(cpu, other, size);
  const oldHigh = w[RESULT_HIGH];
  const value = loadRegister(cpu, RAX, size);
  storeRegister(cpu, other, size, value, w[RESULT_HIGH]);
  storeRegister(cpu, RAX, size, old, oldHigh);
});

export function swapBytes(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** With 16 bits undefined by the manuals; processors give zero. */
export const bswap: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const to = rm(cpu.code, at);
  const low = w[to];
  if (size === 8) storeRegister(cpu, to, 8, swapBytes(w[to + 1]), swapBytes(low));
  else storeRegister(cpu, to, size, size === 4 ? swapBytes(low) : 0, 0);
});

/** movbe, both directions. */
export function moveSwapped(toMemory: boolean): Choice {
  return bySize((size) => (cpu, at) => {
    const register = reg(cpu.code, at);
    const low = toMemory ? loadRegister(cpu, register, size) : loadRm(cpu, at, size);
    const high = cpu.words[RESULT_HIGH];
    const swapped = size === 8 ? swapBytes(high) : size === 4 ? swapBytes(low) : swapBytes(low) >>> 16;
    if (toMemory) storeRm(cpu, at, size, swapped, swapBytes(low));
    else storeRegister(cpu, register, size, swapped, swapBytes(low));
  });
}

/** cbw, cwde, cdqe. */
export const widenRax: Choice = bySize((size) => (cpu) => {
  const { words: w } = cpu;
  const low = w[RAX];
  if (size === 8) w[RAX + 1] = low >> 31;
  else if (size === 4) storeRegister(cpu, RAX, 4, (low << 16) >> 16, 0);
  else cpu.halves[RAX * 2] = (low << 24) >> 24;
});

/** cwd, cdq, cqo. */
export const signToRdx: Choice = bySize((size) => (cpu) => {
  const { words: w } = cpu;
  const sign = size === 8 ? w[RAX + 1] >> 31 : size === 4 ? w[RAX] >> 31 : (w[RAX] << 16) >> 31;
  storeRegister(cpu, RDX, size, sign, sign);
});

/** The byte at rbx + al. */
export const xlat: Handler = (cpu, at) => {
  const { words: w } = cpu;
  const info = cpu.code[at + INFO];
  let low = (w[RBX] + cpu.bytes[RAX * 4]) | 0;
  let high = w[RBX + 1] + (low >>> 0 < cpu.bytes[RAX * 4] ? 1 : 0);
  const segment = (info & INFO_FS) !== 0 ? FS_BASE : (info & INFO_GS) !== 0 ? GS_BASE : -1;
  if ((info & INFO_ADDRESS32) !== 0) high = 0;
  if (segment >= 0) {
    const sum = (low + w[segment]) | 0;
    high += w[segment + 1] + (sum >>> 0 < low >>> 0 ? 1 : 0);
    low = sum;
  }
  cpu.bytes[RAX * 4] = read8(cpu.memory, low, cpu.mode === 32 ? 0 : high | 0);
};

// The stack. Below, rsp less or more a few bytes: in 32-bit mode its high word stays zero.

/** Writes a value below the stack's top and moves the top there. */
export function push(cpu: Cpu, size: Size, value: number, valueHigh: number): void {
  const { words: w } = cpu;
  const top = w[RSP];
  const low = (top - size) | 0;
  const high = top >>> 0 < size && cpu.mode === 64 ? (w[RSP + 1] - 1) | 0 : w[RSP + 1];
  storeMemory(cpu, low, high, size, value, valueHigh);
  w[RSP] = low;
  w[RSP + 1] = high;
}

export function push64(cpu: Cpu, value: number, valueHigh: number): void {
  const { words: w } = cpu;
  const top = w[RSP];
  const low = (top - 8) | 0;
  const high = top >>> 0 < 8 ? (w[RSP + 1] - 1) | 0 : w[RSP + 1];
  write64(cpu.memory, low, high, value, valueHigh);
  w[RSP] = low;
  w[RSP + 1] = high;
}

/** Takes a value from the stack's top: high word in `RESULT_HIGH`. */
export function pop(cpu: Cpu, size: Size): number {
  const { words: w } = cpu;
  const value = loadMemory(cpu, w[RSP], w[RSP + 1], size);
  moveTop(cpu, size);
  return value;
}

/** Adds up to 64 KB to rsp. */
export function moveTop(cpu: Cpu, bytes: number): void {
  const { words: w } = cpu;
  const low = (w[RSP] + bytes) | 0;
  if (low >>> 0 < bytes && cpu.mode === 64) w[RSP + 1] = (w[RSP + 1] + 1) | 0;
  w[RSP] = low;
}

export const pushRegister: Choice = {
  choose: ({ size }) => {
    if (size === 8) {
      return (cpu, at) => {
        const { words: w } = cpu;
        const from = rm(cpu.code, at);
        push64(cpu, w[from], w[from + 1]);
      };
    }
    return (cpu, at) => push(cpu, size, cpu.words[rm(cpu.code, at)], 0);
  },
};

export const pushRm: Choice = bySize((size) => (cpu, at) => {
  const value = loadRm(cpu, at, size);
  push(cpu, size, value, cpu.words[RESULT_HIGH]);
});

export const pushImmediate: Choice = bySize((size) => (cpu, at) => {
  const immediate = cpu.code[at + IMMEDIATE];
  push(cpu, size, immediate, immediate >> 31);
});

export const popRegister: Choice = {
  choose: ({ size }) => {
    if (size === 8) {
      return (cpu, at) => {
        const { words: w, memory } = cpu;
        const place = readPlace(memory, w[RSP], w[RSP + 1], 8);
        const to = rm(cpu.code, at);
        moveTop(cpu, 8);
        w[to] = memory.view.getInt32(place, true);
        w[to + 1] = memory.view.getInt32(place + 4, true);
      };
    }
    return (cpu, at) => {
      const value = pop(cpu, size);
      storeRegister(cpu, rm(cpu.code, at), size, value, 0);
    };
  },
};

/** The address of a memory operand is computed with rsp as it is after the pop. */
export const popRm: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const top = w[RSP];
  const topHigh = w[RSP + 1];
  const value = pop(cpu, size);
  const valueHigh = w[RESULT_HIGH];
  if (isMemory(cpu.code, at)) {
    const low = address(cpu, at);
    const high = w[ADDRESS_HIGH];
    w[RSP] = top;
    w[RSP + 1] = topHigh;
    storeMemory(cpu, low, high, size, value, valueHigh);
    moveTop(cpu, size);
    return;
  }
  storeRegister(cpu, rm(cpu.code, at), size, value, valueHigh);
});

export const pushFlags: Choice = bySize((size) => (cpu) => push(cpu, size, readFlags(cpu) & ~0x30000, 0));

export const popFlags: Choice = bySize((size) => (cpu, at) => {
  const wasStepping = isStepping(cpu);
  const value = pop(cpu, size);
  writeFlags(cpu, size === 2 ? (readFlags(cpu) & ~0xffff) | value : value);
  if (wasStepping || !isStepping(cpu)) return;
  cpu.words[IP] = cpu.code[at + NEXT];
  cpu.words[IP + 1] = cpu.code[at + NEXT_HIGH];
  throw SINGLE_STEP;
});

/** SF, ZF, AF, PF, CF out of and into ah. */
export const lahf: Handler = (cpu) => {
  cpu.bytes[RAX * 4 + 1] = (arithmeticFlags(cpu.words) & 0xd5) | 2;
};

export const sahf: Handler = (cpu) => {
  setArithmeticFlags(cpu.words, (arithmeticFlags(cpu.words) & OF) | (cpu.bytes[RAX * 4 + 1] & 0xd5));
};

export const leave: Choice = bySize((size) => (cpu) => {
  const { words: w } = cpu;
  const value = loadMemory(cpu, w[RBP], w[RBP + 1], size);
  const valueHigh = w[RESULT_HIGH];
  w[RSP] = w[RBP];
  w[RSP + 1] = w[RBP + 1];
  moveTop(cpu, size);
  storeRegister(cpu, RBP, size, value, valueHigh);
});

/** enter: a frame of so many bytes that keeps the frame pointers of so many outer levels (SDM volume 1, 6.6). */
export const enter: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const bytes = cpu.code[at + IMMEDIATE];
  const level = cpu.code[at + IMMEDIATE_HIGH] & 31;
  const saved = w.slice(RSP, RBP + 2);
  try {
    push(cpu, size, w[RBP], w[RBP + 1]);
    const frame = w[RSP];
    const frameHigh = w[RSP + 1];
    for (let n = 1; n < level; n++) {
      const low = (w[RBP] - size) | 0;
      if (w[RBP] >>> 0 < size && cpu.mode === 64) w[RBP + 1]--;
      w[RBP] = low;
      const value = loadMemory(cpu, low, w[RBP + 1], size);
      push(cpu, size, value, w[RESULT_HIGH]);
    }
    if (level > 0) push(cpu, size, frame, frameHigh);
    const top = w[RSP];
    const low = (top - bytes) | 0;
    // What is below must be there: the processor touches it.
    const high = top >>> 0 < bytes && cpu.mode === 64 ? (w[RSP + 1] - 1) | 0 : w[RSP + 1];
    probeWrite(cpu.memory, low, high, size);
    w[RSP] = low;
    w[RSP + 1] = high;
    storeRegister(cpu, RBP, size, frame, frameHigh);
  } catch (thrown) {
    w.set(saved, RSP);
    throw thrown;
  }
});

/** pusha: eax, ecx, edx, ebx, esp as it was, ebp, esi, edi. */
export const pushAll: Choice = bySize((size) => (cpu) => {
  const { words: w } = cpu;
  const top = w[RSP];
  probeWrite(cpu.memory, (top - 8 * size) | 0, 0, 8 * size);
  for (let n = 0; n < 8; n++) push(cpu, size, n === 4 ? top : w[2 * n], 0);
});

export const popAll: Choice = bySize((size) => (cpu) => {
  const { words: w, memory } = cpu;
  const place = readPlace(memory, w[RSP], 0, 8 * size);
  for (let n = 7; n >= 0; n--) {
    const from = place + (7 - n) * size;
    if (n !== 4)
      storeRegister(
        cpu,
        2 * n,
        size,
        size === 4 ? memory.view.getInt32(from, true) : memory.view.getUint16(from, true),
        0,
      );
  }
  moveTop(cpu, 8 * size);
});

// Segment registers: flat, but for the one thread-local segment of i386.

/** mov Ev,Sw: a selector. To memory always 16 bits. */
export const moveFromSegment: Choice = {
  choose:
    ({ size, memory }) =>
    (cpu, at) => {
      const selector = cpu.words[SELECTORS + (reg(cpu.code, at) % 6)];
      storeRm(cpu, at, memory ? 2 : size, selector, 0);
    },
};

export const moveToSegment: Handler = (cpu, at) => loadSegment(cpu, reg(cpu.code, at), loadRm(cpu, at, 2));

export function pushSegment(number: number): Choice {
  return bySize((size) => (cpu) => push(cpu, size, cpu.words[SELECTORS + number], 0));
}

export function popSegment(number: number): Choice {
  return bySize((size) => (cpu) => {
    const { words: w } = cpu;
    const selector = loadMemory(cpu, w[RSP], w[RSP + 1], size) & 0xffff;
    loadSegment(cpu, number, selector);
    moveTop(cpu, size);
  });
}

/**
 * What Linux has in its table for programs (arch/x86/include/asm/segment.h): flat data, 64-bit code, which can be read, and the segment whose
 * limit is the number of the processor.
 */
const FLAT: readonly number[] = [0x28, 0x30, 0x78];

/** Selectors that Linux gives: nothing, those, and what set_thread_area handed out. */
function loadSegment(cpu: Cpu, number: number, selector: number): void {
  const { words: w } = cpu;
  const isThread = selector === w[TLS_SELECTOR] && selector > 3;
  if (number === 1 || number > 5 || !(isThread || selector <= 3 || FLAT.includes(selector & ~3)))
    trap(cpu, TRAP_PROTECTION, selector & ~3);
  // The stack's has to be writable, and of the program's own privilege.
  if (number === 2 && selector !== 0x2b && !isThread) trap(cpu, TRAP_PROTECTION, selector & ~3);
  // ds and es with a base would have to be added to every access.
  if (isThread && number < 4) trap(cpu, TRAP_PROTECTION, selector & ~3);
  w[SELECTORS + number] = selector;
  if (number < 4) return;
  const base = number === 4 ? FS_BASE : GS_BASE;
  w[base] = isThread ? w[TLS_BASE] : 0;
  w[base + 1] = 0;
}
