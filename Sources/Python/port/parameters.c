// The parameters' names of functions in Python, which transformations need for arguments that are given by name.
#include "py/bc.h"
#include "py/objfun.h"
#include "py/objtuple.h"
#include "py/runtime.h"
#include "bridge.h"

extern const mp_obj_type_t mp_type_closure;

// The layouts of objclosure.c and objboundmeth.c, which have no header.
typedef struct {
    mp_obj_base_t base;
    mp_obj_t function;
} wrapping_object;

/// parameters(f): the names in order, positional ones first; None for what is no function in Python.
static mp_obj_t native_parameters(mp_obj_t function) {
    size_t skipped = 0;
    for (;;) {
        const mp_obj_type_t *type = mp_obj_get_type(function);
        if (type == &mp_type_bound_meth) skipped++;
        if (type != &mp_type_bound_meth && type != &mp_type_closure) break;
        function = ((wrapping_object *)MP_OBJ_TO_PTR(function))->function;
    }
    if (!mp_obj_is_type(function, &mp_type_fun_bc) && !mp_obj_is_type(function, &mp_type_gen_wrap)) return mp_const_none;
    const mp_obj_fun_bc_t *code = MP_OBJ_TO_PTR(function);
    const byte *ip = code->bytecode;
    MP_BC_PRELUDE_SIG_DECODE(ip);
    MP_BC_PRELUDE_SIZE_DECODE(ip);
    (void)n_state; (void)n_exc_stack; (void)scope_flags; (void)n_def_pos_args; (void)n_info; (void)n_cell;
    const byte *names = mp_decode_uint_skip(ip);
    mp_obj_t list = mp_obj_new_list(0, NULL);
    for (size_t i = 0; i < n_pos_args + n_kwonly_args; i++) {
        qstr name = code->context->constants.qstr_table[mp_decode_uint(&names)];
        // What a closure has closed over comes first, without a name.
        if (name == MP_QSTR__star_) continue;
        if (skipped > 0) skipped--; else mp_obj_list_append(list, MP_OBJ_NEW_QSTR(name));
    }
    size_t count;
    mp_obj_t *items;
    mp_obj_list_get(list, &count, &items);
    return mp_obj_new_tuple(count, items);
}
MP_DEFINE_CONST_FUN_OBJ_1(python_parameters_object, native_parameters);
