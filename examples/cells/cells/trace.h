#ifndef TRACE_H
#define TRACE_H

#include <stdio.h>

/* Writes one line as printf would, behind a mark; nothing where there is no file. */
void trace(FILE *file, const char *format, ...);

#endif
