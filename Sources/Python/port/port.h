// Shared by the files of the port.
#pragma once
#include <stddef.h>
#include "py/obj.h"

/// Where output goes; without `write`, to the console.
typedef struct {
    void (*write)(void *context, const char *text, size_t length);
    void *context;
} python_sink;

extern const python_sink *python_output;

/// Compiles and runs source text. Returns 0, 1 after an uncaught exception (printed), or 2 for SystemExit with the
/// status in `*exit_status`.
int python_run(const char *source, size_t length, qstr name, bool is_interactive, int *exit_status);
