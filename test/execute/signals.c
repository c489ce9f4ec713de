// Signals that a program sends itself, that its faults are, and that its children send; judged by the real kernel.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <setjmp.h>
#include <unistd.h>
#include <sys/wait.h>
#include <errno.h>
#include <ucontext.h>
static sigjmp_buf env; static volatile int count;
static void on(int s, siginfo_t *i, void *c) { printf("signal %d code %d\n", s, i->si_code); count++; if (s == SIGSEGV || s == SIGFPE) { printf("addr %d\n", i->si_addr == (void *)16); siglongjmp(env, 1); } }
static void plain(int s) { count += s; }
int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  struct sigaction a; memset(&a, 0, sizeof a); a.sa_sigaction = on; a.sa_flags = SA_SIGINFO;
  sigaction(SIGUSR1, &a, 0); sigaction(SIGSEGV, &a, 0); sigaction(SIGFPE, &a, 0);
  raise(SIGUSR1); kill(getpid(), SIGUSR1);
  volatile double d = 1.5; 
  if (!sigsetjmp(env, 1)) *(volatile int *)16 = 1;
  volatile int z = 0; if (!sigsetjmp(env, 1)) z = 1 / z;
  printf("d %d count %d\n", (int)(d * 2), count);
  char *stack = malloc(65536); stack_t st = {.ss_sp = stack, .ss_size = 65536}; sigaltstack(&st, 0);
  a.sa_flags |= SA_ONSTACK; sigaction(SIGUSR2, &a, 0); raise(SIGUSR2);
  sigset_t m, o; sigemptyset(&m); sigaddset(&m, SIGUSR1); sigprocmask(SIG_BLOCK, &m, &o); raise(SIGUSR1); printf("blocked %d\n", count); sigpending(&o); printf("pending %d\n", sigismember(&o, SIGUSR1)); sigprocmask(SIG_UNBLOCK, &m, 0); printf("then %d\n", count);
  signal(SIGALRM, plain); alarm(1); pause(); printf("alarm %d errno %d\n", count, errno);
  int p[2]; pipe(p); close(p[0]); signal(SIGPIPE, plain); int r = write(p[1], "x", 1); printf("pipe %d %d %d\n", r, errno, count);
  int pid = fork(); if (!pid) { signal(SIGSEGV, SIG_DFL); raise(SIGSEGV); }
  int s; waitpid(pid, &s, 0); printf("child %d %d\n", WIFSIGNALED(s), WTERMSIG(s));
  pid = fork(); if (!pid) { execl("/bin/sh", "sh", "-c", "exit 5", (char *)0); _exit(1); }
  waitpid(pid, &s, 0); printf("exit %d\n", WEXITSTATUS(s));
  signal(SIGCHLD, plain); pid = fork(); if (!pid) _exit(0); while (waitpid(pid, &s, 0) < 0 && errno == EINTR); printf("chld %d\n", count);
  abort();
}
