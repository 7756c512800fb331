// Functions that Swift implements, as Python functions.
#include <string.h>
#include "py/gc.h"
#include "py/nlr.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "bridge.h"

typedef struct {
    mp_obj_base_t base;
    uint32_t number;
    qstr name;
} native_function;

mp_obj_t python_call_native(uint32_t number, size_t count, size_t keyword_count, const mp_obj_t *arguments) {
    for (int attempt = 0;; attempt++) {
        vstr_t request;
        vstr_init(&request, 64);
        encode_tuple_start(&request, 2);
        encode_tuple_start(&request, count);
        for (size_t i = 0; i < count; i++) encode_object(&request, arguments[i]);
        encode_dict_start(&request, keyword_count);
        for (size_t i = 0; i < 2 * keyword_count; i++) encode_object(&request, arguments[count + i]);
        python_reply reply;
        python_poll();
        int status = python_native_call(number, (const uint8_t *)vstr_str(&request), vstr_len(&request), &reply);
        vstr_clear(&request);
        if (status == 0) return decode_reply(&reply);
        nlr_buf_t nlr;
        if (nlr_push(&nlr) == 0) raise_reply(&reply);
        // Arrays that nobody refers to any more are freed when the collector finds them: one collection, one more try.
        mp_obj_t type = MP_OBJ_FROM_PTR(mp_obj_get_type(MP_OBJ_FROM_PTR(nlr.ret_val)));
        if (attempt > 0 || type != MP_OBJ_FROM_PTR(&mp_type_MemoryError)) nlr_jump(nlr.ret_val);
        gc_collect();
    }
}

static mp_obj_t native_function_call(mp_obj_t self, size_t count, size_t keyword_count, const mp_obj_t *arguments) {
    const native_function *function = MP_OBJ_TO_PTR(self);
    return python_call_native(function->number, count, keyword_count, arguments);
}

static void native_function_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    (void)kind;
    const native_function *function = MP_OBJ_TO_PTR(self);
    mp_printf(print, "<function %q>", function->name);
}

static void native_function_attr(mp_obj_t self, qstr attribute, mp_obj_t *destination) {
    const native_function *function = MP_OBJ_TO_PTR(self);
    if (destination[0] == MP_OBJ_NULL && attribute == MP_QSTR___name__) destination[0] = MP_OBJ_NEW_QSTR(function->name);
}

static MP_DEFINE_CONST_OBJ_TYPE(
    native_function_type, MP_QSTR_function, MP_TYPE_FLAG_BINDS_SELF | MP_TYPE_FLAG_BUILTIN_FUN,
    print, native_function_print,
    call, native_function_call,
    attr, native_function_attr
    );

mp_obj_t python_new_native_function(uint32_t number, qstr name) {
    native_function *function = mp_obj_malloc(native_function, &native_function_type);
    function->number = number;
    function->name = name;
    return MP_OBJ_FROM_PTR(function);
}

void python_populate(const char *module, size_t length, mp_obj_dict_t *into) {
    for (uint32_t ordinal = 0;; ordinal++) {
        uint32_t number;
        bool is_property;
        const char *name = python_native_function(module, length, ordinal, &number, &is_property);
        if (name == NULL) return;
        if (is_property) continue;
        qstr q = qstr_from_str(name);
        mp_obj_dict_store(MP_OBJ_FROM_PTR(into), MP_OBJ_NEW_QSTR(q), python_new_native_function(number, q));
    }
}

// --- module _native: what the modules in Python (frozen/) are made with ---

/// populate(module_name, globals): puts the native functions of that module into the dictionary.
static mp_obj_t native_populate(mp_obj_t module, mp_obj_t globals) {
    size_t length;
    const char *name = mp_obj_str_get_data(module, &length);
    python_populate(name, length, MP_OBJ_TO_PTR(globals));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(native_populate_object, native_populate);

static const mp_rom_map_elem_t native_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__native) },
    { MP_ROM_QSTR(MP_QSTR_populate), MP_ROM_PTR(&native_populate_object) },
    { MP_ROM_QSTR(MP_QSTR_parameters), MP_ROM_PTR(&python_parameters_object) },
    { MP_ROM_QSTR(MP_QSTR_Fault), MP_ROM_PTR(&mp_type_Fault) },
    { MP_ROM_QSTR(MP_QSTR_Array), MP_ROM_PTR(&python_type_array) },
};
static MP_DEFINE_CONST_DICT(native_globals, native_globals_table);

const mp_obj_module_t python_module_native = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&native_globals,
};
MP_REGISTER_MODULE(MP_QSTR__native, python_module_native);
