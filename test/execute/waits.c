// What can be waited for: sets of descriptors, level and edge; locks of files; signals that are read; named pipes; orphans. Judged by the kernel.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define P(x)                                                              \
  do {                                                                    \
    errno = 0;                                                            \
    long r = (long)(x);                                                   \
    printf("%s = %ld %s\n", #x, r, r < 0 ? strerror(errno) : "");        \
    fflush(stdout);                                                       \
  } while (0)

static volatile int got; static void on(int s) { got++; }
static void *opener(void *a) { usleep(20000); int f = open("ff", O_WRONLY); write(f, "hello", 5); close(f); return 0; }

static void sets_and_locks(void) {
  int ep = epoll_create1(0), p[2], q[2];
  struct epoll_event ev = {EPOLLIN, {.fd = 1}}, out[4];
  pipe(p);
  P(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
  write(p[1], "x", 1);
  P(epoll_wait(ep, out, 4, 0));
  close(p[0]); 
  P(epoll_wait(ep, out, 4, 0));
  pipe(q); 
  P(q[0]); P(q[1]);
  ev.data.fd = 2;
  P(epoll_ctl(ep, EPOLL_CTL_ADD, q[0], &ev));
  P(epoll_wait(ep, out, 4, 0));
  ev.events = EPOLLIN | EPOLLET;
  P(epoll_ctl(ep, EPOLL_CTL_MOD, q[0], &ev));
  write(q[1], "abc", 3);
  P(epoll_wait(ep, out, 4, 0));
  P(epoll_wait(ep, out, 4, 0));
  write(q[1], "abc", 3);
  P(epoll_wait(ep, out, 4, 0));
  P(epoll_wait(ep, out, 4, 0));
  ev.events = EPOLLOUT | EPOLLET;
  P(epoll_ctl(ep, EPOLL_CTL_ADD, q[1], &ev));
  P(epoll_wait(ep, out, 4, 0));
  P(epoll_wait(ep, out, 4, 0));
  int e = eventfd(0, EFD_NONBLOCK); ev.events = EPOLLIN|EPOLLET; ev.data.fd = 9;
  P(epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev));
  P(epoll_wait(ep, out, 4, 0));
  P(eventfd_write(e, 3));
  P(epoll_wait(ep, out, 4, 0)); P(epoll_wait(ep, out, 4, 0));
  P(eventfd_write(e, 3));
  P(epoll_wait(ep, out, 4, 0)); P(epoll_wait(ep, out, 4, 0));
  P(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
  P(epoll_ctl(ep, 77, e, &ev));
  P(epoll_ctl(ep, EPOLL_CTL_DEL, 400, &ev));
  int f = open("lock", O_RDWR | O_CREAT, 0644);
  P(epoll_ctl(ep, EPOLL_CTL_ADD, f, &ev));
  /* locks */
  P(flock(f, LOCK_EX));
  int g = open("lock", O_RDWR);
  P(flock(g, LOCK_EX | LOCK_NB));
  P(flock(g, LOCK_SH | LOCK_NB));
  P(flock(f, LOCK_UN)); P(flock(g, LOCK_SH | LOCK_NB)); P(flock(f, LOCK_SH | LOCK_NB)); P(flock(f, LOCK_EX | LOCK_NB));
  struct flock l = {F_WRLCK, SEEK_SET, 10, 10, 0};
  P(fcntl(f, F_SETLK, &l));
  fflush(stdout);
  int told[2];
  char byte;
  pipe(told);
  if (!fork()) {
    struct flock k = {F_WRLCK, SEEK_SET, 5, 10, 0};
    P(fcntl(f, F_SETLK, &k));
    P(fcntl(f, F_GETLK, &k));
    printf("%d %d %ld %ld %d\n", k.l_type, k.l_whence, (long)k.l_start, (long)k.l_len, k.l_pid == getppid());
    k = (struct flock){F_RDLCK, SEEK_SET, 30, 0, 0};
    P(fcntl(f, F_SETLK, &k));
    k = (struct flock){F_WRLCK, SEEK_SET, 12, 1, 0};
    write(told[1], "", 1);
    P(fcntl(f, F_SETLKW, &k));
    _exit(0);
  }
  read(told[0], &byte, 1);
  l.l_type = F_UNLCK;
  fcntl(f, F_SETLK, &l);
  wait(0);
  P(lockf(f, F_TLOCK, 5)); P(lockf(f, F_TEST, 5));
  l.l_type = 9; P(fcntl(f, F_SETLK, &l));
  int ro = open("lock", O_RDONLY); l.l_type = F_WRLCK; P(fcntl(ro, F_SETLK, &l));
  /* Two processes that would wait for each other: one of them is told. */
  l = (struct flock){F_WRLCK, SEEK_SET, 0, 1, 0};
  fcntl(f, F_SETLK, &l);
  pid_t other = fork();
  if (other == 0) {
    struct flock k = {F_WRLCK, SEEK_SET, 1, 1, 0};
    fcntl(f, F_SETLK, &k);
    write(told[1], "", 1);
    k.l_start = 0;
    _exit(fcntl(f, F_SETLKW, &k) < 0 && errno == EDEADLK);
  }
  read(told[0], &byte, 1);
  l.l_start = 1;
  int deadlocks = fcntl(f, F_SETLKW, &l) < 0 && errno == EDEADLK;
  l.l_start = 0;
  l.l_len = 5;
  l.l_type = F_UNLCK;
  fcntl(f, F_SETLK, &l);
  int status;
  waitpid(other, &status, 0);
  P(deadlocks + WEXITSTATUS(status));
}

static void signals(void) {
  sigset_t m; sigemptyset(&m); sigaddset(&m, SIGUSR1); sigaddset(&m, SIGCHLD); sigaddset(&m, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &m, 0);
  int s = signalfd(-1, &m, SFD_NONBLOCK); P(s); struct signalfd_siginfo i[4]; P(read(s, i, sizeof i)); P(read(s, i, 5));
  struct pollfd pf = {s, POLLIN, 0}; P(poll(&pf, 1, 0)); raise(SIGUSR1); P(poll(&pf, 1, 0)); P(pf.revents);
  sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 42}); sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 43});
  P(read(s, i, sizeof i)); for (int k = 0; k < 3; k++) printf("%d %d %d %d %d\n", i[k].ssi_signo, i[k].ssi_code, i[k].ssi_pid == getpid(), i[k].ssi_int, i[k].ssi_status);
  int ep = epoll_create1(0); struct epoll_event e = {EPOLLIN | EPOLLET}; P(epoll_ctl(ep, EPOLL_CTL_ADD, s, &e)); P(epoll_wait(ep, &e, 1, 0));
  if (!fork()) _exit(5);
  P(epoll_wait(ep, &e, 1, -1)); P(epoll_wait(ep, &e, 1, 10)); P(read(s, i, sizeof i)); printf("%d %d %d %d\n", i[0].ssi_signo, i[0].ssi_code, i[0].ssi_status, i[0].ssi_uid); wait(0);
  sigemptyset(&m); sigaddset(&m, SIGUSR2); P(signalfd(s, &m, 0) == s); raise(SIGUSR1); P(read(s, i, sizeof i)); P(signalfd(1, &m, 0)); P(signalfd(77, &m, 0));
  fcntl(s, F_SETFL, 0); sigprocmask(SIG_BLOCK, &m, 0); pid_t parent = getpid(); if (!fork()) { usleep(10000); kill(parent, SIGUSR2); _exit(0); } P(read(s, i, sizeof i)); wait(0);
}

static void named_pipes(void) {
  mkfifo("ff", 0600); pthread_t t; pthread_create(&t, 0, opener, 0); int f = open("ff", O_RDONLY); P(f >= 0); char b[10] = {0}; P(read(f, b, 9)); puts(b); pthread_join(t, 0); P(read(f, b, 9)); struct pollfd pf = {f, POLLIN, 0}; P(poll(&pf, 1, 0)); P(pf.revents); close(f);
  f = open("ff", O_RDONLY | O_NONBLOCK); pf.fd = f; P(poll(&pf, 1, 0)); P(read(f, b, 1)); int w = open("ff", O_WRONLY); P(read(f, b, 1)); close(w); P(poll(&pf, 1, 0)); P(pf.revents); close(f); P(open("ff", O_WRONLY | O_NONBLOCK));
  struct sigaction sa = {.sa_handler = on}; sigaction(SIGALRM, &sa, 0); ualarm(10000, 10000); P(open("ff", O_RDONLY)); ualarm(0, 0); P(open("ff", O_WRONLY | O_NONBLOCK));
  f = open("ff", O_RDWR); P(f >= 0); close(f);
  if (!fork()) { int w = open("ff", O_WRONLY); write(w, "abc", 3); _exit(0); } f = open("ff", O_RDONLY); P(read(f, b, 3)); wait(0);
}

static void orphans(void) {
  P(prctl(PR_SET_CHILD_SUBREAPER, 1)); int st, ready[2]; pipe(ready); pid_t c = fork(); if (!c) { if (!fork()) { prctl(PR_SET_PDEATHSIG, SIGKILL); write(ready[1], "", 1); for (;;) pause(); } char byte; read(ready[0], &byte, 1); _exit(3); } P(waitpid(c, &st, 0) == c); P(WEXITSTATUS(st)); pid_t o = wait(&st); P(o > 0 && o != c); printf("%#x\n", st);
  P(prctl(PR_SET_PDEATHSIG, 15)); int v = 0; P(prctl(PR_GET_PDEATHSIG, &v)); P(v); P(prctl(PR_GET_DUMPABLE)); P(prctl(PR_SET_DUMPABLE, 0)); P(prctl(PR_GET_DUMPABLE)); P(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); P(prctl(PR_GET_NO_NEW_PRIVS, 0,0,0,0)); P(prctl(PR_SET_NAME, "a-very-long-name-for-it")); char nm[20]; P(prctl(PR_GET_NAME, nm)); puts(nm); P(prctl(9999));
}

int main(void) {
  sets_and_locks();
  named_pipes();
  signals();
  orphans();
  return 0;
}
