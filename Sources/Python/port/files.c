// `open`: a file is read whole, into an object in memory; nothing can be written.
#include <string.h>
#include "py/builtin.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "bridge.h"

/// The native function that returns a file's bytes: machine.read(name).
static mp_obj_t read_file(mp_obj_t name) {
    uint32_t number;
    bool is_property;
    for (uint32_t ordinal = 0;; ordinal++) {
        const char *member = python_native_function("builtins", 8, ordinal, &number, &is_property);
        if (member == NULL) mp_raise_msg(&mp_type_FileNotFoundError, MP_ERROR_TEXT("this machine has no files"));
        if (strcmp(member, "read_file") == 0) break;
    }
    return python_call_native(number, 1, 0, &name);
}

mp_obj_t mp_builtin_open(size_t count, const mp_obj_t *arguments, mp_map_t *keywords) {
    enum { argument_file, argument_mode };
    static const mp_arg_t allowed[] = {
        { MP_QSTR_file, MP_ARG_OBJ | MP_ARG_REQUIRED, { .u_rom_obj = MP_ROM_NONE } },
        { MP_QSTR_mode, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_QSTR(MP_QSTR_r) } },
        { MP_QSTR_encoding, MP_ARG_OBJ, { .u_rom_obj = MP_ROM_NONE } },
    };
    mp_arg_val_t values[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(count, arguments, keywords, MP_ARRAY_SIZE(allowed), allowed, values);
    const char *mode = mp_obj_str_get_str(values[argument_mode].u_obj);
    bool is_binary = strchr(mode, 'b') != NULL;
    if (strpbrk(mode, "wax+") != NULL) {
        mp_raise_msg_varg(&mp_type_PermissionError, MP_ERROR_TEXT("files are read only here: open(..., 'rb'), not '%s'"), mode);
    }
    mp_obj_t bytes = read_file(values[argument_file].u_obj);
    if (is_binary) return MP_OBJ_TYPE_GET_SLOT(&mp_type_bytesio, make_new)(&mp_type_bytesio, 1, 0, &bytes);
    mp_obj_t decoding[] = { bytes, MP_OBJ_NEW_QSTR(MP_QSTR_utf_hyphen_8) };
    mp_obj_t text = mp_call_function_n_kw(MP_OBJ_FROM_PTR(&mp_type_str), 2, 0, decoding);
    return MP_OBJ_TYPE_GET_SLOT(&mp_type_stringio, make_new)(&mp_type_stringio, 1, 0, &text);
}
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 0, mp_builtin_open);
