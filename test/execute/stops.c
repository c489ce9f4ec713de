// Processes that are stopped and let go on, as their parents see them; statuses of those that signals end. Prints what it finds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int told, code;
static int gate[2];

static void on_child(int number, siginfo_t *info, void *context) {
  told++;
  code = info->si_code;
}

static void nothing(int number) {}

static pid_t child(int number) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid != 0) return pid;
  // A group whose leader has a parent in another group of the session: not orphaned.
  setpgid(0, 0);
  int got = raise(number);
  // Until it has been asked whether it goes on.
  char byte;
  read(gate[0], &byte, 1);
  _exit(40 + got);
}

int main(void) {
  int status;
  siginfo_t info;
  pipe(gate);
  int ends[] = {SIGSEGV, SIGABRT, SIGQUIT, SIGKILL, SIGTERM, SIGILL};
  for (int at = 0; at < 6; at++) {
    pid_t pid = child(ends[at]);
    memset(&info, 0, sizeof info);
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    waitpid(pid, &status, 0);
    printf("%d: %#x, code %d\n", ends[at], status, info.si_code);
  }
  int stops[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
  for (int at = 0; at < 4; at++) {
    sigaction(SIGCHLD, &action, NULL);
    pid_t pid = child(stops[at]);
    pid_t got = waitpid(pid, &status, WUNTRACED);
    printf("%d: %d %#x, told %d code %d\n", stops[at], got == pid, status, told > 0, code);
    printf("again: %d\n", waitpid(pid, &status, WUNTRACED | WNOHANG));
    kill(pid, SIGCONT);
    memset(&info, 0, sizeof info);
    waitid(P_PID, pid, &info, WCONTINUED | WEXITED);
    printf("goes on: code %d status %d\n", info.si_code, info.si_status);
    write(gate[1], "", 1);
    got = waitpid(pid, &status, 0);
    printf("ends: %d %#x\n", got == pid, status);
  }
  // One that waits is stopped too, and its call goes on as if nothing had been.
  int ends_of_pipe[2];
  pipe(ends_of_pipe);
  signal(SIGCHLD, SIG_DFL);
  fflush(stdout);
  pid_t reader = fork();
  if (reader == 0) {
    char text[8];
    int count = read(ends_of_pipe[0], text, 8);
    _exit(count);
  }
  kill(reader, SIGSTOP);
  waitpid(reader, &status, WUNTRACED);
  printf("stopped in a call: %#x\n", status);
  write(ends_of_pipe[1], "abc", 3);
  usleep(1000);
  printf("still: %d\n", waitpid(reader, &status, WNOHANG));
  kill(reader, SIGCONT);
  waitpid(reader, &status, 0);
  printf("read %d\n", WEXITSTATUS(status));
  // A stopped one can be killed; handlers and SIG_IGN stop nothing.
  pid_t stopped = child(SIGSTOP);
  waitpid(stopped, &status, WUNTRACED);
  kill(stopped, SIGKILL);
  waitpid(stopped, &status, 0);
  printf("killed: %#x\n", status);
  signal(SIGTSTP, SIG_IGN);
  printf("ignored: %d\n", raise(SIGTSTP));
  signal(SIGTSTP, nothing);
  printf("handled: %d\n", raise(SIGTSTP));
  // Calls that refuse.
  errno = 0;
  printf("epoll_create: %d %d\n", epoll_create(0), errno);
  printf("fsync: %d %d\n", fsync(ends_of_pipe[0]), errno);
  errno = 0;
  // Who runs the test may be nice already.
  int before = getpriority(PRIO_PROCESS, 0), after = nice(3);
  printf("nice: %d, %d\n", after - before, getpriority(PRIO_PROCESS, 0) - before);
  printf("waitid: %d %d\n", waitid(P_ALL, 0, &info, WNOHANG), errno);
  printf("kill 1: %d\n", kill(1, 0));
  return 0;
}
