/* The declaration lacks extern "C": the name that is looked for is C++'s. */
int twice(int);
int main() { return twice(21); }
