// From Python objects to the encoding of native calls (Interface/include/python.h).
#include <string.h>
#include "py/objlist.h"
#include "py/objnamedtuple.h"
#include "py/objstr.h"
#include "py/objtuple.h"
#include "py/runtime.h"
#include "py/smallint.h"
#include "py/cstack.h"
#include "bridge.h"

static void put_u32(vstr_t *out, size_t value) {
    uint32_t word = value;
    vstr_add_strn(out, (const char *)&word, sizeof word);
}

static void put_u64(vstr_t *out, uint64_t value) { vstr_add_strn(out, (const char *)&value, sizeof value); }

static void put_double(vstr_t *out, double value) { vstr_add_strn(out, (const char *)&value, sizeof value); }

static void put_text(vstr_t *out, char tag, const char *text, size_t length) {
    vstr_add_byte(out, tag);
    put_u32(out, length);
    vstr_add_strn(out, text, length);
}

void encode_string(vstr_t *out, const char *text, size_t length) { put_text(out, 's', text, length); }

void encode_tuple_start(vstr_t *out, size_t count) {
    vstr_add_byte(out, 't');
    put_u32(out, count);
}

void encode_dict_start(vstr_t *out, size_t count) {
    vstr_add_byte(out, 'd');
    put_u32(out, count);
}

static bool is_named_tuple(const mp_obj_type_t *type) {
    return MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, parent) == &mp_type_tuple && !(type->flags & MP_TYPE_FLAG_INSTANCE_TYPE)
        && type != &mp_type_attrtuple && type->base.type == &mp_type_type && MP_OBJ_TYPE_HAS_SLOT(type, make_new);
}

/// The tuple's items for classes in Python that derive from a named tuple, as they are for the tuple itself.
static void encode_named_tuple(vstr_t *out, const mp_obj_type_t *type, qstr type_name, mp_obj_t tuple) {
    const mp_obj_namedtuple_type_t *named = (const mp_obj_namedtuple_type_t *)type;
    size_t count;
    mp_obj_t *items;
    mp_obj_tuple_get(tuple, &count, &items);
    vstr_add_byte(out, 'n');
    size_t length;
    const char *name = (const char *)qstr_data(type_name, &length);
    put_text(out, 's', name, length);
    put_u32(out, count);
    for (size_t i = 0; i < count; i++) {
        name = (const char *)qstr_data(named->fields[i], &length);
        put_text(out, 's', name, length);
        encode_object(out, items[i]);
    }
}

static void encode_sequence(vstr_t *out, char tag, size_t count, const mp_obj_t *items) {
    vstr_add_byte(out, tag);
    put_u32(out, count);
    for (size_t i = 0; i < count; i++) encode_object(out, items[i]);
}

static void encode_dict(vstr_t *out, mp_map_t *map) {
    encode_dict_start(out, map->used);
    for (size_t i = 0; i < map->alloc; i++) {
        if (!mp_map_slot_is_filled(map, i)) continue;
        encode_object(out, map->table[i].key);
        encode_object(out, map->table[i].value);
    }
}

static void encode_int(vstr_t *out, mp_obj_t object) {
    if (mp_obj_is_small_int(object)) {
        vstr_add_byte(out, 'i');
        put_u64(out, MP_OBJ_SMALL_INT_VALUE(object));
        return;
    }
    vstr_t digits;
    mp_print_t print;
    vstr_init_print(&digits, 24, &print);
    mp_obj_print_helper(&print, object, PRINT_REPR);
    put_text(out, 'I', vstr_str(&digits), vstr_len(&digits));
    vstr_clear(&digits);
}

void encode_object(vstr_t *out, mp_obj_t object) {
    mp_cstack_check();
    python_poll();
    const mp_obj_type_t *type = mp_obj_get_type(object);
    if (object == mp_const_none) {
        vstr_add_byte(out, 'N');
    } else if (object == mp_const_true) {
        vstr_add_byte(out, 'T');
    } else if (object == mp_const_false) {
        vstr_add_byte(out, 'F');
    } else if (object == MP_OBJ_FROM_PTR(&mp_const_ellipsis_obj)) {
        vstr_add_byte(out, 'E');
    } else if (mp_obj_is_int(object)) {
        encode_int(out, object);
    } else if (mp_obj_is_float(object)) {
        vstr_add_byte(out, 'f');
        put_double(out, mp_obj_float_get(object));
    } else if (type == &mp_type_complex) {
        mp_float_t real, imaginary;
        mp_obj_get_complex(object, &real, &imaginary);
        vstr_add_byte(out, 'c');
        put_double(out, real);
        put_double(out, imaginary);
    } else if (mp_obj_is_str(object)) {
        GET_STR_DATA_LEN(object, text, length);
        put_text(out, 's', (const char *)text, length);
    } else if (type == &mp_type_bytes || type == &mp_type_bytearray || type == &mp_type_memoryview) {
        mp_buffer_info_t buffer;
        mp_get_buffer_raise(object, &buffer, MP_BUFFER_READ);
        vstr_add_byte(out, 'b');
        put_u64(out, (uintptr_t)buffer.buf);
        put_u64(out, buffer.len);
    } else if (type == &mp_type_list) {
        size_t count;
        mp_obj_t *items;
        mp_obj_list_get(object, &count, &items);
        encode_sequence(out, 'l', count, items);
    } else if (type == &mp_type_tuple) {
        size_t count;
        mp_obj_t *items;
        mp_obj_tuple_get(object, &count, &items);
        encode_sequence(out, 't', count, items);
    } else if (is_named_tuple(type)) {
        encode_named_tuple(out, type, type->name, object);
    } else if (mp_obj_is_dict_or_ordereddict(object)) {
        encode_dict(out, mp_obj_dict_get_map(object));
    } else if (type == &mp_type_range) {
        // A range stands for the list of its numbers.
        mp_obj_t list = mp_obj_list_make_new(&mp_type_list, 1, 0, &object);
        encode_object(out, list);
    } else if (type == &mp_type_slice) {
        vstr_add_byte(out, ':');
        encode_object(out, mp_load_attr(object, MP_QSTR_start));
        encode_object(out, mp_load_attr(object, MP_QSTR_stop));
        encode_object(out, mp_load_attr(object, MP_QSTR_step));
    } else if (python_is_native(object)) {
        vstr_add_byte(out, 'h');
        put_u64(out, (uintptr_t)python_native_handle(object));
    } else if (type == &mp_type_type) {
        // A class: as Python prints it, "<class 'float'>".
        vstr_t name;
        mp_print_t print;
        vstr_init_print(&name, 24, &print);
        mp_obj_print_helper(&print, object, PRINT_REPR);
        vstr_add_byte(out, '?');
        put_text(out, 's', vstr_str(&name), vstr_len(&name));
    } else {
        size_t length;
        const char *name = (const char *)qstr_data(type->name, &length);
        vstr_add_byte(out, '?');
        put_text(out, 's', name, length);
    }
}
