// A C program in two files, for tests of what debuggers see: a static function, a call from one file to the other, and one
// statement a line, so that tests can spell line numbers out.

/** Defines `deep` (its body is line 4) and `middle` (line 8). */
export const LIBRARY = `
int deep(int x)
{
  return x + 1;
}
int middle(int x)
{
  return deep(x) * 2;
}
`;

/** Prints 42 by `middle`; `local` calls it on line 6, `main` calls `local` on line 10. */
export const MAIN = `
#include <stdio.h>
int middle(int x);
static int local(int x)
{
  return middle(x);
}
int main(void)
{
  printf("%d\\n", local(20));
  return 0;
}
`;
