/* Where the samples' programs start: no C library, so that they are small. */
int main(void);
#ifdef __x86_64__
void _start(void) {
  int status = main();
  __asm__ volatile("syscall" : : "a"(60), "D"(status));
  __builtin_unreachable();
}
#else
void _start(void) {
  int status = main();
  __asm__ volatile("int $0x80" : : "a"(1), "b"(status));
  __builtin_unreachable();
}
#endif
