int greet(void) { return 1; }
int greet_loudly(void) { return 2; }
