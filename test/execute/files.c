// What a program can do with files, memory that it shares, and pipes; judged by the real kernel.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <string.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/select.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
int main(void) {
  int f = open("m", O_RDWR | O_CREAT | O_TRUNC, 0644); ftruncate(f, 10000); char *p = mmap(0, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0); strcpy(p + 5000, "shared"); char b[16]; pread(f, b, 6, 5000); b[6] = 0; printf("%s\n", b); pwrite(f, "WRITE", 5, 5000); printf("%s\n", p + 5000); munmap(p, 10000);
  int *q = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); if (!fork()) { *q = 42; _exit(0); } wait(0); printf("%d\n", *q);
  char *g = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); g[0] = 'a'; g = mremap(g, 8192, 1 << 20, MREMAP_MAYMOVE); g[1 << 19] = 1; printf("%c\n", g[0]);
  mkdir("d", 0755); rename("m", "d/n"); struct stat s; printf("%d %d\n", stat("m", &s), errno); stat("d/n", &s); printf("%ld %o\n", (long)s.st_size, s.st_mode); symlink("n", "d/l"); char l[10] = {0}; readlink("d/l", l, 9); printf("%s\n", l); link("d/n", "d/h"); stat("d/h", &s); printf("%d\n", (int)s.st_nlink); unlink("d/n"); printf("%d\n", rmdir("d")); 
  struct pollfd pf = {0, POLLIN, 0}; int pp[2]; pipe(pp); pf.fd = pp[0]; printf("%d\n", poll(&pf, 1, 10)); write(pp[1], "x", 1); printf("%d %d\n", poll(&pf, 1, 10), pf.revents); fd_set r; FD_ZERO(&r); FD_SET(pp[0], &r); struct timeval tv = {0, 1000}; printf("%d\n", select(pp[0] + 1, &r, 0, 0, &tv));
  printf("%d %d\n", socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 1, 1); printf("%d\n", open("/nonexistent/x", O_RDONLY)); FILE *t = tmpfile(); fprintf(t, "tmp %d", 5); rewind(t); int v; fscanf(t, "tmp %d", &v); printf("%d\n", v);
  printf("%s\n", realpath("d/l/../h", (char[PATH_MAX]){0}) ? "yes" : strerror(errno)); chdir("d"); char cwd[200]; printf("%d\n", getcwd(cwd, 200) != 0); 
  FILE *pipe1 = popen("echo popen; exit 3", "r"); char line[50]; fgets(line, 50, pipe1); printf("%s%d\n", line, pclose(pipe1) >> 8); return system("exit 4") >> 8; }
