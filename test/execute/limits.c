// Timers that are read, what is left of a wait, corners of mmap, limits of files and memory, spawning. Judged by the kernel.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define P(x) do { errno = 0; long r = (long)(x); printf("%s = %ld %s\n", #x, r, r < 0 ? strerror(errno) : ""); fflush(stdout);} while (0)
extern char **environ;
static volatile int hits;
static void on(int s) { hits++; }

/** A table of descriptors is as long as its process, or who started that, ever needed; a child's as long as its open files need. */
static void how_far_select_looks(void) {
  for (unsigned number = 3; number < 4096; number++) close(number);
  if (fork()) { wait(0); return; }
  int ends[2]; pipe(ends); write(ends[1], "x", 1);
  struct timeval now = {0, 0}; fd_set set; FD_ZERO(&set); FD_SET(ends[0], &set); FD_SET(63, &set);
  P(select(64, &set, 0, 0, &now));
  FD_CLR(63, &set); FD_SET(77, &set); FD_SET(ends[0], &set); P(select(78, &set, 0, 0, &now)); P(FD_ISSET(77, &set) != 0);
  dup2(0, 90); close(90); FD_SET(ends[0], &set); P(select(78, &set, 0, 0, &now));
  FD_SET(128, &set); FD_CLR(77, &set); P(select(129, &set, 0, 0, &now)); dup2(0, 128); close(128); P(select(129, &set, 0, 0, &now));
  dup2(0, 70); if (!fork()) { FD_SET(77, &set); P(select(78, &set, 0, 0, &now)); close(70); if (!fork()) { FD_SET(ends[0], &set); P(select(78, &set, 0, 0, &now)); _exit(0); } wait(0); _exit(0); }
  wait(0); _exit(0);
}

int main(int c, char **v) {
  if (c > 1) {
    printf("child %s %s %d\n", v[1], getenv("X") ?: "-", fcntl(9, F_GETFD));
    return 7;
  }
  setvbuf(stdout, 0, _IONBF, 0);
  pid_t p; char *a[] = {v[0], "arg", 0}, *e[] = {"X=y", 0}; posix_spawn_file_actions_t fa; posix_spawn_file_actions_init(&fa); posix_spawn_file_actions_addopen(&fa, 9, "/dev/null", O_RDONLY, 0); int st; int failed = posix_spawn(&p, v[0], &fa, 0, a, e); waitpid(p, &st, 0); P(failed); P(WEXITSTATUS(st)); P(posix_spawn(&p, "/nope", 0, 0, a, e)); P(posix_spawnp(&p, "true", 0, 0, (char *[]){"true", 0}, environ)); waitpid(p, &st, 0); P(st);
  if (!(p = vfork())) { execl(v[0], "self", "vf", (char *)0); _exit(1); } waitpid(p, &st, 0); P(WEXITSTATUS(st)); if (!(p = vfork())) _exit(4); waitpid(p, &st, 0); P(WEXITSTATUS(st));
  int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK); unsigned long long n; P(read(t, &n, 8)); struct itimerspec its = {{0, 1000000}, {0, 1000000}}; P(timerfd_settime(t, 0, &its, 0)); usleep(5500); P(read(t, &n, 8) == 8 && n >= 1); P(timerfd_gettime(t, &its)); P(its.it_interval.tv_nsec); P(read(t, &n, 4)); P(timerfd_create(99, 0)); P(timerfd_settime(t, 0, &(struct itimerspec){{0, 0}, {0, 2000000000}}, 0));
  struct timeval tv = {0, 50000}; fd_set set; FD_ZERO(&set); int pp[2]; pipe(pp); FD_SET(pp[0], &set); P(select(pp[0] + 1, &set, 0, 0, &tv)); P(tv.tv_sec + tv.tv_usec); tv.tv_sec = 50; write(pp[1], "x", 1); FD_SET(pp[0], &set); P(select(pp[0] + 1, &set, 0, 0, &tv)); P(tv.tv_sec >= 20); P(select(-1, 0, 0, 0, 0)); tv.tv_sec = -1; P(select(0, 0, 0, 0, &tv));
  char *m = mmap(0, 3 * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); P(munmap(m + 4096, 4096)); P(mprotect(m, 3 * 4096, PROT_READ)); P(msync(m, 4096, MS_SYNC)); P(msync(m + 4096, 4096, MS_SYNC)); P(mincore(m, 4096, (void *)&n)); P(madvise(m, 4096, MADV_DONTNEED)); P(madvise(m + 1, 4096, MADV_DONTNEED)); P(madvise(m, 4096, 999)); P(mmap(m, 4096, 3, MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED); P(mmap(0, 0, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL); P(mmap((void *)4097, 4096, 3, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED); P(mmap(0, 4096, 3, MAP_PRIVATE, 77, 0) == MAP_FAILED && errno == EBADF); P(mmap(0, 4096, 3, MAP_PRIVATE, pp[0], 0) == MAP_FAILED && errno == ENODEV); int f = open("empty", O_RDONLY | O_CREAT, 0644); P(mmap(0, 4096, 3, MAP_SHARED, f, 0) == MAP_FAILED && errno == EACCES); P(mmap(0, 4096, 1, MAP_SHARED, f, 1) == MAP_FAILED && errno == EINVAL); P(mlock(m, 4096)); P(munlock(m, 4096)); P(mremap(m, 4096, 8192, 0) == MAP_FAILED); P(mremap(m, 0, 4096, MREMAP_MAYMOVE) == MAP_FAILED); P(posix_memalign((void **)&m, 4096, 100)); P((long)m % 4096); P(munmap((void *)1, 4096)); struct rlimit rl = {1 << 26, RLIM_INFINITY}; P(setrlimit(RLIMIT_AS, &rl)); P(mmap(0, 1 << 27, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED); 
  rl.rlim_cur = 100; rl.rlim_max = RLIM_INFINITY; f = open("big", O_RDWR | O_CREAT, 0644); char big[300] = {0}; signal(SIGXFSZ, on); hits = 0; setrlimit(RLIMIT_FSIZE, &rl); int w1 = write(f, big, 300), w2 = write(f, big, 300), e2 = errno, w3 = ftruncate(f, 200), e3 = errno; rl.rlim_cur = RLIM_INFINITY; setrlimit(RLIMIT_FSIZE, &rl); printf("%d %d %d %d %d %d\n", w1, w2, e2, w3, e3, hits);
  if (!fork()) { how_far_select_looks(); _exit(0); } wait(0);
  return 0;
}
