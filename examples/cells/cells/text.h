#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

/* Bytes that grow at their end; no zero byte closes them. */
struct text {
    char *bytes;
    size_t length;
    size_t room;
};

void text_init(struct text *text);
void text_free(struct text *text);
void text_add(struct text *text, const char *bytes, size_t length);
void text_add_word(struct text *text, const char *word);
void text_add_char(struct text *text, char letter);

/* Adds a number with at most four decimals, or "#####" where it is too large to be shown. */
void text_add_number(struct text *text, double number);

/* Returns a zero-terminated copy of some bytes, which the caller frees. */
char *copy_bytes(const char *bytes, size_t length);

/* Returns memory, or ends the program where there is none. */
void *take_memory(void *old, size_t size);

#endif
