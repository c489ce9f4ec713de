/* A C library in miniature: printf that writes its first argument as it is. */
static unsigned long length(const char *text) {
  unsigned long n = 0;
  while (text[n]) n++;
  return n;
}
int printf(const char *format, ...) {
  long written;
  __asm__ volatile("syscall"
                   : "=a"(written)
                   : "a"(1), "D"(1), "S"(format), "d"(length(format))
                   : "rcx", "r11", "memory");
  return (int)written;
}
int puts(const char *text) { return printf(text); }
