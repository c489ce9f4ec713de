// Puts two words together. `separator` is weak: a program may bring its own, this one does not.
#include <string.h>
#include "words.h"

__attribute__((weak)) const char *separator(void)
{
	return ", ";
}

const char *greeting(void)
{
	static char line[32];
	strcpy(line, word(0));
	strcpy(line + strlen(line), separator());
	strcpy(line + strlen(line), word(1));
	line[strlen(line)] = '!';
	return line;
}
