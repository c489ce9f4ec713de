// `ld` in front of the link server: hands its command line, directory and environment over and does what the answer says.
// SERVER is the server's socket and LINKER the command itself, which runs where the server cannot stand in for it.

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

static void run_the_command(char **argv)
{
  execv(LINKER, argv);
  perror(LINKER);
  exit(127);
}

static void write_all(int file, const char *bytes, size_t length)
{
  while (length > 0) {
    ssize_t count = write(file, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    bytes += count;
    length -= (size_t)count;
  }
}

static int read_all(int file, char *bytes, size_t length)
{
  while (length > 0) {
    ssize_t count = read(file, bytes, length);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return 0;
    bytes += count;
    length -= (size_t)count;
  }
  return 1;
}

static char *request;
static size_t used, room;

static void add(const char *text)
{
  size_t length = strlen(text) + 1;
  while (used + length > room) {
    room = room == 0 ? 1 << 16 : room * 2;
    request = realloc(request, room);
    if (request == NULL) abort();
  }
  memcpy(request + used, text, length);
  used += length;
}

int main(int argc, char **argv)
{
  // Files that belong to this process.
  for (int i = 1; i < argc; i++)
    if (strstr(argv[i], "/dev/") != NULL || strstr(argv[i], "/proc/") != NULL) run_the_command(argv);

  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SERVER};
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(server, (struct sockaddr *)&address, sizeof address) != 0) run_the_command(argv);

  char directory[4096], mask[16], count[16];
  if (getcwd(directory, sizeof directory) == NULL) run_the_command(argv);
  snprintf(mask, sizeof mask, "%u", (unsigned)umask(0));
  snprintf(count, sizeof count, "%d", argc);
  add("    ");
  used = 4;
  add(mask);
  add(directory);
  add(count);
  for (int i = 0; i < argc; i++) add(argv[i]);
  for (char **it = environ; *it != NULL; it++) add(*it);
  uint32_t length = (uint32_t)(used - 4);
  memcpy(request, &length, 4);
  write_all(server, request, used);

  // Frames: the number of a file and the length of what is to be written there; at the end 0 and the exit status.
  for (;;) {
    uint32_t frame[2];
    if (!read_all(server, (char *)frame, sizeof frame)) {
      fprintf(stderr, "the link server has died\n");
      return 70;
    }
    if (frame[0] == 0) return (int)frame[1];
    char *text = malloc(frame[1] + 1);
    if (text == NULL || !read_all(server, text, frame[1])) return 70;
    write_all((int)frame[0], text, frame[1]);
    free(text);
  }
}
