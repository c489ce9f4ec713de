// Users and groups: real, effective, saved. Judged by the kernel.
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
#include <grp.h>
#include <unistd.h>

#define P(x)                                                              \
  do {                                                                    \
    errno = 0;                                                            \
    long r = (long)(x);                                                   \
    printf("%s = %ld %s\n", #x, r, r < 0 ? strerror(errno) : "");        \
    fflush(stdout);                                                       \
  } while (0)

int main(void) {

  P(seteuid(1000)); P(getuid()); P(geteuid()); P(seteuid(0)); P(geteuid()); gid_t gs[3] = {5, 6, 7}, got[10]; P(setgroups(3, gs)); P(getgroups(10, got)); printf("%d\n", got[2]); P(setresuid(1, 2, 3)); uid_t a, b, c; P(getresuid(&a, &b, &c)); printf("%d %d %d\n", a, b, c); P(setuid(3)); P(geteuid()); P(setuid(0)); P(setreuid(2,1)); P(getuid()); P(setreuid(0,0));   return 0;
}
