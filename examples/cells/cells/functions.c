#include "functions.h"

#include <string.h>

#define ANY_NUMBER ((size_t)-1)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct value count_numbers(const struct value *values, size_t count)
{
    double found = 0;
    for (size_t at = 0; at < count; at++) {
        found += values[at].kind == VALUE_NUMBER;
    }
    return value_number(found);
}

static struct value sum(const struct value *values, size_t count)
{
    double total = 0;
    for (size_t at = 0; at < count; at++) {
        if (values[at].kind == VALUE_NUMBER) {
            total += values[at].as.number;
        }
    }
    return value_number(total);
}

static struct value average(const struct value *values, size_t count)
{
    struct value numbers = count_numbers(values, count);
    if (numbers.as.number == 0) {
        return value_fault(FAULT_DIVISION);
    }
    return value_number(sum(values, count).as.number / numbers.as.number);
}

/* The value that an order puts in front of all others. */
static struct value foremost(const struct value *values, size_t count, value_order order)
{
    const struct value *best = NULL;
    for (size_t at = 0; at < count; at++) {
        if (values[at].kind == VALUE_NUMBER && (best == NULL || order(&values[at], best) < 0)) {
            best = &values[at];
        }
    }
    return best == NULL ? value_number(0) : value_copy(best);
}

static struct value least(const struct value *values, size_t count)
{
    return foremost(values, count, value_ascending);
}

static struct value greatest(const struct value *values, size_t count)
{
    return foremost(values, count, value_descending);
}

static struct value choose(const struct value *values, size_t count)
{
    if (values[0].kind == VALUE_TEXT) {
        return value_fault(FAULT_KIND);
    }
    if (values[0].kind == VALUE_NUMBER && values[0].as.number != 0) {
        return value_copy(&values[1]);
    }
    return count > 2 ? value_copy(&values[2]) : value_empty();
}

static const struct function functions[] = {
    {"AVERAGE", 1, ANY_NUMBER, average}, {"COUNT", 1, ANY_NUMBER, count_numbers}, {"IF", 2, 3, choose},
    {"MAX", 1, ANY_NUMBER, greatest},    {"MIN", 1, ANY_NUMBER, least},           {"SUM", 1, ANY_NUMBER, sum},
};

const struct function *function_find(const char *name, size_t length)
{
    for (size_t at = 0; at < COUNT_OF(functions); at++) {
        const struct function *function = &functions[at];
        if (strlen(function->name) == length && memcmp(function->name, name, length) == 0) {
            return function;
        }
    }
    return NULL;
}

struct value function_call(const struct function *function, const struct value *arguments, size_t count)
{
    if (count < function->least || count > function->most) {
        return value_fault(FAULT_SYNTAX);
    }
    for (size_t at = 0; at < count; at++) {
        if (arguments[at].kind == VALUE_FAULT) {
            return arguments[at];
        }
    }
    return function->apply(arguments, count);
}
