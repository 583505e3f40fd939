#include "text.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_SHOWN 1e12
#define DECIMALS 4
#define DECIMAL_SCALE 10000u
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

void *take_memory(void *old, size_t size)
{
    void *memory = realloc(old, MAX_OF(size, 1));
    if (memory == NULL) {
        abort();
    }
    return memory;
}

char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = take_memory(NULL, length + 1);
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    copy[length] = '\0';
    return copy;
}

void text_init(struct text *text)
{
    text->bytes = NULL;
    text->length = 0;
    text->room = 0;
}

void text_free(struct text *text)
{
    free(text->bytes);
    text_init(text);
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    if (length == 0) {
        return;
    }
    if (text->length + length > text->room) {
        text->room = MAX_OF(2 * text->room, text->length + length);
        text->bytes = take_memory(text->bytes, text->room);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void text_add_word(struct text *text, const char *word)
{
    text_add(text, word, strlen(word));
}

void text_add_char(struct text *text, char letter)
{
    text_add(text, &letter, 1);
}

/* Adds the digits of a number, with zeros in front up to a width. */
static void add_digits(struct text *text, unsigned long long number, int width)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
        width--;
    } while (number > 0 || width > 0);
    text_add(text, digits + at, sizeof digits - at);
}

void text_add_number(struct text *text, double number)
{
    double size = number < 0 ? -number : number;
    if (!(size < LARGEST_SHOWN)) {
        text_add_word(text, "#####");
        return;
    }
    unsigned long long scaled = (unsigned long long)(size * DECIMAL_SCALE + 0.5);
    unsigned long long decimals = scaled % DECIMAL_SCALE;
    int width = DECIMALS;
    if (number < 0 && scaled > 0) {
        text_add_char(text, '-');
    }
    add_digits(text, scaled / DECIMAL_SCALE, 1);
    if (decimals == 0) {
        return;
    }
    while (decimals % 10 == 0) {
        decimals /= 10;
        width--;
    }
    text_add_char(text, '.');
    add_digits(text, decimals, width);
}
