// The code that starts a random program, without a C library, so that it links and runs in milliseconds: it relocates itself
// where no loader has done it, sets up thread-local storage there, runs the arrays of constructors, and prints the sum of all
// that the objects sum up.

/** C for a program's first object. Its sums are found through __start_sums and __stop_sums, which the linker defines. */
export const START: string = `
typedef unsigned long word;
typedef long sword;
typedef unsigned int u32;
#define HIDDEN __attribute__((visibility("hidden")))
#define WEAK __attribute__((weak, visibility("hidden")))
#ifdef __x86_64__
typedef struct { u32 type, flags; word offset, address, physical, fileSize, memorySize, alignment; } Segment;
typedef struct { word offset, info; sword addend; } Relocation;
typedef struct { u32 name; unsigned char info, other; unsigned short section; word value, size; } Symbol;
#define TYPE(r) ((u32)(r)->info)
#define INDEX(r) ((r)->info >> 32)
#define ADDEND(r, at) ((r)->addend)
#define IPLT(end) __rela_iplt_##end
#define HEADER_SIZE 64
enum { TABLE = 7, TABLE_SIZE = 8, WORD = 1, GLOB_DAT = 6, JUMP_SLOT = 7, RELATIVE = 8, DTPMOD = 16, DTPOFF = 17, TPOFF = 18,
  TPOFF_NEGATED = 0, IRELATIVE = 37 };
#else
typedef struct { u32 type; word offset, address, physical, fileSize, memorySize; u32 flags; word alignment; } Segment;
typedef struct { word offset, info; } Relocation;
typedef struct { u32 name; word value, size; unsigned char info, other; unsigned short section; } Symbol;
#define TYPE(r) ((r)->info & 0xff)
#define INDEX(r) ((r)->info >> 8)
#define ADDEND(r, at) ((sword)*(at))
#define IPLT(end) __rel_iplt_##end
#define HEADER_SIZE 52
enum { TABLE = 17, TABLE_SIZE = 18, WORD = 1, GLOB_DAT = 6, JUMP_SLOT = 7, RELATIVE = 8, DTPMOD = 35, DTPOFF = 36, TPOFF = 14,
  TPOFF_NEGATED = 37, IRELATIVE = 42 };
#endif

extern const int __start_sums[] HIDDEN, __stop_sums[] HIDDEN;
extern const Relocation IPLT(start)[] WEAK, IPLT(end)[] WEAK;
typedef void Constructor(void);
extern Constructor *const __preinit_array_start[] HIDDEN, *const __preinit_array_end[] HIDDEN;
extern Constructor *const __init_array_start[] HIDDEN, *const __init_array_end[] HIDDEN;
HIDDEN u32 ticks;

static sword call(sword number, sword a, sword b, sword c) {
  sword result;
#ifdef __x86_64__
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
#endif
  return result;
}

static void relocate(word bias, const Relocation *from, const Relocation *end, const Symbol *symbols, word tlsSize, int late) {
  for (const Relocation *r = from; r < end; r++) {
    word *at = (word *)(bias + r->offset);
    const Symbol *symbol = symbols ? &symbols[INDEX(r)] : 0;
    word value = symbol == 0 || symbol->section == 0 ? 0 : symbol->value + (symbol->section == 0xfff1 ? 0 : bias);
    sword addend = ADDEND(r, at);
    if ((TYPE(r) == IRELATIVE) != late) continue;
    switch (TYPE(r)) {
      case WORD: *at = value + addend; break;
      case GLOB_DAT: case JUMP_SLOT: *at = value; break;
      case RELATIVE: *at = bias + addend; break;
      case DTPMOD: *at = 1; break;
      case DTPOFF: *at = (symbol ? symbol->value : 0) + addend; break;
      case TPOFF: *at = (symbol ? symbol->value : 0) + addend - tlsSize; break;
      case IRELATIVE: *at = ((word (*)(void))(bias + addend))(); break;
      default: if (TYPE_IS_NEGATED(r)) *at = tlsSize - (symbol ? symbol->value : 0) - addend;
    }
  }
}

static char tls[0x3000] __attribute__((aligned(64)));

HIDDEN void start_c(const word *stack) {
  word phdr = 0, count = 0, base = 0, size = 0, entry = 0;
  const word *at = stack + 1 + stack[0] + 1;
  while (*at++) {}
  for (; at[0]; at += 2) {
    if (at[0] == 3) phdr = at[1];
    if (at[0] == 5) count = at[1];
    if (at[0] == 7) base = at[1];
    if (at[0] == 9) entry = at[1];
  }
  if (base == 0 && phdr != 0) {
    const Segment *segments = (const Segment *)phdr, *image = 0;
    // e_entry of the header in front of the program headers, against where the entry is.
    const word bias = entry - ((const word *)(phdr - HEADER_SIZE))[24 / sizeof(word)];
    const word *dynamic = 0;
    for (word i = 0; i < count; i++) {
      if (segments[i].type == 2) dynamic = (const word *)(bias + segments[i].address);
      if (segments[i].type == 7) image = &segments[i];
    }
    if (image) size = (image->memorySize + image->alignment - 1) & -image->alignment;
    word table = 0, bytes = 0, plt = 0, pltBytes = 0, relr = 0, relrBytes = 0;
    const Symbol *symbols = 0;
    for (const word *d = dynamic; d && d[0]; d += 2) {
      if (d[0] == TABLE) table = bias + d[1];
      if (d[0] == TABLE_SIZE) bytes = d[1];
      if (d[0] == 6) symbols = (const Symbol *)(bias + d[1]);
      if (d[0] == 23) plt = bias + d[1];
      if (d[0] == 2) pltBytes = d[1];
      if (d[0] == 36) relr = bias + d[1];
      if (d[0] == 35) relrBytes = d[1];
    }
    word where = 0;
    for (word i = 0; i < relrBytes / sizeof(word); i++) {
      word entry = ((const word *)relr)[i];
      if ((entry & 1) == 0) { *(word *)(bias + entry) += bias; where = bias + entry + sizeof(word); continue; }
      for (word bit = 1; bit < sizeof(word) * 8; bit++)
        if (entry >> bit & 1) ((word *)where)[bit - 1] += bias;
      where += (sizeof(word) * 8 - 1) * sizeof(word);
    }
    for (int late = 0; late < 2; late++) {
      relocate(bias, (const Relocation *)table, (const Relocation *)(table + bytes), symbols, size, late);
      relocate(bias, (const Relocation *)plt, (const Relocation *)(plt + pltBytes), symbols, size, late);
      if (dynamic == 0) relocate(0, IPLT(start), IPLT(end), 0, size, late);
    }
    word pointer = (word)tls + 0x2000;
    if (image) for (word i = 0; i < image->fileSize; i++)
      ((char *)(pointer - size))[i] = ((const char *)(bias + image->address))[i];
    *(word *)pointer = pointer;
#ifdef __x86_64__
    call(158, 0x1002, pointer, 0);
#else
    u32 slot[4] = { -1, pointer, 0xfffff, 0x51 };
    call(243, (sword)slot, 0, 0);
    __asm__ volatile("movw %w0, %%gs" : : "r"(slot[0] * 8 + 3));
#endif
  }
  for (Constructor *const *each = __preinit_array_start; each < __preinit_array_end; each++) (*each)();
  for (Constructor *const *each = __init_array_start; each < __init_array_end; each++) (*each)();
  u32 sum = 0;
  for (const int *each = __start_sums; each < __stop_sums; each++) sum = sum * 17 + ((u32 (*)(void))((word)each + *each))();
  sum = sum * 17 + ticks;
  char text[9];
  for (int i = 0; i < 8; i++) text[i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
  text[8] = 10;
#ifdef __x86_64__
  call(1, 1, (word)text, 9);
  call(231, 0, 0, 0);
#else
  call(4, 1, (word)text, 9);
  call(252, 0, 0, 0);
#endif
}

#ifdef __x86_64__
__asm__(".globl _start; .type _start, @function; _start: mov %rsp, %rdi; and $-16, %rsp; call start_c; hlt");
#else
__asm__(".globl _start; .type _start, @function; _start: mov %esp, %eax; and $-16, %esp; sub $12, %esp; push %eax; call start_c; hlt");
#endif
`.replace("TYPE_IS_NEGATED(r)", "TPOFF_NEGATED && TYPE(r) == TPOFF_NEGATED");

/** C for a library's own object: the sum of its objects, under a name of its own. */
export const TOTAL = `
typedef unsigned int u32;
#define HIDDEN __attribute__((visibility("hidden")))
extern const int __start_sums[] __attribute__((weak)) HIDDEN, __stop_sums[] __attribute__((weak)) HIDDEN;
HIDDEN u32 ticks;
u32 TOTAL(void) {
  u32 sum = 0;
  for (const int *each = __start_sums; each < __stop_sums; each++)
    sum = sum * 17 + ((u32 (*)(void))((unsigned long)each + *each))();
  return sum * 17 + ticks;
}
`;

/** -O1, and nothing that needs a C library or adds tables. */
export const START_FLAGS: readonly string[] = [
  "-O1",
  "-fPIE",
  "-ffreestanding",
  "-fno-stack-protector",
  "-fno-asynchronous-unwind-tables",
  "-fcf-protection=none",
  "-mno-sse",
];
