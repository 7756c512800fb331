// Shared by the files of the port.
#pragma once
#include <stddef.h>
#include "py/mpstate.h"
#include "../Interface/include/python.h"

/// Left free below the deepest Python frame, for Swift's frames and the collector's.
enum { stack_reserve = 64 * 1024 };

/// A jump to an interpreter's `base` brings this address where an exception's would stand. (attend.c)
extern const char python_ended_marker;

/// A further heap area for the running interpreter and its end, within its limit. (interpreter.c)
void *python_allocate_area(size_t byte_count);
void python_free_area(void *pointer);

/// From here on the interpreter uses the stack below the caller's frame. (interpreter.c)
void python_take_stack(void);

/// Runs `step`; returns NULL at its end, else the exception that left it, or `python_ended_marker`. (interpreter.c)
void *python_guarded(void (*step)(void *), void *context);
