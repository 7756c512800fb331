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

// --- native functions: the modules that Swift implements (Sources/Python/Bindings) ---
//
// A call hands Swift one encoded message, the positional arguments as a tuple and the keywords as a dict, and gets one
// encoded value back. Encoding, in preorder, little endian: one tag byte, then
//   'N' None, 'T' True, 'F' False, 'E' Ellipsis, 'i' int64, 'I' u32 length and decimal digits (an int beyond 64 bits),
//   'f' double, 'c' two doubles, 's' u32 length and UTF-8, 'b' address u64 and length u64 of bytes that stay for the call,
//   'l' list, 't' tuple: u32 count and items; 'd' dict: u32 count and pairs; 'n' named tuple: type name ('s'), u32 count
//   and pairs of field name and value; ':' slice: start, stop, step; 'h' handle u64 of a Swift object;
//   '?' type name ('s') of something that has no encoding.

/// An encoded value that Swift made. `owner` keeps `bytes` and whatever 'b' entries point to; handles in it carry a
/// reference each, which the receiver takes over.
typedef struct {
    const uint8_t *bytes;
    size_t length;
    void *owner;
} python_reply;

/// The `ordinal`-th function of a module ("jax.numpy", "Array", "machine", …): its name, or NULL past the last one, and
/// its number for `python_native_call`. Attributes of objects that are values, not methods, have `is_property`.
const char *python_native_function(const char *module, size_t module_length, uint32_t ordinal, uint32_t *number,
                                   bool *is_property);

/// Calls a native function. Returns 0 with the result in `reply`, or 1 with a tuple of the exception's name and text.
int python_native_call(uint32_t number, const uint8_t *request, size_t length, python_reply *reply);

/// Frees a reply, its handles excepted.
void python_native_free_reply(python_reply *reply);

/// Gives back one reference to a Swift object.
void python_native_release(void *handle);

/// The name of the module whose functions are the object's attributes ("Array"), bytes of memory behind it in `*size`.
const char *python_native_class(void *handle, size_t *size);
