// What stands in the braces of a random section.

import { expression, type Scope } from "./expression.ts";

/** Patterns of input sections, by the names that sources.ts has. */
const PATTERNS =
  ".text .text.* .data .data.* .data* .rodata .rodata* .bss .bss* COMMON .mixed .fixed .vars .code .zero .info .note.x .t .t.* .t.c.* .t.? .t.[ab] .init_array* .ctors.* .tdata .tbss .kept.* ident .debug_x .near .far .ov1 .ov* .fa .fw .fx .fb .fn .f? .rodata.str1.1 .rodata.cst4".split(
    " ",
  );

const FILES = ["*", "*", "*", "*", "*", "a.o", "b.o", "*o.o", "*[ab].o", "o*.o", "?.o", "*s2.o"];

/** Patterns that fit a section of this name. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  ".text": ["*(.text)", "*(.text .text.*)", "*(.text*)", "KEEP(*(.text))", "a.o(.text) *(.text)"],
  ".data": ["*(.data)", "*(.data .data.*)", "*(.data*)", "b.o(.data) *(.data)"],
  ".bss": ["*(.bss)", "*(.bss COMMON)", "*(.bss*) *(COMMON)", "*(COMMON) *(.bss)"],
  ".rodata": ["*(.rodata)", "*(.rodata*)", "*(.rodata .rodata.*)"],
};

export function body(scope: Scope, name: string): string {
  const { roll } = scope;
  const parts: string[] = [];
  const own = Object.hasOwn(OWN, name) ? OWN[name] : [`*(${name})`, `*(${name} ${name}.*)`];
  for (let i = roll.below(3); i > 0; i--) parts.push(statement(scope));
  if (!roll.oneIn(5)) parts.splice(roll.below(parts.length + 1), 0, roll.pick(own));
  return parts.join(" ");
}

function statement(scope: Scope): string {
  const { roll } = scope;
  switch (roll.below(14)) {
    case 0:
      return roll.pick(["BYTE", "SHORT", "LONG", "QUAD", "SQUAD"]).concat(`(${expression(scope)})`);
    case 1:
      return `FILL(${roll.pick(["0x90", "0xaabb", "0", "0x00ff"])})`;
    case 2:
      return `. = ALIGN(${roll.pick(["4", "8", "32", "0x80"])});`;
    case 3:
      return `. += ${roll.pick(["1", "4", "0x30", "0"])};`;
    case 4:
    case 5: {
      const value = expression(scope);
      return `${symbol(scope)} = ${value};`;
    }
    case 6: {
      const value = expression(scope);
      return `${roll.pick(["PROVIDE", "PROVIDE_HIDDEN", "HIDDEN"])}(${symbol(scope)} = ${value});`;
    }
    case 7:
      return roll.pick(['ASSERT(. < 0x100000000, "far");', "CONSTRUCTORS", "CREATE_OBJECT_SYMBOLS", ". = .;"]);
    default:
      return pattern(scope);
  }
}

function symbol({ roll, symbols }: Scope): string {
  const name = roll.pick(["sym_a", "sym_b", "sym_c", "in1", "in2", "start_it", "stop_it", "here", "end"]);
  if (!symbols.includes(name)) symbols.push(name);
  return name;
}

/** `file(sections)` with what may be around and in it. */
export function pattern({ roll }: Scope): string {
  const file = roll.pick(FILES);
  const list: string[] = [];
  for (let i = roll.oneIn(3) ? 1 + roll.below(2) : 0; i >= 0; i--) list.push(sorted(roll.oneIn(4), roll.oneIn(12)));
  const whole = roll.oneIn(40) ? `${file}(*)` : `${file}(${list.join(" ")})`;
  if (roll.oneIn(10)) return `KEEP(${whole})`;
  if (roll.oneIn(20)) return `EXCLUDE_FILE(${roll.pick(["*a.o", "b.o *o2.o", "*o.o"])}) ${whole}`;
  if (roll.oneIn(20))
    return `INPUT_SECTION_FLAGS(${roll.pick(["SHF_WRITE", "!SHF_WRITE", "SHF_EXECINSTR", "SHF_ALLOC & !SHF_EXECINSTR"])}) ${whole}`;
  return whole;

  function sorted(isSorted: boolean, isExcluded: boolean): string {
    const name = roll.pick(PATTERNS);
    const one = isExcluded ? `EXCLUDE_FILE(${roll.pick(["*a.o", "*b.o", "*o2.o *s.o"])}) ${name}` : name;
    if (!isSorted) return one;
    const sort = roll.pick([
      "SORT",
      "SORT_BY_NAME",
      "SORT_BY_ALIGNMENT",
      "SORT_BY_INIT_PRIORITY",
      "SORT_NONE",
      "SORT_BY_NAME(SORT_BY_ALIGNMENT",
      "SORT_BY_ALIGNMENT(SORT_BY_NAME",
    ]);
    return sort.includes("(") ? `${sort}(${name}))` : `${sort}(${one})`;
  }
}
