// Pairs of connected sockets: streams, datagrams and sequenced packets, between threads of control too. Prints what it finds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int pipes;
static void on_pipe(int number) { pipes++; }
static char text[300000];

static void say(const char *what, long result) {
  int failure = errno;
  printf("%s: %ld %s\n", what, result, result < 0 ? strerror(failure) : "");
  errno = 0;
}

static int ready(int fd) {
  struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  poll(&one, 1, 0);
  return one.revents;
}

static void pair_of(const char *name, int type) {
  int s[2], value = 0;
  socklen_t size = sizeof value;
  struct stat facts;
  struct sockaddr_un address;
  printf("-- %s\n", name);
  say("socketpair", socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s));
  printf("flags %d %d\n", fcntl(s[0], F_GETFD), (fcntl(s[1], F_GETFL) & O_NONBLOCK) != 0);
  fstat(s[0], &facts);
  printf("socket %d, seek ", S_ISSOCK(facts.st_mode));
  say("", lseek(s[0], 0, SEEK_SET));
  say("empty", read(s[0], text, 10));
  printf("ready %#x\n", ready(s[0]));
  say("write", write(s[0], "hello", 5));
  say("send", send(s[0], "world!", 6, 0));
  ioctl(s[1], FIONREAD, &value);
  printf("ready %#x, %d bytes\n", ready(s[1]), value);
  say("peek", recv(s[1], text, 3, MSG_PEEK));
  say("read", read(s[1], text, 3));
  say("recv", recv(s[1], text, 100, MSG_TRUNC));
  char part[4];
  struct iovec pieces[] = {{part, 2}, {text, 3}};
  struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2, .msg_controllen = 0};
  writev(s[0], (struct iovec[]){{"abc", 3}, {"defgh", 5}}, 2);
  say("recvmsg", recvmsg(s[1], &message, 0));
  printf("%.2s %.3s flags %d name %d\n", part, text, message.msg_flags, (int)message.msg_namelen);
  pieces[0].iov_base = "xy";
  message.msg_flags = 0;
  say("sendmsg", sendmsg(s[1], &message, MSG_NOSIGNAL));
  say("recvfrom", recvfrom(s[0], text, 100, 0, (struct sockaddr *)&address, &(socklen_t){sizeof address}));
  size = sizeof address;
  say("name", getsockname(s[0], (struct sockaddr *)&address, &size));
  printf("family %d, %d bytes\n", address.sun_family, (int)size);
  size = sizeof value;
  getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &size);
  printf("type %d\n", value);
  getsockopt(s[0], SOL_SOCKET, SO_ERROR, &value, &size);
  printf("error %d\n", value);
  struct ucred who;
  size = sizeof who;
  getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &who, &size);
  printf("peer %d\n", who.pid == getpid());
  say("option", getsockopt(s[0], SOL_SOCKET, 9999, &value, &size));
  say("out of band", recv(s[0], text, 1, MSG_OOB));
  say("shutdown", shutdown(s[0], SHUT_WR));
  say("write", write(s[0], "x", 1));
  say("send quietly", send(s[0], "x", 1, MSG_NOSIGNAL));
  while (read(s[1], text, sizeof text) > 0) {}
  say("after the end", recv(s[1], text, 10, MSG_DONTWAIT));
  printf("ready %#x %#x\n", ready(s[0]), ready(s[1]));
  say("back", write(s[1], "back", 4));
  say("close", close(s[1]));
  say("rest", read(s[0], text, 10));
  say("then", read(s[0], text, 10));
  printf("ready %#x, signals %d\n", ready(s[0]), pipes);
  close(s[0]);
  // Closed with what nobody has read.
  socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s);
  write(s[0], "lost", 4);
  close(s[1]);
  say("reset", read(s[0], text, 10));
  say("again", read(s[0], text, 10));
  say("to nobody", send(s[0], "x", 1, MSG_NOSIGNAL));
  close(s[0]);
}

int main(void) {
  int s[2], status;
  signal(SIGPIPE, on_pipe);
  pair_of("stream", SOCK_STREAM);
  pair_of("datagram", SOCK_DGRAM);
  pair_of("seqpacket", SOCK_SEQPACKET);
  say("protocol", socketpair(AF_UNIX, SOCK_STREAM, 7, s));
  say("type", socketpair(AF_UNIX, 9, 0, s));
  say("flags", socketpair(AF_UNIX, SOCK_STREAM | 0x100000, 0, s));
  say("address", socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
  pipe(s);
  say("no socket", send(s[1], "x", 1, 0));
  // More than there is room for, both ways between two processes: each waits for the other.
  socketpair(AF_UNIX, SOCK_STREAM, 0, s);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    close(s[0]);
    long long sum = 0;
    long count;
    while ((count = read(s[1], text, 4000)) > 0) for (long at = 0; at < count; at++) sum += text[at];
    write(s[1], &sum, sizeof sum);
    _exit(7);
  }
  close(s[1]);
  memset(text, 1, sizeof text);
  say("much", write(s[0], text, sizeof text));
  say("more", send(s[0], text, sizeof text, 0));
  shutdown(s[0], SHUT_WR);
  long long sum = 0;
  say("sum", recv(s[0], &sum, sizeof sum, MSG_WAITALL));
  waitpid(child, &status, 0);
  printf("%lld, %d\n", sum, WEXITSTATUS(status));
  return 0;
}
