#ifndef SHEET_H
#define SHEET_H

#include <stdbool.h>

#include "value.h"

#define MOST_COLUMNS 26
#define MOST_ROWS 99

struct sheet;

/* Returns an empty sheet, or NULL where it would have no cells or too many. */
struct sheet *sheet_new(size_t columns, size_t rows);
void sheet_free(struct sheet *sheet);

/* Reads a name such as B12 and moves the cursor behind it; false where there is none. */
bool place_read(const char **cursor, size_t *column, size_t *row);

/* Gives a cell its content: a number, a text, or a formula behind "="; false where there is no such cell. */
bool sheet_set(struct sheet *sheet, const char *place, const char *source);

/* Returns the value of a cell, which stays the sheet's, or NULL where there is no such cell. */
const struct value *sheet_value(struct sheet *sheet, size_t column, size_t row);

/* Adds the value of a cell as it is shown; false where there is no such cell. */
bool sheet_show(struct sheet *sheet, const char *place, struct text *out);

/* Adds all cells, a line each row. */
void sheet_write(struct sheet *sheet, struct text *out);

/* Sorts rows by the values in a column, but for formulas, which stay; rows that are equal keep their order. */
bool sheet_sort(struct sheet *sheet, size_t column, size_t first, size_t last, value_order order);

#endif
