// Mutexes that outlive their owners, cancellation, contexts, faults of memory, CPU time. Judged by the kernel.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>
#include <signal.h>
#include <errno.h>
#include <setjmp.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/time.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>
#include <sched.h>
#include <sys/syscall.h>
#include <linux/futex.h>
#define P(x) do { errno = 0; long r = (long)(x); printf("%s = %ld %s\n", #x, r, r < 0 ? strerror(errno) : ""); fflush(stdout);} while (0)
static pthread_mutex_t *rm; static pthread_key_t key; static sem_t begun; static pthread_once_t once = PTHREAD_ONCE_INIT; static void init(void) { puts("once"); } static void dtor(void *p) { printf("dtor %s\n", (char *)p); }
static void *dies(void *a) { pthread_mutex_lock(rm); return 0; }
static void cleanup(void *a) { printf("cleanup %s\n", (char *)a); }
static void *cancelled(void *a) { pthread_setspecific(key, "k"); pthread_cleanup_push(cleanup, "c"); pthread_once(&once, init); sem_post(&begun); for (;;) pause(); pthread_cleanup_pop(0); return 0; }
static void *async(void *a) { pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0); sem_post(&begun); for (;;); }
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER; static pthread_spinlock_t sp; static int shared;
static void *reader(void *a) { pthread_rwlock_rdlock(&rw); int v = shared; pthread_rwlock_unlock(&rw); return (void *)(long)v; }
static volatile int hits; static pthread_t main_t; static void on(int s) { hits++; if (pthread_self() != main_t) hits += 100; }
static void *takes(void *a) { sigset_t m; sigfillset(&m); int s; sigemptyset(&m); sigaddset(&m, SIGUSR2); sigwait(&m, &s); return (void *)(long)s; }
static ucontext_t mc, c1, c2; static void co(int n) { for (int i = 0; i < 3; i++) { printf("co%d %d\n", n, i); swapcontext(n == 1 ? &c1 : &c2, n == 1 ? &c2 : &c1); } }
static sigjmp_buf jb; static void seg(int s, siginfo_t *i, void *u) { siglongjmp(jb, (int)((char *)i->si_addr - (char *)0x1000)); }
static int depth(int n) { volatile char b[1000]; b[0] = n; return depth(n + 1) + b[0]; }
int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  main_t = pthread_self();
  rm = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0); pthread_mutexattr_t a; pthread_mutexattr_init(&a); pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST); pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED); pthread_mutex_init(rm, &a);
  pthread_t t; pthread_create(&t, 0, dies, 0); pthread_join(t, 0); P(pthread_mutex_lock(rm)); P(pthread_mutex_consistent(rm)); P(pthread_mutex_unlock(rm));
  if (!fork()) { pthread_mutex_lock(rm); _exit(0); } wait(0); P(pthread_mutex_lock(rm)); P(pthread_mutex_unlock(rm)); P(pthread_mutex_lock(rm));
  pthread_mutex_t e; pthread_mutexattr_init(&a); pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK); pthread_mutex_init(&e, &a); P(pthread_mutex_lock(&e)); P(pthread_mutex_lock(&e)); P(pthread_mutex_unlock(&e)); P(pthread_mutex_unlock(&e));
  pthread_mutex_t pi; pthread_mutexattr_init(&a); P(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT)); P(pthread_mutex_init(&pi, &a)); P(pthread_mutex_lock(&pi)); P(pthread_mutex_unlock(&pi));
  pthread_key_create(&key, dtor); sem_init(&begun, 0, 0); pthread_create(&t, 0, cancelled, 0); sem_wait(&begun); pthread_cancel(t); void *r; pthread_join(t, &r); P(r == PTHREAD_CANCELED);
  pthread_create(&t, 0, async, 0); sem_wait(&begun); pthread_cancel(t); pthread_join(t, &r); P(r == PTHREAD_CANCELED);
  pthread_rwlock_wrlock(&rw); shared = 7; pthread_create(&t, 0, reader, 0); usleep(100); P(pthread_rwlock_tryrdlock(&rw)); pthread_rwlock_unlock(&rw); pthread_join(t, &r); P(r);
  struct timespec ts; clock_gettime(CLOCK_REALTIME, &ts); ts.tv_nsec += 1000000; if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000; pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; pthread_cond_t c = PTHREAD_COND_INITIALIZER; pthread_mutex_lock(&m); P(pthread_cond_timedwait(&c, &m, &ts)); sem_t s; sem_init(&s, 0, 0); P(sem_timedwait(&s, &ts)); P(pthread_mutex_timedlock(&m, &ts));
  signal(SIGUSR1, on); P(kill(getpid(), SIGUSR1)); P(hits); sigset_t ss; sigemptyset(&ss); sigaddset(&ss, SIGUSR2); pthread_sigmask(SIG_BLOCK, &ss, 0); pthread_create(&t, 0, takes, 0); usleep(1000); pthread_kill(t, SIGUSR2); pthread_join(t, &r); P(r);
  static char st1[65536], st2[65536]; getcontext(&c1); c1.uc_stack.ss_sp = st1; c1.uc_stack.ss_size = sizeof st1; c1.uc_link = &mc; makecontext(&c1, (void (*)(void))co, 1, 1); getcontext(&c2); c2.uc_stack.ss_sp = st2; c2.uc_stack.ss_size = sizeof st2; c2.uc_link = &mc; makecontext(&c2, (void (*)(void))co, 1, 2); swapcontext(&mc, &c1); puts("back");
  struct sigaction sa = {.sa_sigaction = seg, .sa_flags = SA_SIGINFO | SA_ONSTACK}; sigaction(SIGSEGV, &sa, 0); static char alt[65536]; stack_t k = {.ss_sp = alt, .ss_size = sizeof alt}; sigaltstack(&k, 0); int v = sigsetjmp(jb, 1); if (v == 0) *(volatile char *)0x1234 = 1; else printf("seg %#x\n", v);
  struct rlimit rl = {1 << 20, 8 << 20}; setrlimit(RLIMIT_STACK, &rl); if (sigsetjmp(jb, 1) == 0) depth(0); else puts("overflow");
  sa.sa_sigaction = seg; sigaction(SIGBUS, &sa, 0); char *p = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); if (sigsetjmp(jb, 1) == 0) p[0] = 1; else puts("ro"); P(mprotect(p, 4096, PROT_NONE)); if (sigsetjmp(jb, 1) == 0) printf("%d\n", ((volatile char *)p)[0]); else puts("none");
  FILE *f = tmpfile(); fputs("abc", f); fflush(f); char *q = mmap(0, 8192, 3, MAP_SHARED, fileno(f), 0); printf("%s\n", q); if (sigsetjmp(jb, 1) == 0) printf("%d\n", ((volatile char *)q)[5000]); else puts("bus"); ftruncate(fileno(f), 0); if (sigsetjmp(jb, 1) == 0) printf("%d\n", ((volatile char *)q)[0]); else puts("bus2");
  int fu = 0; P(syscall(SYS_futex, &fu, FUTEX_WAIT, 1, 0, 0, 0)); ts.tv_sec = 0; ts.tv_nsec = 1000; P(syscall(SYS_futex, &fu, FUTEX_WAIT, 0, &ts, 0, 0)); P(syscall(SYS_futex, &fu, FUTEX_WAKE, 1, 0, 0, 0)); P(syscall(SYS_futex, (char *)&fu + 1, FUTEX_WAIT, 0, &ts, 0, 0)); P(syscall(SYS_futex, &fu, 99, 0, 0, 0, 0));
  struct itimerval it = {{0, 0}, {0, 1000}}; signal(SIGALRM, on); hits = 0; setitimer(ITIMER_REAL, &it, 0); while (!hits); P(hits); P(nanosleep(&(struct timespec){0, 1000000000}, 0)); P(alarm(0));
  struct rusage ru; P(getrusage(RUSAGE_SELF, &ru)); P(ru.ru_maxrss > 0); P(clock() > 0); P(getrusage(99, &ru)); struct timespec res; P(clock_getres(CLOCK_MONOTONIC, &res)); P(clock_gettime(99, &res)); P(clock_nanosleep(CLOCK_REALTIME, 0, &(struct timespec){-1, 0}, 0)); cpu_set_t cs; P(sched_getaffinity(0, sizeof cs, &cs)); P(sched_getscheduler(0)); P(sched_get_priority_max(SCHED_FIFO));
  signal(SIGABRT, SIG_IGN); if (!fork()) abort(); int w; wait(&w); printf("%#x\n", w & ~0x80); P(raise(0)); P(kill(99999, 0)); P(kill(getpid(), 65)); P(pthread_kill(pthread_self(), 0)); P(sigaction(SIGKILL, &sa, 0)); P(sigaction(65, &sa, 0)); P(sigprocmask(9, &ss, 0));
  return 0; }
