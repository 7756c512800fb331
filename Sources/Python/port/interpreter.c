// An interpreter's start, execution of source text, and the collector's roots and memory.
#include <string.h>
#include "py/builtin.h"
#include "py/compile.h"
#include "py/cstack.h"
#include "py/gc.h"
#include "py/lexer.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/objmodule.h"
#include "py/runtime.h"
#include "port.h"

size_t python_state_size(void) { return sizeof(python_interpreter); }

void python_enter(void *interpreter) { cpu_current_task()->interpreter = interpreter; }

void *python_host_of_current(void) {
    python_interpreter *python = python_current();
    return python == NULL ? NULL : python->host;
}

uint32_t *python_attention(void *interpreter) { return (uint32_t *)&((python_interpreter *)interpreter)->attention; }

void python_clear_attention(void *interpreter) { __atomic_exchange_n(python_attention(interpreter), 0, __ATOMIC_SEQ_CST); }

void python_take_stack(void) {
    uintptr_t top = (uintptr_t)__builtin_frame_address(0), low = cpu_current_task()->stack_low + stack_reserve;
    mp_cstack_init_with_top((void *)top, top > low ? top - low : 0);
}

void python_start(void *interpreter, const python_setup *setup) {
    python_interpreter *python = interpreter;
    python->host = setup->host;
    python->is_console = setup->is_console;
    python->heap_bytes = setup->heap_size;
    python->heap_limit = setup->heap_limit;
    python_enter(python);
    python_take_stack();
    gc_init(setup->heap, (uint8_t *)setup->heap + setup->heap_size);
    mp_init();
}

/// Where every text begins, whatever the one before has left.
static void reset(void) {
    mp_obj_dict_t *globals = &MP_STATE_VM(dict_main);
    mp_globals_set(globals);
    mp_locals_set(globals);
    MP_STATE_THREAD(gc_lock_depth) = 0;
    MP_STATE_THREAD(mp_pending_exception) = MP_OBJ_NULL;
    MP_STATE_THREAD(nlr_jump_callback_top) = NULL;
    MP_STATE_VM(sched_state) = MP_SCHED_IDLE;
    MP_STATE_VM(sched_idx) = 0;
    MP_STATE_VM(sched_len) = 0;
    MP_STATE_VM(cur_exception) = NULL;
}

static void print_text(mp_obj_t value) {
    mp_obj_print_helper(&mp_plat_print, value, PRINT_STR);
    mp_print_str(&mp_plat_print, "\n");
}

/// What SystemExit says: its number, or that there was an error, which is printed.
static int exit_status(mp_obj_t exception) {
    mp_obj_t value = mp_obj_exception_get_value(exception);
    if (value == mp_const_none) return 0;
    if (mp_obj_is_int(value)) return (int)(mp_obj_get_int_truncated(value) & 255);
    print_text(value);
    return 1;
}

static python_outcome report(mp_obj_t exception, int *status) {
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)), MP_OBJ_FROM_PTR(&mp_type_SystemExit))) {
        *status = 1;
        *status = exit_status(exception);
        return python_has_exited;
    }
    mp_obj_print_exception(&mp_plat_print, exception);
    return python_has_failed;
}

void *python_guarded(void (*step)(void *), void *context) {
    nlr_buf_t nlr;
    MP_STATE_THREAD(nlr_top) = NULL;
    python_current()->base = &nlr;
    void *result = NULL;
    if (nlr_push(&nlr) == 0) {
        step(context);
        nlr_pop();
    } else {
        result = nlr.ret_val;
    }
    python_current()->base = NULL;
    return result;
}

typedef struct {
    const char *source, *name;
    size_t length;
    bool is_single;
    void *exception;
    python_outcome outcome;
    int *status;
} text;

static void execute(void *context) {
    const text *it = context;
    qstr name = qstr_from_str(it->name);
    mp_lexer_t *lexer = mp_lexer_new_from_str_len(name, it->source, it->length, 0);
    mp_parse_tree_t tree = mp_parse(lexer, it->is_single ? MP_PARSE_SINGLE_INPUT : MP_PARSE_FILE_INPUT);
    mp_call_function_0(mp_compile(&tree, name, it->is_single));
    mp_handle_pending(true);
}

static void tell(void *context) {
    text *it = context;
    it->outcome = report(MP_OBJ_FROM_PTR(it->exception), it->status);
}

__attribute__((noinline)) python_outcome python_run(const char *source, size_t length, const char *name, bool is_single, int *status) {
    text it = { .source = source, .name = name, .length = length, .is_single = is_single, .status = status };
    python_take_stack();
    reset();
    it.exception = python_guarded(execute, &it);
    if (it.exception == NULL) return python_is_done;
    if (it.exception == &python_ended_marker) return python_is_ended;
    it.outcome = python_has_failed;
    MP_STATE_THREAD(gc_lock_depth) = 0;
    // Telling of it may call Python code (__str__), which may raise in its turn.
    void *second = python_guarded(tell, &it);
    if (second == &python_ended_marker) return python_is_ended;
    if (second != NULL) mp_print_str(&mp_plat_print, "(the exception could not be printed)\n");
    return it.outcome;
}

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

// --- the heap's areas ---

/// Each area tells its size before its first byte.
typedef struct {
    size_t byte_count, unused[7];
} area_header;

size_t gc_get_max_new_split(void) {
    python_interpreter *python = python_current();
    size_t left = python->heap_limit > python->heap_bytes ? python->heap_limit - python->heap_bytes : 0;
    return left > sizeof(area_header) ? left - sizeof(area_header) : 0;
}

void *python_allocate_area(size_t byte_count) {
    size_t all = byte_count + sizeof(area_header);
    area_header *area = python_host_allocate(all);
    if (area == NULL) return NULL;
    area->byte_count = all;
    python_current()->heap_bytes += all;
    return area + 1;
}

void python_free_area(void *pointer) {
    area_header *area = (area_header *)pointer - 1;
    python_current()->heap_bytes -= area->byte_count;
    python_host_free(area);
}

// --- what must not happen ---

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
