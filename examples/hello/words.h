const char *greeting(void);
const char *separator(void);
const char *word(int index);
extern int words_used;
