int greet(void);
int greet_loudly(void);
int main(void) { return greet() + greet_loudly(); }
