// What the changes to MicroPython's source (scripts/micropython/changes) call.
#pragma once
#include "py/mpstate.h"
#include "py/obj.h"

/// Whether `object` is an array: it then decides the meaning of operators. (object.c)
bool python_is_array(mp_const_obj_t object);

/// `left op right` where only `right` is an array. MP_OBJ_NULL: the operator is none of an array's. (object.c)
mp_obj_t python_reversed_binary_op(unsigned op, mp_obj_t left, mp_obj_t right);

/// The Python scalar that an array of one element is formatted as. (object.c)
mp_obj_t python_format_value(mp_obj_t array);

/// The double nearest to the decimal number in [start, end), whose exponent field has the value `exponent`. (parse_float.c)
double python_parse_decimal(const char *start, const char *end, long exponent);

/// Does what is wanted of a running text from outside: goes on, raises, or ends it. (attend.c)
void python_attend(void);

/// Asked in every loop that may be long. It may raise.
static inline __attribute__((always_inline)) void python_poll(void) {
    if (__builtin_expect(python_current()->attention != 0, 0)) python_attend();
}

/// Whether a collection has to be cut short. (attend.c)
bool python_ends_collection(void);

/// A text has caught KeyboardInterrupt by that name. (attend.c)
void python_interrupt_was_caught(void);

/// Sorts `count` items in place, stably; `keys` are compared where it is not NULL. (sort.c)
void python_sort(mp_obj_t *items, size_t count, mp_obj_t key_function, bool is_reversed);
