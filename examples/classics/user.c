extern int value;
int twice(int);
int use(void) { return twice(value); }
