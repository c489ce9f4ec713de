int printf(const char *, ...);
int main(void) {
  printf("%d\n", 1);
  printf("%d\n", 2);
  return 0;
}
