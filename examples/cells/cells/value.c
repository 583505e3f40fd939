#include "value.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const fault_names[] = {
    [FAULT_SYNTAX] = "#SYNTAX!",
    [FAULT_NAME] = "#NAME?",
    [FAULT_PLACE] = "#PLACE!",
    [FAULT_CYCLE] = "#CYCLE!",
    [FAULT_DIVISION] = "#DIV/0!",
    [FAULT_KIND] = "#KIND!",
};

static long owning;

struct value value_empty(void)
{
    struct value value = {.kind = VALUE_EMPTY, .as.number = 0};
    return value;
}

struct value value_number(double number)
{
    struct value value = {.kind = VALUE_NUMBER, .as.number = number};
    return value;
}

struct value value_text(const char *bytes, size_t length)
{
    struct value value = {.kind = VALUE_TEXT, .as.text = copy_bytes(bytes, length)};
    owning++;
    return value;
}

struct value value_fault(enum fault fault)
{
    struct value value = {.kind = VALUE_FAULT, .as.fault = fault};
    return value;
}

struct value value_copy(const struct value *value)
{
    if (value->kind == VALUE_TEXT) {
        return value_text(value->as.text, strlen(value->as.text));
    }
    return *value;
}

void value_free(struct value *value)
{
    if (value->kind == VALUE_TEXT) {
        free(value->as.text);
        owning--;
    }
    *value = value_empty();
}

/* The place of a kind of value among the others when they are sorted. */
static int rank_of(enum value_kind kind)
{
    switch (kind) {
    case VALUE_NUMBER:
        return 0;
    case VALUE_TEXT:
        return 1;
    case VALUE_FAULT:
        return 2;
    default:
        return 3;
    }
}

int value_ascending(const struct value *left, const struct value *right)
{
    if (left->kind != right->kind) {
        return rank_of(left->kind) - rank_of(right->kind);
    }
    switch (left->kind) {
    case VALUE_NUMBER:
        return (left->as.number > right->as.number) - (left->as.number < right->as.number);
    case VALUE_TEXT:
        return strcmp(left->as.text, right->as.text);
    case VALUE_FAULT:
        return (int)left->as.fault - (int)right->as.fault;
    default:
        return 0;
    }
}

int value_descending(const struct value *left, const struct value *right)
{
    return value_ascending(right, left);
}

void value_write(const struct value *value, struct text *out)
{
    switch (value->kind) {
    case VALUE_NUMBER:
        text_add_number(out, value->as.number);
        break;
    case VALUE_TEXT:
        text_add_word(out, value->as.text);
        break;
    case VALUE_FAULT:
        text_add_word(out, (size_t)value->as.fault < COUNT_OF(fault_names) ? fault_names[value->as.fault] : "#FAULT!");
        break;
    default:
        break;
    }
}

long values_owning(void)
{
    return owning;
}
