#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "value.h"

/* What a formula calls by name, such as SUM. */
struct function {
    const char *name;
    size_t least; /* arguments it needs */
    size_t most;  /* arguments it takes */
    struct value (*apply)(const struct value *arguments, size_t count);
};

/* Returns the function of a name in capital letters, or NULL. */
const struct function *function_find(const char *name, size_t length);

/* Applies a function; the arguments stay the caller's. */
struct value function_call(const struct function *function, const struct value *arguments, size_t count);

#endif
