// What the changes to MicroPython's source (scripts/micropython/patch.py) call.
#pragma once
#include "py/obj.h"

/// Whether `object` is an array: it then decides the meaning of operators. (object.c)
bool python_is_array(mp_const_obj_t object);

/// `left op right` where only `right` is an array. MP_OBJ_NULL: the operator is none of an array's. (object.c)
mp_obj_t python_reversed_binary_op(unsigned op, mp_obj_t left, mp_obj_t right);

/// The Python scalar that an array of one element is formatted as. (object.c)
mp_obj_t python_format_value(mp_obj_t array);

/// The double nearest to the decimal number in [start, end), whose exponent field has the value `exponent`. (parse_float.c)
double python_parse_decimal(const char *start, const char *end, long exponent);
