// What instructions that fail tell a handler: the signal, si_code, si_addr, trapno and the error code of sigcontext, and where ip is. The
// alignment flag is not among them: no access is checked by it in simulated memory. Needs -no-pie.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#ifdef __x86_64__
#define PUSHF "pushfq\n"
#define POPF "popfq\n"
#define TOP "(%%rsp)"
#define IP REG_RIP
#define SI "%%rsi"
#define BX "%%rbx"
#else
#define PUSHF "pushf\n"
#define POPF "popf\n"
#define TOP "(%%esp)"
#define IP REG_EIP
#define SI "%%esi"
#define BX "%%ebx"
#endif

static sigjmp_buf back;
static void *from;
static volatile int count;

static void on_signal(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  void *ip = (void *)registers[IP];
  printf("  %d code %d addr %s trap %d error %d tf %d at +%ld\n", number, info->si_code,
         info->si_addr == ip ? "ip" : info->si_addr == NULL ? "0" : "other", (int)registers[REG_TRAPNO],
         (int)registers[REG_ERR], (registers[REG_EFL] & 0x100) != 0, (long)((char *)ip - (char *)from));
  if (number != SIGTRAP || ++count == 9) siglongjmp(back, 1);
}

#define TRY(name, ...)                                                                      \
  do {                                                                                      \
    puts(name);                                                                             \
    count = 0;                                                                              \
    if (sigsetjmp(back, 1) == 0) {                                                          \
      __asm__ volatile("call 9f\n9: pop %0" : "=r"(from));                                  \
      __asm__ volatile(__VA_ARGS__ : : : "memory", "cc", "ax", "bx", "cx", "dx");           \
      printf("  went on after %d\n", count);                                                \
    }                                                                                       \
    __asm__ volatile("fninit\n ldmxcsr all_masked");                                        \
  } while (0)

unsigned short control_word;
unsigned mxcsr, all_masked = 0x1f80, nothing_masked = 0;
double zero = 0, one = 1, three = 3, big = 1e308, small = 1e-300, denormal = 4e-320, result;
static char stack[65536];
#define X87(code) "fninit\n fnstcw control_word\n andw $0xffc0, control_word\n fldcw control_word\n" code "\n fwait"
#define SSE(code) "ldmxcsr nothing_masked\n" code

int main(int argc, char **argv) {
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  int numbers[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
  sigaltstack(&other, NULL);
  for (int at = 0; at < 5; at++) sigaction(numbers[at], &action, NULL);
  if (argc > 1) {
    TRY("int1", ".byte 0xf1\n nop");
    return 0;
  }
  TRY("int3", "int3\n nop");
  TRY("int $3", "int $3");
  TRY("int $1", "int $1");
  TRY("int $4", "int $4");
  TRY("int $0x2e", "int $0x2e");
  TRY("int $0xff", "int $0xff");
  TRY("hlt", "hlt");
  TRY("ud2", "ud2");
  TRY("lock nop", ".byte 0xf0, 0x90");
  TRY("lock mov", ".byte 0xf0, 0x89, 0x00");
  TRY("lock add to a register", ".byte 0xf0, 0x01, 0xc0");
  TRY("lock add from memory", ".byte 0xf0, 0x03, 0x04, 0x24");
  TRY("lock cmp", ".byte 0xf0, 0x39, 0x04, 0x24");
  TRY("lock bt", ".byte 0xf0, 0x0f, 0xba, 0x24, 0x24, 0x01");
  TRY("lock or", "lock orl $0, " TOP);
  TRY("division by zero", "xor %%ecx, %%ecx\n mov $1, %%eax\n cltd\n idivl %%ecx");
  TRY("a bad selector", "mov $0x4444, %%eax\n mov %%ax, %%ds");
  TRY("read", "xor %%eax, %%eax\n movb (%%eax), %%al");
  TRY("write", "xor %%eax, %%eax\n movb %%al, (%%eax)");
  TRY("write to code", "lea main, %%eax\n movb %%al, (%%eax)");
  TRY("single step", PUSHF "orl $0x100, " TOP "\n" POPF "nop\n mov $1, %%eax\n inc %%eax\n" PUSHF "andl $~0x100, " TOP "\n" POPF "nop\n");
  TRY("single step of repeated ones", "mov " SI ", " BX "\n mov $zero, %%esi\n mov $3, %%ecx\n" PUSHF "orl $0x100, " TOP "\n" POPF "rep lodsb\n mov $zero, %%esi\n mov $5, %%cl\n repe lodsb\n");
  TRY("x87 1/0", X87("fld1\n fldz\n fdivrp"));
  TRY("x87 0/0", X87("fldz\n fldz\n fdivrp"));
  TRY("x87 overflow", X87("fldl big\n fldl big\n fmulp\n fstpl result"));
  TRY("x87 inexact", X87("fld1\n fldpi\n fdivrp"));
  TRY("x87 full stack", X87("fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1"));
  TRY("x87 denormal", X87("fldl denormal\n fld1\n faddp"));
  TRY("x87 square root", X87("fld1\n fchs\n fsqrt"));
  TRY("sse 1/0", SSE("movsd one, %%xmm0\n divsd zero, %%xmm0"));
  TRY("sse 0/0", SSE("movsd zero, %%xmm0\n divsd zero, %%xmm0"));
  TRY("sse overflow", SSE("movsd big, %%xmm0\n mulsd big, %%xmm0"));
  TRY("sse underflow", SSE("movsd small, %%xmm0\n mulsd small, %%xmm0"));
  TRY("sse inexact", SSE("movsd one, %%xmm0\n divsd three, %%xmm0"));
  TRY("sse denormal", SSE("movsd denormal, %%xmm0\n addsd one, %%xmm0"));
  TRY("movaps unaligned", "lea zero, %%eax\n movaps 1(%%eax), %%xmm0");
#ifdef __x86_64__
  TRY("no address of memory", "movabs $0x8000000000000000, %%rax\n movb (%%rax), %%al");
  TRY("no address of a stack", "mov %%rsp, %%rcx\n movabs $0x8000000000000000, %%rsp\n movb (%%rsp), %%al\n mov %%rcx, %%rsp");
  TRY("push to no address", "mov %%rsp, %%rcx\n movabs $0x8000000000000000, %%rsp\n push %%rax\n mov %%rcx, %%rsp");
#endif
  return 0;
}
