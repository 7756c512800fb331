// One interpreter's whole state. Each task that runs Python has an interpreter of its own, found through the processor's
// record of the running task, so that any number of them run side by side and share nothing that can be written.
// Included by py/mpstate.h in the place of MicroPython's one global state.
#pragma once
#include "../../CPU/include/cpu_local.h"

typedef struct python_interpreter {
    /// MicroPython's own state; first, the collector scans it for roots.
    mp_state_ctx_t state;
    /// Not 0: something outside wants the interpreter's attention at its next poll (hooks.h). Set by interrupts and by other
    /// processors.
    volatile uint32_t attention;
    /// A collection was cut short: nothing that it marked or left unmarked counts.
    bool is_collection_void;
    /// Output goes to the console, whose lines end in "\r\n", and input comes from there.
    bool is_console;
    /// Where the end of the running text goes that no `except` sees; NULL outside of running text.
    nlr_buf_t *base;
    /// The object that stands for this interpreter on the other side (Bindings).
    void *host;
    /// Bytes of all heap areas, and how many there may be.
    size_t heap_bytes, heap_limit;
    /// Bytes behind the arrays that were made since the last collection.
    size_t native_bytes;
    /// Module random's generator.
    struct {
        uint32_t pad, n, d;
        uint8_t dat;
        bool is_seeded;
    } random;
} python_interpreter;

/// The running task's interpreter. A task keeps its interpreter while one of its functions runs, so that the compiler may
/// read it once.
static inline __attribute__((always_inline)) python_interpreter *python_current(void) {
    task_context *task;
    __asm__("mov %%gs:8, %0" : "=r"(task));
    return (python_interpreter *)task->interpreter;
}
