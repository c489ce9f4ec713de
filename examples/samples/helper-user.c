int helper(int);
int add(int a, int b) { return b + helper(a); }
