// A member of the archive that the program needs.
#include "words.h"

static const char *const words[] = {"hello", "world"};

const char *word(int index)
{
	words_used++;
	return words[index];
}
