// Between Python objects and the native functions that Swift implements.
#pragma once
#include "py/misc.h"
#include "py/obj.h"
#include "hooks.h"
#include "../Interface/include/python.h"

// encode.c

void encode_object(vstr_t *out, mp_obj_t object);
void encode_string(vstr_t *out, const char *text, size_t length);
void encode_tuple_start(vstr_t *out, size_t count);
void encode_dict_start(vstr_t *out, size_t count);

// decode.c

/// The object that a reply holds; the reply is freed, also when memory runs out on the way.
mp_obj_t decode_reply(python_reply *reply);

/// Raises the exception that a reply names.
_Noreturn void raise_reply(python_reply *reply);

// native.c

/// Calls a native function with `count` positional arguments, then `keyword_count` pairs of name and value.
mp_obj_t python_call_native(uint32_t number, size_t count, size_t keyword_count, const mp_obj_t *arguments);

/// A function object for native function `number`.
mp_obj_t python_new_native_function(uint32_t number, qstr name);

/// The functions of a native module as a dictionary from names to function objects; properties are left out.
void python_populate(const char *module, size_t length, mp_obj_dict_t *into);

// parameters.c

MP_DECLARE_CONST_FUN_OBJ_1(python_parameters_object);

// object.c

/// A Python object for a Swift object, whose reference it takes over.
mp_obj_t python_new_native(void *handle);
bool python_is_native(mp_obj_t object);
void *python_native_handle(mp_obj_t object);

extern const mp_obj_type_t python_type_array;
extern const mp_obj_type_t mp_type_FileNotFoundError, mp_type_PermissionError, mp_type_Fault;
