// Sockets with names, in the file system and abstract; descriptors and credentials that are passed along. Judged by the kernel.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define P(x)                                                              \
  do {                                                                    \
    errno = 0;                                                            \
    long r = (long)(x);                                                   \
    printf("%s = %ld %s\n", #x, r, r < 0 ? strerror(errno) : "");         \
    fflush(stdout);                                                       \
  } while (0)

static struct sockaddr_un address;
static socklen_t size;
static char text[100];
/* An abstract name that no other process has. */
static char hidden[13];

static void at(const char *name, int length) {
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, name, length);
  size = offsetof(struct sockaddr_un, sun_path) + length;
}

static int bind_to(int fd, const char *name, int length) {
  at(name, length);
  return bind(fd, (void *)&address, size);
}

static int connect_to(int fd, const char *name, int length) {
  at(name, length);
  return connect(fd, (void *)&address, size);
}

static long send_to(int fd, const char *data, const char *name, int length) {
  at(name, length);
  return sendto(fd, data, strlen(data), 0, (void *)&address, size);
}

static void show(const char *what) {
  int isHidden = memcmp(address.sun_path, hidden, 12) == 0;
  printf("%s: %d bytes, family %d, '%s'\n", what, (int)size, address.sun_family, isHidden ? "hidden" : address.sun_path);
  memset(&address, 0, sizeof address);
}

static int ready(int fd) {
  struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  poll(&one, 1, 0);
  return one.revents;
}

static long pass(int to, const char *data, const int *files, int count) {
  char control[CMSG_SPACE(sizeof(int) * 8)] = {0};
  struct iovec piece = {(void *)data, strlen(data)};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(head), files, sizeof(int) * count);
  }
  return sendmsg(to, &message, 0);
}

static long take(int from, int room, int *files, int flags) {
  char control[200] = {0};
  struct iovec piece = {text, sizeof text};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
  long count = recvmsg(from, &message, flags);
  printf("  %ld bytes '%.*s', flags %#x, control %d:", count, count > 0 ? (int)count : 0, text, message.msg_flags & ~MSG_CMSG_CLOEXEC,
         count < 0 ? -1 : message.msg_controllen > 0);
  for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); count >= 0 && head; head = CMSG_NXTHDR(&message, head)) {
    int number = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    printf(" type %d, %d words", head->cmsg_type, number);
    if (head->cmsg_type == SCM_RIGHTS) memcpy(files, CMSG_DATA(head), number * sizeof(int));
    if (head->cmsg_type == SCM_CREDENTIALS) printf(" own %d", ((struct ucred *)CMSG_DATA(head))->pid == getpid());
  }
  puts("");
  return count;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  sprintf(hidden + 1, "s%010d", getpid());
  int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), a, b, files[8], p[2];
  printf("new %#x\n", ready(l));
  P(send(c, "x", 1, 0)); P(recv(c, text, 1, 0)); P(listen(l, 1)); P(accept(l, 0, 0));
  P(connect_to(c, "nobody", 6)); P(bind_to(l, "name", 4)); P(bind_to(l, "again", 5)); P(bind_to(c, "name", 4));
  struct stat facts; P(stat("name", &facts)); printf("%o\n", facts.st_mode); P(open("name", O_RDWR));
  P(connect_to(c, "name", 4)); P(listen(l, 1)); size = sizeof address; P(getsockname(l, (void *)&address, &size)); show("name");
  P(getpeername(c, (void *)&address, &size)); P(connect_to(c, "name", 4)); P(connect_to(c, "name", 4)); printf("ready %#x %#x\n", ready(l), ready(c));
  P(write(c, "early", 5)); size = sizeof address; P((a = accept4(l, (void *)&address, &size, SOCK_CLOEXEC)) >= 0); show("peer"); P(fcntl(a, F_GETFD)); P(read(a, text, 10));
  size = sizeof address; P(getpeername(c, (void *)&address, &size)); show("peer"); size = sizeof address; P(getsockname(a, (void *)&address, &size)); show("accepted");
  struct ucred who; socklen_t room = sizeof who; P(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &who, &room)); printf("%d\n", who.pid == getpid()); int yes; room = sizeof yes; P(getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &yes, &room)); printf("%d\n", yes);
  P(fcntl(l, F_SETFL, O_NONBLOCK)); P(accept(l, 0, 0)); P(close(c)); P(read(a, text, 5)); P(write(a, "x", 1)); close(a);
  b = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0); P(connect_to(b, "name", 4)); c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0); P(connect_to(c, "name", 4)); a = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0); P(connect_to(a, "name", 4));
  close(l); P(read(b, text, 5)); P(connect_to(a, "name", 4)); unlink("name"); P(connect_to(a, "name", 4)); close(a); close(b); close(c);
  /* Abstract names, messages. */
  a = socket(AF_UNIX, SOCK_DGRAM, 0); b = socket(AF_UNIX, SOCK_DGRAM, 0); P(bind_to(a, hidden, 12)); P(bind_to(b, hidden, 12)); P(bind_to(b, "dg", 2)); P(send(b, "x", 1, 0));
  P(send_to(b, "hello", hidden, 12)); size = sizeof address; P(recvfrom(a, text, 100, 0, (void *)&address, &size)); show("from"); size = sizeof address; P(getsockname(a, (void *)&address, &size)); show("own");
  c = socket(AF_UNIX, SOCK_STREAM, 0); P(connect_to(c, "dg", 2)); P(connect_to(b, hidden, 12)); P(send(b, "one", 3, 0)); P(recv(a, text, 100, 0)); P(send_to(a, "back", "dg", 2)); P(recv(b, text, 100, 0)); int d = socket(AF_UNIX, SOCK_DGRAM, 0); P(send_to(d, "no", "dg", 2));
  close(a); P(send(b, "gone", 4, 0)); P(send(b, "gone", 4, 0)); address.sun_family = AF_UNSPEC; P(connect(b, (void *)&address, 2)); address.sun_family = AF_UNIX; P(bind(d, (void *)&address, 2)); size = sizeof address; P(getsockname(d, (void *)&address, &size)); printf("%d\n", (int)size); P(listen(d, 1)); close(b); close(d); close(c);
  /* Descriptors. */
  socketpair(AF_UNIX, SOCK_STREAM, 0, p); int pipes[2]; pipe(pipes); P(pass(p[0], "with", pipes, 2)); P(write(p[0], "more", 4)); P(take(p[1], 200, files, 0)); P(take(p[1], 200, files + 4, 0)); P(write(files[1], "through", 7)); memset(text, 0, sizeof text); P(read(pipes[0], text, 10)); puts(text);
  close(pipes[1]); close(files[1]); P(read(files[0], text, 5)); pipe(pipes);
  P(pass(p[0], "cut", pipes, 2)); P(take(p[1], CMSG_LEN(sizeof(int)), files, MSG_CMSG_CLOEXEC)); P(fcntl(files[0], F_GETFD)); P(pass(p[0], "none", pipes, 1)); P(take(p[1], 0, files, 0)); P(pass(p[0], "lost", pipes, 1)); P(read(p[1], text, 10));
  P(pass(p[0], "ab", pipes + 1, 1)); close(pipes[1]); close(files[0]); P(read(p[1], text, 1)); P(read(pipes[0], text, 1)); P(pass(p[0], "bad", (int[]){99}, 1));
  P(read(p[1], text, 100)); yes = 1; P(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes)); P(pass(p[0], "who", &l, 0)); P(take(p[1], 200, files, 0)); P(take(p[1], 200, files, MSG_DONTWAIT));
  P(pass(p[0], "peek", p, 2)); P(take(p[1], 200, files, MSG_PEEK)); P(files[0] > 2 && files[0] != p[0]); P(close(files[0])); P(take(p[1], 200, files, 0));
  /* A server and its clients. */
  l = socket(AF_UNIX, SOCK_SEQPACKET, 0); P(bind_to(l, "seq", 3)); P(listen(l, 5)); fflush(stdout);
  for (int at_ = 0; at_ < 3; at_++) if (!fork()) { int s = socket(AF_UNIX, SOCK_SEQPACKET, 0); connect_to(s, "seq", 3); char m = 'a' + at_; write(s, &m, 1); read(s, &m, 1); _exit(m); }
  int sum = 0, status; for (int at_ = 0; at_ < 3; at_++) { a = accept(l, 0, 0); read(a, text, 10); sum += text[0]; text[0] -= 'a' - 10; write(a, text, 1); close(a); }
  for (int at_ = 0; at_ < 3; at_++) { wait(&status); sum += WEXITSTATUS(status) * 1000; } printf("%d\n", sum);
  P(socket(AF_UNIX, SOCK_RAW, 0) >= 0); P(socket(AF_UNIX, 77, 0)); P(bind(l, (void *)&address, 1)); address.sun_family = 99; P(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, 20)); P(bind_to(pipes[0], "x", 1));
  return 0;
}
