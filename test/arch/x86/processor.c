/* The processor as a judge: executes one instruction for each case of standard input, in the state that the case
   describes, and writes the state afterwards. test/arch/x86/processor.ts has the layout of both records.

   No instruction is called: a signal frame carries the whole state of a thread, so the handler that runs after one case
   writes the next one's registers into its own frame and returns there. Behind the instruction, and wherever it may jump
   to, stands int3; faults arrive at the same handler. Works for 64-bit and 32-bit processes (the latter under qemu-i386). */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

enum { CODE_AT = 0x20000800, CODE_PAGES = 0x20000000, CODE_SIZE = 0x2000 };
enum { DATA_PAGES = 0x10000000, DATA_SIZE = 0x2000, WINDOW_AT = 0x10000c00, WINDOW = 0x800 };

struct state {
  uint8_t code[32];      /* in: the instruction, int3 behind it */
  uint32_t signal;       /* out: which signal ended it; SIGTRAP is the int3 behind */
  uint32_t reserved;
  uint64_t fault;        /* out: the address that could not be accessed, for SIGSEGV and SIGBUS */
  uint64_t ip;           /* out: where it went, or where it stopped */
  uint64_t flags;
  uint64_t general[16];  /* rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15 */
  uint8_t fxsave[512];
  uint8_t window[WINDOW];
};

static struct state *states;
static long count, current = -1;

#ifdef __x86_64__
static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                               REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
#define GENERAL 16
#define IP REG_RIP
/* glibc's fpstate is fxsave's 512 bytes; behind them the header of xsave, whose first word tells which parts are loaded. */
static uint8_t *fxsave_of(ucontext_t *frame) { return (uint8_t *)frame->uc_mcontext.fpregs; }
#else
static const int places[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
#define GENERAL 8
#define IP REG_EIP
/* The old frame of fsave (112 bytes with a status word) stands before fxsave's. */
static uint8_t *fxsave_of(ucontext_t *frame) { return (uint8_t *)frame->uc_mcontext.fpregs + 112; }
#endif

static void begin(ucontext_t *frame) {
  struct state *state = states + current;
  memset((void *)(uintptr_t)CODE_PAGES, 0xcc, CODE_SIZE);
  memcpy((void *)(uintptr_t)CODE_AT, state->code, sizeof state->code);
  memset((void *)(uintptr_t)DATA_PAGES, 0, DATA_SIZE);
  memcpy((void *)(uintptr_t)WINDOW_AT, state->window, WINDOW);
  for (int i = 0; i < GENERAL; i++) frame->uc_mcontext.gregs[places[i]] = state->general[i];
#ifndef __x86_64__
  frame->uc_mcontext.gregs[REG_UESP] = state->general[4];
#endif
  frame->uc_mcontext.gregs[REG_EFL] = state->flags;
  frame->uc_mcontext.gregs[IP] = CODE_AT;
  uint8_t *image = fxsave_of(frame);
  memcpy(image, state->fxsave, 416);
  uint32_t magic;
  memcpy(&magic, image + 464, 4);
  if (magic == 0x46505853) image[512] |= 3;
#ifndef __x86_64__
  /* The kernel takes the x87 registers from the old frame, in its order: control, status, tags, pointers, registers. */
  uint8_t *old = (uint8_t *)frame->uc_mcontext.fpregs;
  uint16_t control, status, tags = 0;
  memcpy(&control, state->fxsave, 2);
  memcpy(&status, state->fxsave + 2, 2);
  int top = status >> 11 & 7;
  for (int physical = 0; physical < 8; physical++) {
    const uint8_t *value = state->fxsave + 32 + 16 * ((physical - top) & 7);
    int exponent = (value[8] | value[9] << 8) & 0x7fff, whole = 0;
    for (int i = 0; i < 8; i++) whole |= value[i];
    int tag = !(state->fxsave[4] >> physical & 1)        ? 3
              : exponent == 0 && whole == 0              ? 1
              : exponent == 0x7fff || exponent == 0 || !(value[7] & 0x80) ? 2
                                                         : 0;
    tags |= tag << 2 * physical;
  }
  memset(old, 0, 28);
  memcpy(old, &control, 2);
  memcpy(old + 4, &status, 2);
  memcpy(old + 8, &tags, 2);
  for (int i = 0; i < 8; i++) memcpy(old + 28 + 10 * i, state->fxsave + 32 + 16 * i, 10);
#endif
}

static void end(int signal, siginfo_t *info, ucontext_t *frame) {
  struct state *state = states + current;
  uint64_t ip = (uintptr_t)frame->uc_mcontext.gregs[IP];
  state->signal = signal;
  state->ip = signal == SIGTRAP ? ip - 1 : ip;
  state->fault = signal == SIGSEGV || signal == SIGBUS ? (uintptr_t)info->si_addr : 0;
  for (int i = 0; i < GENERAL; i++) {
#ifdef __x86_64__
    state->general[i] = frame->uc_mcontext.gregs[places[i]];
#else
    state->general[i] = (uint32_t)frame->uc_mcontext.gregs[i == 4 ? REG_UESP : places[i]];
#endif
  }
  state->flags = frame->uc_mcontext.gregs[REG_EFL] & 0xffffffff;
  memcpy(state->fxsave, fxsave_of(frame), 416);
#ifndef __x86_64__
  /* Likewise from the old frame: what fxsave has abridged. */
  const uint8_t *old = (uint8_t *)frame->uc_mcontext.fpregs;
  memcpy(state->fxsave, old, 2);
  memcpy(state->fxsave + 2, old + 4, 2);
  int tags = old[8] | old[9] << 8;
  state->fxsave[4] = 0;
  for (int i = 0; i < 8; i++) {
    if ((tags >> 2 * i & 3) != 3) state->fxsave[4] |= 1 << i;
    memcpy(state->fxsave + 32 + 16 * i, old + 28 + 10 * i, 10);
  }
#endif
  memcpy(state->window, (void *)(uintptr_t)WINDOW_AT, WINDOW);
}

static void write_all(void) {
  const uint8_t *bytes = (const uint8_t *)states;
  size_t left = count * sizeof *states;
  while (left > 0) {
    ssize_t written = write(1, bytes, left);
    if (written <= 0) _exit(2);
    bytes += written;
    left -= written;
  }
}

static void handler(int signal, siginfo_t *info, void *context) {
  /* A kernel clears DF for a handler, qemu does not. */
  __asm__ volatile("cld");
  ucontext_t *frame = context;
  if (current >= 0) end(signal, info, frame);
  if (++current == count) {
    write_all();
    _exit(0);
  }
  begin(frame);
}

/* An instruction that goes on for ever: after 50 ms of processor time the case must be another. */
static void tick(int signal, siginfo_t *info, void *context) {
  static long last = -2;
  if (current == last) handler(signal, info, context);
  last = current;
}

int main(void) {
  size_t room = 1 << 20, size = 0;
  uint8_t *input = malloc(room);
  for (;;) {
    ssize_t got = read(0, input + size, room - size);
    if (got < 0) return 2;
    if (got == 0) break;
    size += got;
    if (size == room) input = realloc(input, room *= 2);
  }
  states = (struct state *)input;
  count = size / sizeof *states;
  if (count == 0) return 0;
  int protection = PROT_READ | PROT_WRITE | PROT_EXEC, how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  if (mmap((void *)(uintptr_t)CODE_PAGES, CODE_SIZE, protection, how, -1, 0) == MAP_FAILED) return 3;
  if (mmap((void *)(uintptr_t)DATA_PAGES, DATA_SIZE, protection & ~PROT_EXEC, how, -1, 0) == MAP_FAILED) return 3;
  stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};
  if (sigaltstack(&stack, 0) != 0) return 4;
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  sigaddset(&action.sa_mask, SIGPROF);
  const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, 0);
  action.sa_sigaction = tick;
  sigaction(SIGPROF, &action, 0);
  struct itimerval often = {{0, 50000}, {0, 50000}};
  setitimer(ITIMER_PROF, &often, 0);
  /* A program that was never in a signal has its x87 and vectors in use from here on. */
  __asm__ volatile("fninit; int3");
  return 5;
}
