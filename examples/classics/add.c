/* A library as it was built before -fPIC: its code names its variable by address. */
int total = 42;

#ifdef STATIC_HELPER
static
#endif
int helper(int a) { return a + 1; }

int add(int a, int b) {
  int c = b + helper(a);
  total += c;
  return b + total;
}
