// freeze OUT OFFSET HITS [/ROOT] [NAME=VALUE...] -- PROGRAM [ARGUMENT...]
//
// Starts a program, lets it run until the instruction at OFFSET (hexadecimal) of its dynamic linker has been reached HITS
// times (=OFFSET is an address, of a program that is not position-independent), and writes what its memory looks like then: OUT.maps is /proc/PID/maps, OUT.mem the bytes of all readable mappings
// of it, one after the other. The program is killed. Addresses are not randomized; the environment is the caller's with the
// given variables set. /ROOT is a directory that is to be the program's root. The offset of ld.so's _dl_debug_state and the second hit mean: all is relocated, nothing has run.
// Exit codes: 0, 2 for a wrong command line, 3 if the program ended before, 4 if the system does not let us.

#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop(int code, const char *why) {
  fprintf(stderr, "freeze: %s\n", why);
  exit(code);
}

/* The path of a file of the process under /proc. */
static const char *proc(pid_t pid, const char *name) {
  static char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  return path;
}

/* AT_BASE, where the kernel put the dynamic linker. */
static unsigned long loader_base(pid_t pid) {
  unsigned char ident[EI_NIDENT] = {0}, vector[8192];
  int file = open(proc(pid, "exe"), O_RDONLY);
  if (file < 0 || read(file, ident, sizeof ident) != sizeof ident) stop(4, "cannot read the program");
  close(file);
  file = open(proc(pid, "auxv"), O_RDONLY);
  ssize_t size = file < 0 ? -1 : read(file, vector, sizeof vector);
  if (size < 0) stop(4, "cannot read the auxiliary vector");
  close(file);
  if (ident[EI_CLASS] == ELFCLASS64) {
    for (Elf64_auxv_t *entry = (void *)vector; (char *)(entry + 1) <= (char *)vector + size; entry++)
      if (entry->a_type == AT_BASE) return entry->a_un.a_val;
  } else {
    for (Elf32_auxv_t *entry = (void *)vector; (char *)(entry + 1) <= (char *)vector + size; entry++)
      if (entry->a_type == AT_BASE) return entry->a_un.a_val;
  }
  return 0;
}

static void run_to(pid_t pid, unsigned long address, int hits) {
  int status;
  long word = ptrace(PTRACE_PEEKTEXT, pid, address, 0);
  for (int hit = 1;; hit++) {
    ptrace(PTRACE_POKETEXT, pid, address, (word & ~0xffL) | 0xcc);
    ptrace(PTRACE_CONT, pid, 0, 0);
    if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status)) stop(3, "the program has ended");
    if (WSTOPSIG(status) != SIGTRAP) {
      kill(pid, SIGKILL);
      stop(3, "the program got a signal");
    }
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, pid, 0, &registers);
    registers.rip = address;
    ptrace(PTRACE_SETREGS, pid, 0, &registers);
    ptrace(PTRACE_POKETEXT, pid, address, word);
    if (hit == hits) return;
    ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
    waitpid(pid, &status, 0);
  }
}

static void dump(pid_t pid, const char *out) {
  static char line[8192], bytes[1 << 20];
  char path[4096];
  snprintf(path, sizeof path, "%s.maps", out);
  FILE *maps = fopen(path, "w");
  snprintf(path, sizeof path, "%s.mem", out);
  FILE *memory = fopen(path, "w");
  FILE *list = fopen(proc(pid, "maps"), "r");
  int from = open(proc(pid, "mem"), O_RDONLY);
  if (maps == NULL || memory == NULL || list == NULL || from < 0) stop(4, "cannot open the files");
  while (fgets(line, sizeof line, list) != NULL) {
    unsigned long start, end;
    char access[8];
    if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3) continue;
    fputs(line, maps);
    if (access[0] != 'r' || strstr(line, "[v") != NULL) continue;
    while (start < end) {
      size_t want = end - start < sizeof bytes ? end - start : sizeof bytes;
      ssize_t got = pread(from, bytes, want, start);
      if (got <= 0) {
        // Pages behind the end of the file.
        got = want < 4096 ? want : 4096;
        memset(bytes, 0, got);
      }
      fwrite(bytes, 1, got, memory);
      start += got;
    }
  }
  if (fclose(maps) != 0 || fclose(memory) != 0) stop(4, "cannot write");
}

int main(int count, char **arguments) {
  int at = 4;
  while (at < count && strcmp(arguments[at], "--") != 0) at++;
  if (at + 1 >= count) stop(2, "freeze OUT OFFSET HITS [NAME=VALUE...] -- PROGRAM [ARGUMENT...]");
  pid_t pid = fork();
  if (pid == 0) {
    personality(ADDR_NO_RANDOMIZE);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++) dup2(null, i);
    for (int i = 4; i < at; i++) {
      if (arguments[i][0] != '/') putenv(arguments[i]);
      else if (chroot(arguments[i]) != 0 || chdir("/") != 0) _exit(126);
    }
    execv(arguments[at + 1], arguments + at + 1);
    _exit(126);
  }
  int status;
  if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status)) stop(4, "cannot trace the program");
  ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
  const char *place = arguments[2];
  int absolute = place[0] == '=';
  unsigned long base = absolute ? 0 : loader_base(pid);
  run_to(pid, base + strtoul(place + absolute, NULL, 16), atoi(arguments[3]));
  dump(pid, arguments[1]);
  kill(pid, SIGKILL);
  return 0;
}
