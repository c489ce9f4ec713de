// Sizes, holes, seals, copies between descriptors, and what calls about names refuse. Judged by the kernel.
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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#define P(x)                                                              \
  do {                                                                    \
    errno = 0;                                                            \
    long r = (long)(x);                                                   \
    printf("%s = %ld %s\n", #x, r, r < 0 ? strerror(errno) : "");        \
    fflush(stdout);                                                       \
  } while (0)

int main(void) {
  int s = shm_open("/solder-x", O_RDWR | O_CREAT, 0600); P(s >= 0); P(ftruncate(s, 4096)); 
  char *m = mmap(0, 4096, 3, MAP_SHARED, s, 0); P(m != MAP_FAILED); strcpy(m, "hi"); P(shm_unlink("/solder-x"));
  sem_t *sem = sem_open("/solder-s", O_CREAT, 0600, 1); P(sem != SEM_FAILED); if (sem != SEM_FAILED) { P(sem_wait(sem)); P(sem_trywait(sem)); P(sem_post(sem)); P(sem_unlink("/solder-s")); }
  int f = open("f", O_RDWR | O_CREAT | O_EXCL, 0666); P(f); P(open("f", O_CREAT | O_EXCL, 0666));
  P(write(f, "0123456789", 10)); P(lseek(f, 3, SEEK_DATA)); P(lseek(f, 0, SEEK_HOLE)); P(lseek(f, -1, SEEK_SET)); P(lseek(f, 100, SEEK_END)); P(write(f, "x", 1)); struct stat st; P(fstat(f, &st)); printf("%ld %ld\n", (long)st.st_size, (long)st.st_nlink);
  P(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 5)); char b[20] = {0}; P(pread(f, b, 10, 0)); printf("%d %c\n", b[0], b[6]);
  P(posix_fallocate(f, 0, 5000)); P(fstat(f, &st)); printf("%ld\n", (long)st.st_size);
  struct iovec v[2] = {{b, 5}, {b + 5, 5}}; P(preadv2(f, v, 2, 0, 0)); P(pwritev2(f, v, 2, -1, RWF_APPEND)); 
  int mf = memfd_create("m", MFD_ALLOW_SEALING); P(ftruncate(mf, 100)); P(fcntl(mf, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)); P(ftruncate(mf, 50)); P(ftruncate(mf, 500)); P(fcntl(mf, F_GET_SEALS)); P(fcntl(mf, F_ADD_SEALS, F_SEAL_WRITE)); P(write(mf, "x", 1)); 
  int mn = memfd_create("n", 0); P(fcntl(mn, F_GET_SEALS)); P(fcntl(mn, F_ADD_SEALS, F_SEAL_WRITE)); P(memfd_create("n", 0x8000));
  int p[2]; pipe(p); P(splice(f, &(loff_t){0}, p[1], 0, 5, 0)); P(read(p[0], b, 20)); int p2[2]; pipe(p2); write(p[1],"tee",3); P(tee(p[0], p2[1], 5, SPLICE_F_NONBLOCK)); P(read(p2[0], b, 20)); P(read(p[0],b,20)); P(vmsplice(p[1], v, 2, 0)); P(read(p[0], b, 20));
  P(sendfile(p[1], f, &(off_t){2}, 4)); P(read(p[0], b, 20)); P(copy_file_range(f, &(loff_t){0}, mn, &(loff_t){3}, 4, 0)); P(lseek(mn, 0, SEEK_END));
  P(open(".", O_RDWR)); P(open("f/", O_RDONLY)); P(open("f/x", O_RDONLY)); P(open("", O_RDONLY)); P(open("nope/", O_CREAT | O_WRONLY, 0666)); P(open("l", O_RDONLY | O_NOFOLLOW)); symlink("f", "l"); P(open("l", O_RDONLY | O_NOFOLLOW)); symlink("loop", "loop"); P(open("loop", O_RDONLY)); int op = open("l", O_PATH | O_NOFOLLOW); P(op >= 0); P(readlinkat(op, "", b, 20)); P(read(op, b, 1)); P(fcntl(op, F_GETFL));
  P(rename("f", "f/x")); P(mkdir("d", 0777)); P(mkdir("d/e", 0777)); P(rename("d", "d/e/f")); P(rename("f", "d")); P(rename("d", "f")); P(rmdir("d")); P(rmdir(".")); P(rmdir("d/.")); P(unlink("d")); P(link("d", "dd")); P(mkdir("d", 0777)); P(mkdir("/", 0777)); P(unlink("/")); P(rmdir("/")); P(rename(".", "x"));
  P(renameat2(AT_FDCWD, "f", AT_FDCWD, "l", RENAME_NOREPLACE)); 
  char lg[300]; memset(lg, 'a', 299); lg[299] = 0; P(mkdir(lg, 0777)); lg[255] = 0; P(mkdir(lg, 0777)); char *big = malloc(5000); memset(big, 'b', 4999); big[4999] = 0; P(open(big, O_RDONLY));
  P(access("f", X_OK)); P(chmod("nope", 0)); P(truncate("f", 5)); P(truncate("d", 7)); P(getcwd(b, 2)); P(close(77)); P(dup2(77, 1)); P(dup3(1, 1, 0)); P(fcntl(1, 9999)); P(fcntl(99, F_GETFD)); P(fchdir(p[0])); P(lseek(p[0], 0, SEEK_CUR)); P(pread(p[0], b, 1, 0)); P(ftruncate(p[1], 1)); P(mkfifo("ff", 0600)); P(open("ff", O_WRONLY | O_NONBLOCK)); P(open("ff", O_RDWR | O_NONBLOCK) >= 0); P(write(f, (void *)8, 5)); P(write(f, (void*)8, 0)); P(read(f, (void*)8, 0)); P(readv(f, v, -1)); P(readv(f, v, 2000)); P(pread(f, b, 5, -1));
  P(syscall(999)); P(syscall(SYS_futex, 8, 0, 0, 0)); P(sched_getcpu() >= 0); P(sysconf(_SC_NGROUPS_MAX)); P(sysconf(_SC_OPEN_MAX) > 0); P(sysconf(_SC_PAGESIZE)); P(pathconf(".", _PC_NAME_MAX)); P(pathconf(".", _PC_PATH_MAX)); P(fpathconf(p[0], _PC_PIPE_BUF));
  // A buffer may be shorter than the program says, as long as what comes has room in it.
  char *edge = (char *)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 4096 - 200; P(mprotect(edge + 200, 4096, PROT_NONE));
  enum { HUGE = 1 << 20 };
  P(write(p[1], "abc", 3)); P(read(p[0], edge, HUGE)); 
  int g = open("g", O_RDWR | O_CREAT, 0666); P(write(g, "01234", 5)); P(lseek(g, 1, SEEK_SET)); P(read(g, edge, HUGE)); P(pread(g, edge + 199, HUGE, 3)); P(ftruncate(g, 1000)); P(pread(g, edge, HUGE, 0)); P(pread(g, edge + 200, HUGE, 0)); P(pread(g, edge + 200, HUGE, 1000)); P(read(open("/dev/zero", O_RDONLY), edge, HUGE));
  int ev = eventfd(5, 0); P(read(ev, edge, HUGE)); sigset_t usr; sigemptyset(&usr); sigaddset(&usr, SIGUSR1); sigprocmask(SIG_BLOCK, &usr, 0); int sd = signalfd(-1, &usr, 0); raise(SIGUSR1); P(read(sd, edge, HUGE));
  int sv[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, sv); P(send(sv[0], "defg", 4, 0)); P(recv(sv[1], edge, HUGE, MSG_PEEK)); struct iovec w[2] = {{edge, 2}, {edge + 198, HUGE}}; P(recvmsg(sv[1], &(struct msghdr){.msg_iov = w, .msg_iovlen = 2}, 0)); printf("%.2s %.2s\n", edge, edge + 198);
  int dv[2]; socketpair(AF_UNIX, SOCK_DGRAM, 0, dv); P(send(dv[0], "hij", 3, 0)); P(send(dv[0], "klmno", 5, 0)); P(recv(dv[1], edge, HUGE, 0)); P(recv(dv[1], edge, HUGE, 0)); P(write(p[1], "abc", 3)); P(read(p[0], edge + 198, HUGE)); P(ioctl(p[0], FIONREAD, edge + 198));
  return 0;
}
