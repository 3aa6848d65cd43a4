/* What the C program of a model uses of <stdio.h>, on a chip that has no files but those of its debugger. */
#ifndef TINYML_TEST_STDIO_H
#define TINYML_TEST_STDIO_H

#include <stddef.h>

/* A file's number with the debugger; 0 until it is opened. */
typedef struct {
  const char *name;
  int mode, handle;
} FILE;

extern FILE semihosting_input, semihosting_output, semihosting_errors;
#define stdin (&semihosting_input)
#define stdout (&semihosting_output)
#define stderr (&semihosting_errors)

size_t fread(void *to, size_t size, size_t count, FILE *file);
size_t fwrite(const void *from, size_t size, size_t count, FILE *file);
int fflush(FILE *file);
/* Writes the format as it stands: the programs have nothing to put into it. */
int fprintf(FILE *file, const char *format, ...);

#endif
