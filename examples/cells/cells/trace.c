#include "trace.h"

#include <stdarg.h>

void trace(FILE *file, const char *format, ...)
{
    va_list arguments;
    if (file == NULL) {
        return;
    }
    fputs("-- ", file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fputc('\n', file);
}
