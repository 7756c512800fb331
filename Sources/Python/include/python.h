// The interpreter as the kernel sees it: what it offers, and (python_host_…) what it must be given.
//
// The interpreter runs on one task. Exceptions never pass the functions below; Swift never calls anything of MicroPython
// that is not declared here.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Starts the interpreter, or starts it afresh after a fault. `heap` is its first heap area; `stack_top` the highest
/// address of the calling task's stack that it may use, `stack_size` the bytes below it.
void python_start(void *heap, size_t heap_size, void *stack_top, size_t stack_size);

/// The prompt: reads, evaluates and prints until Ctrl-D on an empty line or `exit()`.
void python_prompt(void);

/// Runs `source` as a program with fresh globals; what it prints, and the traceback of an uncaught exception, goes to
/// `write`. Returns 0, or 1 after an uncaught exception, or the status given to `sys.exit`.
int python_evaluate(const char *source, size_t length, const char *name,
                    void (*write)(void *context, const char *text, size_t length), void *context);

/// Raises KeyboardInterrupt in running Python code at its next step. May be called by interrupt handlers.
void python_interrupt(void);

/// Bytes of the interpreter's heap that are in use and that there are.
void python_memory(size_t *used, size_t *total);

// --- given by the machine ---

/// Writes to the console.
void python_host_write(const char *text, size_t length);

/// Waits for the next byte from the console. While `is_idle` (an empty line at the prompt) the machine may call
/// `python_evaluate` from within.
int python_host_read(bool is_idle);

/// Microseconds since start.
uint64_t python_host_microseconds(void);

/// A further heap area, or NULL.
void *python_host_allocate(uintptr_t byte_count);
void python_host_free(void *pointer);

/// The interpreter found itself broken; does not return.
_Noreturn void python_host_panic(const char *reason);
