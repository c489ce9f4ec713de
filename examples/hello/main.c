// Looks its words up in the archive and has them printed by the C library.
#include <stdio.h>
#include <string.h>
#include "words.h"

int words_used;

int main(void)
{
	const char *line = greeting();
	puts(line);
	puts(strlen(line) == 13 && words_used == 2 ? "as it should be" : "not as it should be");
	return 0;
}
