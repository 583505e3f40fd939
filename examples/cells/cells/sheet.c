#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "formula.h"

#define CELL(sheet, column, row) (&(sheet)->cells[(row) * (sheet)->columns + (column)])

enum state { STATE_FRESH, STATE_STALE, STATE_BUSY };

struct cell {
    char *source; /* owned; NULL where nothing was written */
    struct value value;
    enum state state;
};

struct sheet {
    size_t columns;
    size_t rows;
    struct cell *cells;
};

struct sheet *sheet_new(size_t columns, size_t rows)
{
    struct sheet *sheet;
    if (columns == 0 || rows == 0 || columns > MOST_COLUMNS || rows > MOST_ROWS) {
        return NULL;
    }
    sheet = take_memory(NULL, sizeof *sheet);
    sheet->columns = columns;
    sheet->rows = rows;
    sheet->cells = take_memory(NULL, columns * rows * sizeof *sheet->cells);
    for (size_t at = 0; at < columns * rows; at++) {
        sheet->cells[at].source = NULL;
        sheet->cells[at].value = value_empty();
        sheet->cells[at].state = STATE_FRESH;
    }
    return sheet;
}

void sheet_free(struct sheet *sheet)
{
    if (sheet == NULL) {
        return;
    }
    for (size_t at = 0; at < sheet->columns * sheet->rows; at++) {
        free(sheet->cells[at].source);
        value_free(&sheet->cells[at].value);
    }
    free(sheet->cells);
    free(sheet);
}

bool place_read(const char **cursor, size_t *column, size_t *row)
{
    const char *at = *cursor;
    size_t number = 0;
    if (*at < 'A' || *at > 'Z') {
        return false;
    }
    *column = (size_t)(*at++ - 'A');
    if (*at < '1' || *at > '9') {
        return false;
    }
    while (*at >= '0' && *at <= '9' && number <= MOST_ROWS) {
        number = number * 10 + (size_t)(*at++ - '0');
    }
    *row = number - 1;
    *cursor = at;
    return true;
}

/* The cell of a name that stands alone, or NULL. */
static struct cell *cell_named(struct sheet *sheet, const char *place, size_t *column, size_t *row)
{
    const char *cursor = place;
    if (!place_read(&cursor, column, row) || *cursor != '\0') {
        return NULL;
    }
    return *column < sheet->columns && *row < sheet->rows ? CELL(sheet, *column, *row) : NULL;
}

static bool is_formula(const struct cell *cell)
{
    return cell->source != NULL && cell->source[0] == '=';
}

/* Every formula has to be worked out again. */
static void make_stale(struct sheet *sheet)
{
    for (size_t at = 0; at < sheet->columns * sheet->rows; at++) {
        if (is_formula(&sheet->cells[at])) {
            sheet->cells[at].state = STATE_STALE;
        }
    }
}

bool sheet_set(struct sheet *sheet, const char *place, const char *source)
{
    size_t column, row;
    struct cell *cell = cell_named(sheet, place, &column, &row);
    if (cell == NULL) {
        return false;
    }
    free(cell->source);
    cell->source = source[0] == '\0' ? NULL : copy_bytes(source, strlen(source));
    cell->state = STATE_FRESH;
    value_free(&cell->value);
    if (cell->source != NULL && !is_formula(cell)) {
        cell->value = formula_constant(source);
    }
    make_stale(sheet);
    return true;
}

const struct value *sheet_value(struct sheet *sheet, size_t column, size_t row)
{
    struct cell *cell;
    if (column >= sheet->columns || row >= sheet->rows) {
        return NULL;
    }
    cell = CELL(sheet, column, row);
    if (cell->state == STATE_STALE) {
        struct value found;
        cell->state = STATE_BUSY;
        found = formula_evaluate(sheet, cell->source + 1);
        value_free(&cell->value);
        cell->value = found;
        cell->state = STATE_FRESH;
    } else if (cell->state == STATE_BUSY) {
        value_free(&cell->value);
        cell->value = value_fault(FAULT_CYCLE);
    }
    return &cell->value;
}

bool sheet_show(struct sheet *sheet, const char *place, struct text *out)
{
    size_t column, row;
    if (cell_named(sheet, place, &column, &row) == NULL) {
        return false;
    }
    value_write(sheet_value(sheet, column, row), out);
    return true;
}

void sheet_write(struct sheet *sheet, struct text *out)
{
    for (size_t row = 0; row < sheet->rows; row++) {
        for (size_t column = 0; column < sheet->columns; column++) {
            text_add_word(out, column == 0 ? "| " : " | ");
            value_write(sheet_value(sheet, column, row), out);
        }
        text_add_word(out, " |\n");
    }
}

/* Exchanges a row with the one above it; formulas stay where they are. */
static void lift_row(struct sheet *sheet, size_t row)
{
    for (size_t column = 0; column < sheet->columns; column++) {
        struct cell *lower = CELL(sheet, column, row);
        struct cell *upper = CELL(sheet, column, row - 1);
        if (!is_formula(lower) && !is_formula(upper)) {
            struct cell kept = *lower;
            *lower = *upper;
            *upper = kept;
        }
    }
}

bool sheet_sort(struct sheet *sheet, size_t column, size_t first, size_t last, value_order order)
{
    if (column >= sheet->columns || first > last || last >= sheet->rows) {
        return false;
    }
    for (size_t row = first; row <= last; row++) {
        sheet_value(sheet, column, row);
    }
    for (size_t next = first + 1; next <= last; next++) {
        size_t row = next;
        while (row > first && order(&CELL(sheet, column, row)->value, &CELL(sheet, column, row - 1)->value) < 0) {
            lift_row(sheet, row);
            row--;
        }
    }
    make_stale(sheet);
    return true;
}
