// Built-in functions of CPython's that MicroPython leaves out.
#include "py/objstr.h"
#include "py/runtime.h"

/// format(value, spec=''): as '{:spec}'.format(value).
static mp_obj_t builtin_format(size_t count, const mp_obj_t *arguments) {
    size_t length = 0;
    const char *spec = count > 1 ? mp_obj_str_get_data(arguments[1], &length) : "";
    vstr_t pattern;
    vstr_init(&pattern, length + 4);
    vstr_add_str(&pattern, length > 0 ? "{:" : "{");
    vstr_add_strn(&pattern, spec, length);
    vstr_add_byte(&pattern, '}');
    mp_obj_t method[3];
    mp_load_method(mp_obj_new_str_from_vstr(&pattern), MP_QSTR_format, method);
    method[2] = arguments[0];
    return mp_call_method_n_kw(1, 0, method);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(python_format_object, 1, 2, builtin_format);

/// exit(status=None), quit(status=None): as sys.exit.
static mp_obj_t builtin_exit(size_t count, const mp_obj_t *arguments) {
    if (count == 0) mp_raise_type(&mp_type_SystemExit);
    mp_raise_type_arg(&mp_type_SystemExit, arguments[0]);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(python_exit_object, 0, 1, builtin_exit);
