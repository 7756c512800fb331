// From the encoding of native results (Interface/include/python.h) to Python objects and exceptions.
#include <string.h>
#include "py/nlr.h"
#include "py/objint.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/parsenum.h"
#include "py/runtime.h"
#include "bridge.h"

/// The bytes that are left, and whether handles are still to be taken over.
typedef struct {
    const uint8_t *next, *end;
} reader;

static void take(reader *in, void *to, size_t count) {
    if ((size_t)(in->end - in->next) < count) mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("a native result is cut short"));
    memcpy(to, in->next, count);
    in->next += count;
}

static uint32_t take_u32(reader *in) { uint32_t value; take(in, &value, sizeof value); return value; }
static uint64_t take_u64(reader *in) { uint64_t value; take(in, &value, sizeof value); return value; }
static double take_double(reader *in) { double value; take(in, &value, sizeof value); return value; }

static const char *take_text(reader *in, size_t *length) {
    *length = take_u32(in);
    const char *text = (const char *)in->next;
    if ((size_t)(in->end - in->next) < *length) mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("a native result is cut short"));
    in->next += *length;
    return text;
}

static mp_obj_t decode(reader *in) {
    uint8_t tag;
    take(in, &tag, 1);
    switch (tag) {
        case 'N': return mp_const_none;
        case 'T': return mp_const_true;
        case 'F': return mp_const_false;
        case 'E': return MP_OBJ_FROM_PTR(&mp_const_ellipsis_obj);
        case 'i': return mp_obj_new_int((mp_int_t)take_u64(in));
        case 'I': {
            size_t length;
            const char *digits = take_text(in, &length);
            return mp_parse_num_integer(digits, length, 10, NULL);
        }
        case 'f': return mp_obj_new_float(take_double(in));
        case 'c': {
            double real = take_double(in);
            return mp_obj_new_complex(real, take_double(in));
        }
        case 's': {
            size_t length;
            const char *text = take_text(in, &length);
            return mp_obj_new_str(text, length);
        }
        case 'b': {
            const byte *address = (const byte *)(uintptr_t)take_u64(in);
            return mp_obj_new_bytes(address, take_u64(in));
        }
        case 'l':
        case 't': {
            size_t count = take_u32(in);
            // A tuple keeps what has been decoded reachable for the collector; lists are filled in place too.
            mp_obj_t sequence = tag == 'l' ? mp_obj_new_list(count, NULL) : mp_obj_new_tuple(count, NULL);
            size_t length;
            mp_obj_t *items;
            mp_obj_get_array(sequence, &length, &items);
            for (size_t i = 0; i < count; i++) items[i] = mp_const_none;
            for (size_t i = 0; i < count; i++) items[i] = decode(in);
            return sequence;
        }
        case 'd': {
            size_t count = take_u32(in);
            mp_obj_t dict = mp_obj_new_dict(count);
            for (size_t i = 0; i < count; i++) {
                mp_obj_t key = decode(in);
                mp_obj_dict_store(dict, key, decode(in));
            }
            return dict;
        }
        case ':': {
            mp_obj_t start = decode(in), stop = decode(in);
            return mp_obj_new_slice(start, stop, decode(in));
        }
        case 'h': {
            void *handle = (void *)(uintptr_t)take_u64(in);
            // From here on the reference is the object's: a failure to make the object gives it back.
            nlr_buf_t nlr;
            if (nlr_push(&nlr) == 0) {
                mp_obj_t object = python_new_native(handle);
                nlr_pop();
                return object;
            }
            python_native_release(handle);
            nlr_jump(nlr.ret_val);
        }
        default: mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("a native result has an unknown part"));
    }
}

/// Gives back the references of the handles in what was not decoded.
static void release_rest(reader *in) {
    while (in->next < in->end) {
        size_t left = (size_t)(in->end - in->next) - 1;
        switch (*in->next++) {
            case 'i': case 'f': in->next += left < 8 ? left : 8; break;
            case 'c': case 'b': in->next += left < 16 ? left : 16; break;
            case 's': case 'I': {
                uint32_t length = 0;
                if (left >= 4) memcpy(&length, in->next, 4);
                in->next += left < 4 + (size_t)length ? left : 4 + (size_t)length;
                break;
            }
            case 'l': case 't': case 'd': in->next += left < 4 ? left : 4; break;
            case 'h': {
                void *handle;
                if (left < 8) return;
                memcpy(&handle, in->next, 8);
                in->next += 8;
                python_native_release(handle);
                break;
            }
            default: break;
        }
    }
}

/// A reply that is being decoded. It is given back in the end, whatever end that is.
typedef struct {
    nlr_jump_callback_node_t callback;
    python_reply *reply;
    reader in;
} decoding;

static void end_decoding(void *callback) {
    decoding *it = callback;
    release_rest(&it->in);
    python_native_free_reply(it->reply);
}

mp_obj_t decode_reply(python_reply *reply) {
    decoding it = { .reply = reply, .in = { reply->bytes, reply->bytes + reply->length } };
    nlr_push_jump_callback(&it.callback, end_decoding);
    mp_obj_t object = decode(&it.in);
    nlr_pop_jump_callback(true);
    return object;
}

// --- exceptions ---

MP_DEFINE_EXCEPTION(FileNotFoundError, OSError)
MP_DEFINE_EXCEPTION(PermissionError, OSError)
MP_DEFINE_EXCEPTION(Fault, RuntimeError)

/// Exceptions of jax.errors are classes in Python.
static const mp_obj_type_t *exception_type(const char *name, size_t length) {
    static const char jax_errors[] = "jax.errors.";
    enum { prefix = sizeof jax_errors - 1 };
    if (length > prefix && memcmp(name, jax_errors, prefix) == 0) {
        mp_obj_t from = mp_const_true;
        mp_obj_t module = mp_import_name(qstr_from_strn(jax_errors, prefix - 1), mp_obj_new_tuple(1, &from), MP_OBJ_NEW_SMALL_INT(0));
        return MP_OBJ_TO_PTR(mp_load_attr(module, qstr_from_strn(name + prefix, length - prefix)));
    }
    static const struct { const char *name; const mp_obj_type_t *type; } types[] = {
        { "TypeError", &mp_type_TypeError }, { "ValueError", &mp_type_ValueError }, { "IndexError", &mp_type_IndexError },
        { "KeyError", &mp_type_KeyError }, { "NotImplementedError", &mp_type_NotImplementedError },
        { "MemoryError", &mp_type_MemoryError }, { "PermissionError", &mp_type_PermissionError },
        { "KeyboardInterrupt", &mp_type_KeyboardInterrupt }, { "AssertionError", &mp_type_AssertionError },
        { "machine.Fault", &mp_type_Fault }, { "FileNotFoundError", &mp_type_FileNotFoundError },
        { "AttributeError", &mp_type_AttributeError }, { "OverflowError", &mp_type_OverflowError },
        { "ZeroDivisionError", &mp_type_ZeroDivisionError }, { "StopIteration", &mp_type_StopIteration },
    };
    for (size_t i = 0; i < MP_ARRAY_SIZE(types); i++) {
        if (strlen(types[i].name) == length && memcmp(types[i].name, name, length) == 0) return types[i].type;
    }
    return &mp_type_RuntimeError;
}

_Noreturn void raise_reply(python_reply *reply) {
    mp_obj_t pair = decode_reply(reply);
    size_t count;
    mp_obj_t *items;
    mp_obj_get_array(pair, &count, &items);
    size_t length;
    const char *name = mp_obj_str_get_data(items[0], &length);
    const mp_obj_type_t *type = exception_type(name, length);
    if (type == &mp_type_KeyboardInterrupt) mp_raise_type(type);
    nlr_raise(mp_make_raise_obj(mp_call_function_1(MP_OBJ_FROM_PTR(type), items[1])));
}
