#ifndef FORMULA_H
#define FORMULA_H

#include "sheet.h"

/* Reads what is no formula: a number, or else a text. */
struct value formula_constant(const char *source);

/* Works out what stands behind the "=" of a formula; the caller frees the value. */
struct value formula_evaluate(struct sheet *sheet, const char *source);

#endif
