#ifndef VALUE_H
#define VALUE_H

#include "text.h"

enum value_kind { VALUE_EMPTY, VALUE_NUMBER, VALUE_TEXT, VALUE_FAULT };

enum fault { FAULT_SYNTAX, FAULT_NAME, FAULT_PLACE, FAULT_CYCLE, FAULT_DIVISION, FAULT_KIND };

struct value {
    enum value_kind kind;
    union {
        double number;
        char *text; /* owned */
        enum fault fault;
    } as;
};

/* Which of two values comes first: negative, zero or positive, as strcmp tells it. */
typedef int (*value_order)(const struct value *left, const struct value *right);

struct value value_empty(void);
struct value value_number(double number);
struct value value_text(const char *bytes, size_t length);
struct value value_fault(enum fault fault);
struct value value_copy(const struct value *value);
void value_free(struct value *value);

/* Numbers come before texts, texts before faults, and what is empty comes last. */
int value_ascending(const struct value *left, const struct value *right);
int value_descending(const struct value *left, const struct value *right);

void value_write(const struct value *value, struct text *out);

/* How many texts are owned by values at this moment. */
long values_owning(void);

#endif
