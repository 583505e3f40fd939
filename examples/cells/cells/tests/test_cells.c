#include <stdio.h>
#include <string.h>

#include "../functions.h"
#include "../sheet.h"
#include "../trace.h"

static void put(struct sheet *sheet, const char *place, const char *source)
{
    if (!sheet_set(sheet, place, source)) {
        trace(stdout, "no cell %s for \"%s\"", place, source);
    }
}

static void show(struct sheet *sheet, const char *place)
{
    struct text out;
    text_init(&out);
    if (sheet_show(sheet, place, &out)) {
        trace(stdout, "%s is %.*s", place, (int)out.length, out.length > 0 ? out.bytes : "");
    } else {
        trace(stdout, "%s is no cell", place);
    }
    text_free(&out);
}

static void show_all(struct sheet *sheet, const char *title)
{
    struct text out;
    text_init(&out);
    sheet_write(sheet, &out);
    trace(stdout, "%s, %ld texts", title, values_owning());
    fwrite(out.bytes, 1, out.length, stdout);
    text_free(&out);
}

/* An order that the sheet knows nothing of: short texts first. */
static int by_length(const struct value *left, const struct value *right)
{
    size_t a = left->kind == VALUE_TEXT ? strlen(left->as.text) : 0;
    size_t b = right->kind == VALUE_TEXT ? strlen(right->as.text) : 0;
    return (a > b) - (a < b);
}

static void test_numbers(void)
{
    static const double numbers[] = {0, -0.00001, 1.5, -12.25, 0.1, 1234567.00005, 99999999.9999, 1e12, -3e14};
    struct text out;
    text_init(&out);
    for (size_t at = 0; at < sizeof numbers / sizeof numbers[0]; at++) {
        text_add_number(&out, numbers[at]);
        text_add_char(&out, ' ');
    }
    trace(stdout, "numbers: %.*s", (int)out.length, out.bytes);
    text_free(&out);
}

static void test_bill(void)
{
    struct sheet *sheet = sheet_new(4, 5);
    put(sheet, "A1", "tea");
    put(sheet, "B1", "3");
    put(sheet, "C1", "2.40");
    put(sheet, "A2", "bread");
    put(sheet, "B2", "1");
    put(sheet, "C2", "3.15");
    put(sheet, "A3", "apples");
    put(sheet, "B3", "6");
    put(sheet, "C3", "0.55");
    put(sheet, "D1", "=B1*C1");
    put(sheet, "D2", "=B2*C2");
    put(sheet, "D3", "=B3*C3");
    put(sheet, "A4", "=\"total of \" & COUNT(D1:D3)");
    put(sheet, "D4", "=SUM(D1:D3)");
    put(sheet, "D5", "=IF(D4 > 15, D4 * (1 - 0.05), D4)");
    show_all(sheet, "bill");
    put(sheet, "B3", "1");
    show_all(sheet, "fewer apples");
    trace(stdout, "sorted: %d", sheet_sort(sheet, 2, 0, 2, value_ascending));
    show_all(sheet, "cheapest first");
    sheet_sort(sheet, 0, 0, 2, value_descending);
    show_all(sheet, "from behind");
    sheet_sort(sheet, 0, 0, 2, by_length);
    show_all(sheet, "shortest first");
    trace(stdout, "outside: %d", sheet_sort(sheet, 4, 0, 2, value_ascending));
    sheet_free(sheet);
}

static void test_formulas(void)
{
    static const char *const formulas[] = {
        "=1+2*3-4/8", "=(1+2)*(3-4)", "=-2*3", "=1/0", "=\"a\" & 1.50 & \"\"", "=\"a\"+1", "=2<3", "=\"b\"<\"a\"",
        "=AVERAGE(1,2,4.5)", "=AVERAGE(B1)", "=MAX(3,B1,9,-4)", "=MIN()", "=MIN(\"x\")", "=IF(0,1)", "=IF(\"x\",1,2)",
        "=SUM(1,1/0,2)", "=NONE(1)", "=Z9", "=SUM(A9:B12)", "=1 1", "=(1", "=\"open", "=", "=1+", "7 days", "-0.5",
        "=((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))",
    };
    struct sheet *sheet = sheet_new(2, 1);
    for (size_t at = 0; at < sizeof formulas / sizeof formulas[0]; at++) {
        put(sheet, "A1", formulas[at]);
        trace(stdout, "%s", formulas[at]);
        show(sheet, "A1");
    }
    sheet_free(sheet);
}

static void test_cycles(void)
{
    struct sheet *sheet = sheet_new(3, 2);
    put(sheet, "A1", "=B1+1");
    put(sheet, "B1", "=C1+1");
    put(sheet, "C1", "=A1+1");
    put(sheet, "A2", "=A2");
    put(sheet, "B2", "=IF(A1, 1, 2)");
    show_all(sheet, "in a circle");
    put(sheet, "C1", "40");
    put(sheet, "A2", "");
    show_all(sheet, "mended");
    put(sheet, "D1", "1");
    put(sheet, "A0", "1");
    put(sheet, "A1x", "1");
    show(sheet, "a1");
    show(sheet, "A3");
    sheet_free(sheet);
}

int main(void)
{
    test_numbers();
    test_bill();
    test_formulas();
    test_cycles();
    trace(stdout, "too large: %d, empty: %d", sheet_new(27, 1) != NULL, sheet_new(3, 0) != NULL);
    trace(stdout, "SUM takes %zu arguments at least", function_find("SUM", 3)->least);
    trace(NULL, "never shown");
    trace(stdout, "texts left: %ld", values_owning());
    return 0;
}
