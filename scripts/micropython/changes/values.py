"""Arrays, formats, maps, floats, slices and exceptions: what Python code sees of values."""
from .change import change, section

# --- arrays in arithmetic: they are asked first, before a float on the left converts them to a float ---

change("py/runtime.c", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
""", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
    #ifdef PYTHON_PORT
    if (MP_UNLIKELY(python_is_array(rhs)) && !python_is_array(lhs)) {
        mp_obj_t result = python_reversed_binary_op(op, lhs, rhs);
        if (result != MP_OBJ_NULL) return result;
    }
    #endif
""")

# --- format specifications: arrays are formatted as their only element, and classes by their __format__ ---

change("py/objstr.c", """#include "py/objlist.h"
""", """#include "py/objlist.h"
#include "py/objtype.h"
""")
change("py/objstr.c", """        if (!format_spec && !conversion) {
            conversion = 's';
        }
""", """        #ifdef PYTHON_PORT
        if (!conversion && format_spec && python_is_array(arg)) {
            arg = python_format_value(arg);
        } else if (!conversion && mp_obj_is_instance_type(mp_obj_get_type(arg))) {
            mp_obj_t method[3];
            mp_load_method_maybe(arg, MP_QSTR___format__, method);
            if (method[0] != MP_OBJ_NULL) {
                vstr_t spec;
                if (format_spec) {
                    spec = mp_obj_str_format_helper(format_spec, str, arg_i, n_args, args, kwargs);
                } else {
                    vstr_init(&spec, 1);
                }
                method[2] = mp_obj_new_str_from_vstr(&spec);
                mp_obj_print_helper(&print, mp_call_method_n_kw(1, 0, method), PRINT_STR);
                continue;
            }
        }
        #endif
        if (!format_spec && !conversion) {
            conversion = 's';
        }
""")

# --- maps keep the order of insertion (port/ordered_map.h) ---

change("py/obj.h", """    size_t alloc;
    mp_map_elem_t *table;
} mp_map_t;
""", """    size_t alloc;
    mp_map_elem_t *table;
    size_t filled;
} mp_map_t;
""")
change("py/objdict.c", """    mp_obj_t other_out = mp_obj_new_dict(self->map.alloc);
    mp_obj_dict_t *other = MP_OBJ_TO_PTR(other_out);
    other->base.type = self->base.type;
    other->map.used = self->map.used;
    other->map.all_keys_are_qstrs = self->map.all_keys_are_qstrs;
    other->map.is_fixed = 0;
    other->map.is_ordered = self->map.is_ordered;
    memcpy(other->map.table, self->map.table, self->map.alloc * sizeof(mp_map_elem_t));
""", """    mp_obj_t other_out = mp_obj_new_dict(self->map.used);
    mp_obj_dict_t *other = MP_OBJ_TO_PTR(other_out);
    other->base.type = self->base.type;
    for (size_t i = 0; i < self->map.alloc; i++) {
        if (!mp_map_slot_is_filled(&self->map, i)) {
            continue;
        }
        mp_map_lookup(&other->map, self->map.table[i].key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = self->map.table[i].value;
    }
""")
change("py/objdict.c", """    if (self->map.is_ordered) {
        cur = self->map.used - 1;
    }
""", """    for (cur = self->map.alloc - 1; !mp_map_slot_is_filled(&self->map, cur); cur--) {
    }
""")

section("py/map.c", "void mp_map_init(mp_map_t *map, size_t n) {", "/" + "*" * 78 + "/\n/* set ", "ordered_map.h")

# --- floats: printed with the fewest digits that read back, and read exactly (Interface/decimal.c) ---

# (mpy-cross, which has no decimal.c, writes the constants of frozen modules with 17 digits.)
change("py/mpconfig.h", "#ifndef MICROPY_INCLUDED_PY_MPCONFIG_H\n", """#ifndef MICROPY_INCLUDED_PY_MPCONFIG_H
#define FLOAT_REPR_FORMAT (FLOAT_REPR_IS_EXACT ? 'r' : 'g')
#ifdef PYTHON_PORT
#define FLOAT_REPR_IS_EXACT (1)
#else
#define FLOAT_REPR_IS_EXACT (0)
#endif
""")
change("py/objfloat.c", "    const int precision = 16;", "    const int precision = 17;")
change("py/objcomplex.c", "    const int precision = 16;", "    const int precision = 17;")
change("py/objfloat.c", "mp_format_float(o_val, buf, sizeof(buf), 'g', precision, '\\0');",
       "mp_format_float(o_val, buf, sizeof(buf), FLOAT_REPR_FORMAT, precision, '\\0');")
change("py/objcomplex.c", "'g', precision, '\\0');", "FLOAT_REPR_FORMAT, precision, '\\0');", 3)
change("py/mpprint.c", """    char buf[32];
    char sign = '\\0';
    int chrs = 0;
""", """    char buf[800];
    char sign = '\\0';
    int chrs = 0;
""")
change("py/parsenum.c", """        parse_dec_in_t in = PARSE_DEC_IN_INTG;
        bool exp_neg = false;
""", """        #ifdef PYTHON_PORT
        const char *digits_start = str;
        #endif
        parse_dec_in_t in = PARSE_DEC_IN_INTG;
        bool exp_neg = false;
""")
change("py/parsenum.c", """        // apply the exponent, making sure it's not a subnormal value
""", """        #ifdef PYTHON_PORT
        dec_val = python_parse_decimal(digits_start, str, exp_val);
        if (false)
        #endif
        // apply the exponent, making sure it's not a subnormal value
""")
# The statements that `if (false)` skips must be one.
change("py/parsenum.c", """        exp_val += exp_extra + trailing_zeros_intg;
        dec_val = (mp_float_t)mantissa;
""", """        {
        exp_val += exp_extra + trailing_zeros_intg;
        dec_val = (mp_float_t)mantissa;
""")
change("py/parsenum.c", """            dec_val *= MICROPY_FLOAT_C_FUN(pow)(10, exp_val);
        }
    }

    if (allow_imag""", """            dec_val *= MICROPY_FLOAT_C_FUN(pow)(10, exp_val);
        }
        }
    }

    if (allow_imag""")

# --- slices can be made by name and compared ---

change("py/objslice.c", """    MP_TYPE_FLAG_NONE,
    unary_op, slice_unary_op,
""", """    MP_TYPE_FLAG_NONE,
    make_new, slice_make_new,
    binary_op, slice_binary_op,
    unary_op, slice_unary_op,
""")
change("py/objslice.c", """MP_DEFINE_CONST_OBJ_TYPE(
    mp_type_slice,
""", """static mp_obj_t slice_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_check_num(n_args, n_kw, 1, 3, false);
    mp_obj_t start = n_args > 1 ? args[0] : mp_const_none;
    return mp_obj_new_slice(start, args[n_args > 1], n_args > 2 ? args[2] : mp_const_none);
}

static mp_obj_t slice_binary_op(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
    if (op != MP_BINARY_OP_EQUAL || !mp_obj_is_type(rhs, &mp_type_slice)) {
        return MP_OBJ_NULL;
    }
    mp_obj_slice_t *a = MP_OBJ_TO_PTR(lhs), *b = MP_OBJ_TO_PTR(rhs);
    return mp_obj_new_bool(mp_obj_equal(a->start, b->start) && mp_obj_equal(a->stop, b->stop) && mp_obj_equal(a->step, b->step));
}

MP_DEFINE_CONST_OBJ_TYPE(
    mp_type_slice,
""")

# --- exceptions: ValueError('x'), without the comma of a tuple ---

change("py/objexcept.c", """    mp_obj_tuple_print(print, MP_OBJ_FROM_PTR(o->args), kind);
}
""", """    if (o->args != NULL && o->args->len == 1) {
        mp_print_str(print, "(");
        mp_obj_print_helper(print, o->args->items[0], PRINT_REPR);
        mp_print_str(print, ")");
        return;
    }
    mp_obj_tuple_print(print, MP_OBJ_FROM_PTR(o->args), kind);
}
""")

# --- repr of a string: printable characters as they are, as CPython has it ---

change("py/objstrunicode.c", """static void uni_print_quoted(const mp_print_t *print""", """// Beyond ASCII: not controls, formats, separators, surrogates and private ones. (What Unicode has not assigned counts as printable.)
static bool is_printable(unichar ch) {
    return ch > 0xa0 && ch != 0xad && !(ch >= 0x600 && ch <= 0x605) && ch != 0x61c && ch != 0x6dd && ch != 0x70f && ch != 0x1680
        && ch != 0x180e && !(ch >= 0x2000 && ch <= 0x200f) && !(ch >= 0x2028 && ch <= 0x202f) && !(ch >= 0x205f && ch <= 0x206f)
        && ch != 0x3000 && !(ch >= 0xd800 && ch <= 0xf8ff) && ch != 0xfeff && !(ch >= 0xfff0 && ch <= 0xfffb) && (ch & 0xfffe) != 0xfffe
        && ch < 0xe0000;
}

static void uni_print_quoted(const mp_print_t *print""")
change("py/objstrunicode.c", """        ch = utf8_get_char(s);
        s = utf8_next_char(s);
        if (ch == quote_char) {
""", """        ch = utf8_get_char(s);
        const byte *start = s;
        s = utf8_next_char(s);
        if (ch > 126 && is_printable(ch)) {
            print->print_strn(print->data, (const char *)start, s - start);
        } else if (ch == quote_char) {
""")

# --- small integers are asked for their size, too ---

change("py/runtime.c", """            default:
                assert(op == MP_UNARY_OP_INVERT);
                return MP_OBJ_NEW_SMALL_INT(~val);
""", """            case MP_UNARY_OP_INVERT:
                return MP_OBJ_NEW_SMALL_INT(~val);
            case MP_UNARY_OP_SIZEOF:
                return MP_OBJ_NEW_SMALL_INT(sizeof(mp_obj_t));
            default:
                mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("unsupported type for %q: '%s'"), mp_unary_op_method_name[op], "int");
""")

# --- what a module lacks is said with the module's name ---

change("py/runtime.c", """                ((mp_obj_type_t *)MP_OBJ_TO_PTR(base))->name, attr);
        } else {
            mp_raise_msg_varg(&mp_type_AttributeError,
""", """                ((mp_obj_type_t *)MP_OBJ_TO_PTR(base))->name, attr);
        } else if (mp_obj_is_type(base, &mp_type_module)) {
            mp_map_t *globals = &mp_obj_module_get_globals(base)->map;
            mp_map_elem_t *name = mp_map_lookup(globals, MP_OBJ_NEW_QSTR(MP_QSTR___name__), MP_MAP_LOOKUP);
            const char *text = name != NULL && mp_obj_is_str(name->value) ? mp_obj_str_get_str(name->value) : "?";
            mp_raise_msg_varg(&mp_type_AttributeError, MP_ERROR_TEXT("module '%s' has no attribute '%q'"), text, attr);
        } else {
            mp_raise_msg_varg(&mp_type_AttributeError,
""")

# --- %c takes a character of any width ---

change("py/objstr.c", """                    if (slen != 1) {
                        mp_raise_TypeError(MP_ERROR_TEXT("%c needs int or char"));
                    }
                    mp_print_strn(&print, s, 1, flags, ' ', width);
""", """                    if (utf8_charlen((const byte *)s, slen) != 1) {
                        mp_raise_TypeError(MP_ERROR_TEXT("%c needs int or char"));
                    }
                    mp_print_strn(&print, s, slen, flags, ' ', width);
""")
