#include "formula.h"

#include <stdlib.h>
#include <string.h>

#include "functions.h"

#define DEEPEST 40

/* A formula while it is read. */
struct reader {
    struct sheet *sheet;
    const char *at;
    int depth;
};

/* Arguments of a call, as many as there are. */
struct list {
    struct value *items;
    size_t count;
    size_t room;
};

static struct value read_expression(struct reader *reader);

static void list_add(struct list *list, struct value value)
{
    if (list->count == list->room) {
        list->room = 2 * list->room + 4;
        list->items = take_memory(list->items, list->room * sizeof *list->items);
    }
    list->items[list->count++] = value;
}

static void list_free(struct list *list)
{
    for (size_t at = 0; at < list->count; at++) {
        value_free(&list->items[at]);
    }
    free(list->items);
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static void skip_spaces(struct reader *reader)
{
    while (*reader->at == ' ') {
        reader->at++;
    }
}

/* Goes past a sign if it comes next. */
static bool take(struct reader *reader, char sign)
{
    skip_spaces(reader);
    if (*reader->at != sign) {
        return false;
    }
    reader->at++;
    return true;
}

/* Reads digits with or without a fraction. */
static bool scan_number(const char **cursor, double *number)
{
    const char *at = *cursor;
    double unit = 1;
    if (!is_digit(*at)) {
        return false;
    }
    for (*number = 0; is_digit(*at); at++) {
        *number = *number * 10 + (*at - '0');
    }
    if (*at == '.' && is_digit(at[1])) {
        for (at++; is_digit(*at); at++) {
            *number = *number * 10 + (*at - '0');
            unit *= 10;
        }
    }
    *number /= unit;
    *cursor = at;
    return true;
}

/* Works out one operation and frees what it was given. */
static struct value combine(struct value left, char sign, struct value right)
{
    struct value result = value_fault(FAULT_KIND);
    int order;
    if (left.kind == VALUE_FAULT || right.kind == VALUE_FAULT) {
        result = left.kind == VALUE_FAULT ? left : right;
    } else if (sign == '&') {
        struct text joined;
        text_init(&joined);
        value_write(&left, &joined);
        value_write(&right, &joined);
        result = value_text(joined.bytes, joined.length);
        text_free(&joined);
    } else if (sign == '<' || sign == '=' || sign == '>') {
        order = value_ascending(&left, &right);
        result = value_number(sign == '<' ? order < 0 : sign == '=' ? order == 0 : order > 0);
    } else if (left.kind != VALUE_TEXT && right.kind != VALUE_TEXT) {
        /* What is empty counts as zero. */
        double a = left.kind == VALUE_NUMBER ? left.as.number : 0;
        double b = right.kind == VALUE_NUMBER ? right.as.number : 0;
        if (sign == '/' && b == 0) {
            result = value_fault(FAULT_DIVISION);
        } else {
            result = value_number(sign == '+' ? a + b : sign == '-' ? a - b : sign == '*' ? a * b : a / b);
        }
    }
    value_free(&left);
    value_free(&right);
    return result;
}

/* A copy of the value that a cell has. */
static struct value cell_value(struct reader *reader, size_t column, size_t row)
{
    const struct value *value = sheet_value(reader->sheet, column, row);
    return value == NULL ? value_fault(FAULT_PLACE) : value_copy(value);
}

/* Reads one argument: a range such as A1:B3, or an expression. */
static void read_argument(struct reader *reader, struct list *list)
{
    size_t left, top, right, bottom;
    const char *cursor;
    skip_spaces(reader);
    cursor = reader->at;
    if (!place_read(&cursor, &left, &top) || *cursor++ != ':' || !place_read(&cursor, &right, &bottom)) {
        list_add(list, read_expression(reader));
        return;
    }
    reader->at = cursor;
    for (size_t row = top; row <= bottom; row++) {
        for (size_t column = left; column <= right; column++) {
            list_add(list, cell_value(reader, column, row));
        }
    }
}

static struct value read_call(struct reader *reader)
{
    const char *name = reader->at;
    const struct function *function;
    struct list list = {NULL, 0, 0};
    struct value result;
    while (*reader->at >= 'A' && *reader->at <= 'Z') {
        reader->at++;
    }
    function = function_find(name, (size_t)(reader->at - name));
    if (!take(reader, '(')) {
        return value_fault(FAULT_NAME);
    }
    do {
        read_argument(reader, &list);
    } while (take(reader, ','));
    if (!take(reader, ')')) {
        result = value_fault(FAULT_SYNTAX);
    } else if (function == NULL) {
        result = value_fault(FAULT_NAME);
    } else {
        result = function_call(function, list.items, list.count);
    }
    list_free(&list);
    return result;
}

/* Reads a name: of a cell, or of a function that is called. */
static struct value read_name(struct reader *reader)
{
    size_t column, row;
    return place_read(&reader->at, &column, &row) ? cell_value(reader, column, row) : read_call(reader);
}

static struct value read_factor(struct reader *reader)
{
    double number;
    if (take(reader, '"')) {
        const char *start = reader->at;
        const char *end = strchr(start, '"');
        reader->at = end == NULL ? start : end + 1;
        return end == NULL ? value_fault(FAULT_SYNTAX) : value_text(start, (size_t)(end - start));
    }
    if (take(reader, '(')) {
        struct value inner = read_expression(reader);
        return take(reader, ')') ? inner : combine(value_fault(FAULT_SYNTAX), ')', inner);
    }
    if (scan_number(&reader->at, &number)) {
        return value_number(number);
    }
    return *reader->at >= 'A' && *reader->at <= 'Z' ? read_name(reader) : value_fault(FAULT_SYNTAX);
}

static struct value read_term(struct reader *reader)
{
    struct value left = read_factor(reader);
    for (;;) {
        if (take(reader, '*')) {
            left = combine(left, '*', read_factor(reader));
        } else if (take(reader, '/')) {
            left = combine(left, '/', read_factor(reader));
        } else {
            return left;
        }
    }
}

static struct value read_sum(struct reader *reader)
{
    struct value left = take(reader, '-') ? combine(value_empty(), '-', read_term(reader)) : read_term(reader);
    for (;;) {
        skip_spaces(reader);
        char sign = *reader->at;
        if (sign != '+' && sign != '-' && sign != '&') {
            return left;
        }
        reader->at++;
        left = combine(left, sign, read_term(reader));
    }
}

static struct value read_expression(struct reader *reader)
{
    struct value left;
    if (++reader->depth > DEEPEST) {
        reader->at += strlen(reader->at);
        return value_fault(FAULT_SYNTAX);
    }
    left = read_sum(reader);
    skip_spaces(reader);
    if (*reader->at == '<' || *reader->at == '=' || *reader->at == '>') {
        char sign = *reader->at++;
        left = combine(left, sign, read_sum(reader));
    }
    reader->depth--;
    return left;
}

struct value formula_constant(const char *source)
{
    const char *cursor = source + (source[0] == '-');
    double number;
    if (scan_number(&cursor, &number) && *cursor == '\0') {
        return value_number(source[0] == '-' ? -number : number);
    }
    return value_text(source, strlen(source));
}

struct value formula_evaluate(struct sheet *sheet, const char *source)
{
    struct reader reader = {sheet, source, 0};
    struct value value = read_expression(&reader);
    skip_spaces(&reader);
    if (*reader.at != '\0' && value.kind != VALUE_FAULT) {
        value_free(&value);
        value = value_fault(FAULT_SYNTAX);
    }
    return value;
}
