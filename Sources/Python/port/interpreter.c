// Start of the interpreter, execution of source text, and the collector's roots.
#include <string.h>
#include "py/builtin.h"
#include "py/compile.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/mpstate.h"
#include "py/objmodule.h"
#include "py/runtime.h"
#include "py/stackctrl.h"
#include "shared/readline/readline.h"
#include "../Interface/include/python.h"
#include "port.h"

/// Left free below the deepest Python frame, for Swift's frames and the collector's.
enum { stack_reserve = 64 * 1024 };

void python_start(void *heap, size_t heap_size, void *stack_top, size_t stack_size) {
    static const python_sink console;
    python_output = &console;
    mp_stack_set_top(stack_top);
    mp_stack_set_limit(stack_size - stack_reserve);
    gc_init(heap, (uint8_t *)heap + heap_size);
    mp_init();
    readline_init0();
}

int python_run(const char *source, size_t length, qstr name, bool is_interactive, int *exit_status) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_lexer_t *lexer = mp_lexer_new_from_str_len(name, source, length, 0);
        mp_parse_tree_t tree = mp_parse(lexer, is_interactive ? MP_PARSE_SINGLE_INPUT : MP_PARSE_FILE_INPUT);
        mp_obj_t code = mp_compile(&tree, name, is_interactive);
        mp_call_function_0(code);
        mp_handle_pending(true);
        nlr_pop();
        return 0;
    }
    mp_handle_pending(false);
    mp_obj_t exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)), MP_OBJ_FROM_PTR(&mp_type_SystemExit))) {
        mp_obj_t value = mp_obj_exception_get_value(exception);
        *exit_status = value == mp_const_none ? 0 : mp_obj_is_small_int(value) ? MP_OBJ_SMALL_INT_VALUE(value) & 255 : 1;
        return 2;
    }
    // Printing may call Python code (__str__), which may raise in its turn.
    if (nlr_push(&nlr) == 0) {
        mp_obj_print_exception(&mp_plat_print, exception);
        nlr_pop();
    } else {
        mp_print_str(&mp_plat_print, "(the exception could not be printed)\n");
    }
    return 1;
}

int python_evaluate(const char *source, size_t length, const char *name,
                    void (*write)(void *context, const char *text, size_t length), void *context) {
    const python_sink sink = { write, context };
    const python_sink *outer_output = python_output;
    mp_obj_dict_t *outer_globals = mp_globals_get(), *outer_locals = mp_locals_get();
    python_output = &sink;
    int result = 1, status = 1;
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_dict_t *globals = MP_OBJ_TO_PTR(mp_obj_new_dict(8));
        mp_obj_dict_store(MP_OBJ_FROM_PTR(globals), MP_OBJ_NEW_QSTR(MP_QSTR___name__), MP_OBJ_NEW_QSTR(MP_QSTR___main__));
        mp_globals_set(globals);
        mp_locals_set(globals);
        result = python_run(source, length, qstr_from_str(name), false, &status);
        nlr_pop();
    } else {
        mp_print_str(&mp_plat_print, "MemoryError: the interpreter's heap is exhausted\n");
    }
    mp_globals_set(outer_globals);
    mp_locals_set(outer_locals);
    python_output = outer_output;
    gc_collect();
    return result == 2 ? status : result;
}

void python_interrupt(void) { mp_sched_keyboard_interrupt(); }

void python_memory(size_t *used, size_t *total) {
    gc_info_t info;
    gc_info(&info);
    *used = info.used;
    *total = info.total;
}

/// Roots: the C stack and the registers that a called function must preserve, spilled to it.
__attribute__((noinline)) static void collect_stack(void **from) {
    void **top = (void **)MP_STATE_THREAD(stack_top);
    gc_collect_root(from, (size_t)(top - from));
}

void gc_collect(void) {
    void *registers[6];
    __asm__ volatile("movq %%rbx, 0(%0); movq %%rbp, 8(%0); movq %%r12, 16(%0);"
                     "movq %%r13, 24(%0); movq %%r14, 32(%0); movq %%r15, 40(%0)" :: "r"(registers) : "memory");
    gc_collect_start();
    collect_stack(registers);
    gc_collect_end();
}

/// The largest area that the heap may grow by at once; the kernel's own limit decides beyond it.
size_t gc_get_max_new_split(void) { return (size_t)1 << 32; }

_Noreturn void nlr_jump_fail(void *value) {
    (void)value;
    python_host_panic("an exception left the interpreter");
}

_Noreturn void python_assertion_failed(const char *expression, const char *file, int line) {
    (void)file; (void)line;
    python_host_panic(expression);
}

_Noreturn void abort(void) { python_host_panic("abort"); }

mp_import_stat_t mp_import_stat(const char *path) { (void)path; return MP_IMPORT_STAT_NO_EXIST; }

mp_lexer_t *mp_lexer_new_from_file(qstr name) { (void)name; mp_raise_OSError(MP_ENOENT); }
