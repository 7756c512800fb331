// The interpreter as the kernel sees it: what it offers, and (python_host_…) what it must be given.
//
// There may be any number of interpreters; each task runs at most one. Exceptions never pass the functions below; Swift never
// calls anything of MicroPython that is not declared here.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __STDC_HOSTED__
/// On Linux: makes the calling thread a task whose stack begins at `stack_low`.
void python_hosted_start(void *stack_low);
#endif

/// Bytes of an interpreter's state.
size_t python_state_size(void);

/// How an interpreter is made.
typedef struct {
    /// What python_host_of_current returns in its functions.
    void *host;
    /// The first heap area; there may be more, `heap_limit` bytes in all.
    void *heap;
    size_t heap_size, heap_limit;
    /// Whether it reads from the console and writes there.
    bool is_console;
} python_setup;

/// Makes an interpreter of zeroed memory and enters it.
void python_start(void *interpreter, const python_setup *setup);

/// From here on the calling task runs this interpreter; NULL: none.
void python_enter(void *interpreter);

/// The `host` of the calling task's interpreter; NULL where it has none.
void *python_host_of_current(void);

/// The word by which a running interpreter is told, from any context, to ask `python_host_attend`.
uint32_t *python_attention(void *interpreter);

/// It need not ask any more, unless it is told again.
void python_clear_attention(void *interpreter);

/// How a text has ended.
typedef enum {
    /// At its end.
    python_is_done,
    /// By an exception that nothing caught; its traceback has been printed.
    python_has_failed,
    /// By SystemExit.
    python_has_exited,
    /// From outside: its frames are left. The interpreter and its variables are sound.
    python_is_ended,
} python_outcome;

/// Runs a text: a module's, or with `is_single` a statement of the prompt's, whose value is printed. Of SystemExit the status
/// goes to `*status`. `name` is a file's name for tracebacks. In the calling task's interpreter, as all that follows.
python_outcome python_run(const char *source, size_t length, const char *name, bool is_single, int *status);

/// Whether the text of a statement, ended by a zero, wants a further line.
bool python_wants_more(const char *text);

/// Completes the name at the end of `text`: returns the number of bytes to add, at `*completion`. Where there are several the
/// names are printed, and the result is negative.
int python_complete(const char *text, size_t length, const char **completion);

/// Bytes of the interpreter's heap that are in use and that there are.
void python_memory(size_t *used, size_t *total);

// --- given by the machine ---

/// Writes what the text prints. False: there is no room just now, ask again.
bool python_host_write(const char *text, size_t length);

/// The next byte from the console after a short wait; -1: there was none yet, -2: there is no input.
int python_host_read(void);

/// Waits for so long, or a moment less: as long as it may without asking python_host_attend.
void python_host_wait(uint64_t microseconds);

/// Microseconds since start.
uint64_t python_host_microseconds(void);

/// Memory for a heap area, or NULL.
void *python_host_allocate(uintptr_t byte_count);
void python_host_free(void *pointer);

/// What is to become of a text whose interpreter's attention is wanted.
typedef enum {
    python_goes_on,
    /// KeyboardInterrupt is raised.
    python_is_interrupted,
    /// MemoryError is raised: the time budget is used up.
    python_is_out_of_time,
    /// It is left for good.
    python_is_over,
} python_attention_kind;

python_attention_kind python_host_attend(void);

/// Whether the running text has to end, without taking note of it.
bool python_host_is_ending(void);

/// The text has caught KeyboardInterrupt by that name.
void python_host_interrupt_was_caught(void);

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
