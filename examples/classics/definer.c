int value = 21;
int twice(int a) { return 2 * a; }
