// Swift objects as Python objects: arrays, whose operators and attributes are native functions, and all others, which have
// attributes only. Python's object holds one reference to Swift's and gives it back when it is collected.
#include <string.h>
#include "py/gc.h"
#include "py/objfun.h"
#include "py/runtime.h"
#include "bridge.h"

typedef struct {
    mp_obj_base_t base;
    void *handle;
    /// The native module whose functions are the attributes.
    const char *class_name;
} native_object;

/// Python's collector does not see the memory behind arrays: it is run when so much of it was made since it ran last.
enum { collection_threshold = 64 << 20 };

static const mp_obj_type_t native_object_type, native_iterator_type;

mp_obj_t python_new_native(void *handle) {
    size_t size;
    const char *class_name = python_native_class(handle, &size);
    python_interpreter *python = python_current();
    python->native_bytes += size;
    if (python->native_bytes > collection_threshold) {
        python->native_bytes = 0;
        gc_collect();
    }
    bool is_array = strcmp(class_name, "Array") == 0;
    native_object *object = mp_obj_malloc_with_finaliser(native_object, is_array ? &python_type_array : &native_object_type);
    object->handle = handle;
    object->class_name = class_name;
    return MP_OBJ_FROM_PTR(object);
}

bool python_is_array(mp_const_obj_t object) { return mp_obj_is_exact_type(object, &python_type_array); }

bool python_is_native(mp_obj_t object) { return python_is_array(object) || mp_obj_is_exact_type(object, &native_object_type); }

void *python_native_handle(mp_obj_t object) {
    void *handle = ((native_object *)MP_OBJ_TO_PTR(object))->handle;
    if (handle == NULL) mp_raise_ValueError(MP_ERROR_TEXT("the object has been deleted"));
    return handle;
}

// --- attributes ---

/// The functions of a class by name, made when it is first used: a dictionary whose properties are negative numbers.
MP_REGISTER_ROOT_POINTER(mp_obj_t python_classes);

static mp_map_elem_t *find_attribute(const native_object *object, qstr name) {
    if (MP_STATE_VM(python_classes) == MP_OBJ_NULL) MP_STATE_VM(python_classes) = mp_obj_new_dict(4);
    mp_map_t *classes = mp_obj_dict_get_map(MP_STATE_VM(python_classes));
    mp_obj_t key = MP_OBJ_NEW_QSTR(qstr_from_str(object->class_name));
    mp_map_elem_t *element = mp_map_lookup(classes, key, MP_MAP_LOOKUP);
    if (element == NULL) {
        mp_obj_t members = mp_obj_new_dict(64);
        for (uint32_t ordinal = 0;; ordinal++) {
            uint32_t number;
            bool is_property;
            const char *member = python_native_function(object->class_name, strlen(object->class_name), ordinal, &number, &is_property);
            if (member == NULL) break;
            qstr q = qstr_from_str(member);
            mp_obj_dict_store(members, MP_OBJ_NEW_QSTR(q),
                is_property ? MP_OBJ_NEW_SMALL_INT(number) : python_new_native_function(number, q));
        }
        mp_obj_dict_store(MP_STATE_VM(python_classes), key, members);
        element = mp_map_lookup(classes, key, MP_MAP_LOOKUP);
    }
    return mp_map_lookup(mp_obj_dict_get_map(element->value), MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP);
}

/// Attributes of arrays that are written in Python: functions of the array in the dictionaries `properties` and `methods` of jax._array.
static void find_python_attribute(mp_obj_t self, qstr name, mp_obj_t *destination) {
    // Special methods that there are not are asked for all the time.
    const char *text = qstr_str(name);
    if (text[0] == '_' && text[1] == '_') return;
    mp_obj_t from = mp_const_true;
    mp_obj_t module = mp_import_name(qstr_from_str("jax._array"), mp_obj_new_tuple(1, &from), MP_OBJ_NEW_SMALL_INT(0));
    mp_obj_t properties = mp_load_attr(module, qstr_from_str("properties")), methods = mp_load_attr(module, qstr_from_str("methods"));
    mp_map_elem_t *element = mp_map_lookup(mp_obj_dict_get_map(properties), MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP);
    if (element != NULL) {
        destination[0] = mp_call_function_1(element->value, self);
        return;
    }
    element = mp_map_lookup(mp_obj_dict_get_map(methods), MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP);
    if (element == NULL) return;
    destination[0] = element->value;
    destination[1] = self;
}

static void object_attr(mp_obj_t self, qstr name, mp_obj_t *destination) {
    if (destination[0] != MP_OBJ_NULL) return;  // nothing can be stored or deleted
    if (name == MP_QSTR___del__) {
        destination[1] = MP_OBJ_SENTINEL;  // goes on to locals_dict
        return;
    }
    mp_map_elem_t *element = find_attribute(MP_OBJ_TO_PTR(self), name);
    if (element == NULL) {
        if (python_is_array(self)) find_python_attribute(self, name, destination);
        return;
    }
    if (mp_obj_is_small_int(element->value)) {
        destination[0] = python_call_native(MP_OBJ_SMALL_INT_VALUE(element->value), 1, 0, &self);
    } else {
        destination[0] = element->value;
        destination[1] = self;
    }
}

/// `self.name(arguments…)` by a native function; MP_OBJ_NULL where the class has none of that name.
static mp_obj_t call_method(mp_obj_t self, qstr name, size_t count, const mp_obj_t *arguments) {
    mp_map_elem_t *element = find_attribute(MP_OBJ_TO_PTR(self), name);
    if (element == NULL) return MP_OBJ_NULL;
    mp_obj_t all[4] = { self };
    for (size_t i = 0; i < count; i++) all[i + 1] = arguments[i];
    return mp_call_function_n_kw(element->value, count + 1, 0, all);
}

static void object_print(const mp_print_t *print, mp_obj_t self, mp_print_kind_t kind) {
    mp_obj_t text = call_method(self, kind == PRINT_STR ? MP_QSTR___str__ : MP_QSTR___repr__, 0, NULL);
    if (text == MP_OBJ_NULL) {
        mp_printf(print, "<%s>", ((native_object *)MP_OBJ_TO_PTR(self))->class_name);
    } else {
        mp_obj_print_helper(print, text, PRINT_STR);
    }
}

mp_obj_t python_format_value(mp_obj_t array) { return call_method(array, MP_QSTR___format_value__, 0, NULL); }

// --- operators ---

static const uint16_t binary_names[] = {
    [MP_BINARY_OP_LESS] = MP_QSTR___lt__, [MP_BINARY_OP_MORE] = MP_QSTR___gt__, [MP_BINARY_OP_EQUAL] = MP_QSTR___eq__,
    [MP_BINARY_OP_LESS_EQUAL] = MP_QSTR___le__, [MP_BINARY_OP_MORE_EQUAL] = MP_QSTR___ge__,
    [MP_BINARY_OP_NOT_EQUAL] = MP_QSTR___ne__, [MP_BINARY_OP_OR] = MP_QSTR___or__, [MP_BINARY_OP_XOR] = MP_QSTR___xor__,
    [MP_BINARY_OP_AND] = MP_QSTR___and__, [MP_BINARY_OP_LSHIFT] = MP_QSTR___lshift__,
    [MP_BINARY_OP_RSHIFT] = MP_QSTR___rshift__, [MP_BINARY_OP_ADD] = MP_QSTR___add__,
    [MP_BINARY_OP_SUBTRACT] = MP_QSTR___sub__, [MP_BINARY_OP_MULTIPLY] = MP_QSTR___mul__,
    [MP_BINARY_OP_MAT_MULTIPLY] = MP_QSTR___matmul__, [MP_BINARY_OP_FLOOR_DIVIDE] = MP_QSTR___floordiv__,
    [MP_BINARY_OP_TRUE_DIVIDE] = MP_QSTR___truediv__, [MP_BINARY_OP_MODULO] = MP_QSTR___mod__,
    [MP_BINARY_OP_POWER] = MP_QSTR___pow__, [MP_BINARY_OP_DIVMOD] = MP_QSTR___divmod__,
    [MP_BINARY_OP_CONTAINS] = MP_QSTR___contains__,
};

static const uint16_t reversed_names[] = {
    [MP_BINARY_OP_LESS] = MP_QSTR___gt__, [MP_BINARY_OP_MORE] = MP_QSTR___lt__, [MP_BINARY_OP_EQUAL] = MP_QSTR___eq__,
    [MP_BINARY_OP_LESS_EQUAL] = MP_QSTR___ge__, [MP_BINARY_OP_MORE_EQUAL] = MP_QSTR___le__,
    [MP_BINARY_OP_NOT_EQUAL] = MP_QSTR___ne__, [MP_BINARY_OP_OR] = MP_QSTR___ror__, [MP_BINARY_OP_XOR] = MP_QSTR___rxor__,
    [MP_BINARY_OP_AND] = MP_QSTR___rand__, [MP_BINARY_OP_LSHIFT] = MP_QSTR___rlshift__,
    [MP_BINARY_OP_RSHIFT] = MP_QSTR___rrshift__, [MP_BINARY_OP_ADD] = MP_QSTR___radd__,
    [MP_BINARY_OP_SUBTRACT] = MP_QSTR___rsub__, [MP_BINARY_OP_MULTIPLY] = MP_QSTR___rmul__,
    [MP_BINARY_OP_MAT_MULTIPLY] = MP_QSTR___rmatmul__, [MP_BINARY_OP_FLOOR_DIVIDE] = MP_QSTR___rfloordiv__,
    [MP_BINARY_OP_TRUE_DIVIDE] = MP_QSTR___rtruediv__, [MP_BINARY_OP_MODULO] = MP_QSTR___rmod__,
    [MP_BINARY_OP_POWER] = MP_QSTR___rpow__, [MP_BINARY_OP_DIVMOD] = MP_QSTR___rdivmod__,
};

/// In-place operators are the plain ones: arrays do not change.
static unsigned plain_operator(unsigned op) {
    if (op >= MP_BINARY_OP_INPLACE_OR && op <= MP_BINARY_OP_INPLACE_POWER) return op + MP_BINARY_OP_OR - MP_BINARY_OP_INPLACE_OR;
    return op;
}

static mp_obj_t array_binary_op(mp_binary_op_t op, mp_obj_t left, mp_obj_t right) {
    unsigned plain = plain_operator(op);
    if (plain >= MP_ARRAY_SIZE(binary_names) || binary_names[plain] == 0) return MP_OBJ_NULL;
    return call_method(left, binary_names[plain], 1, &right);
}

mp_obj_t python_reversed_binary_op(unsigned op, mp_obj_t left, mp_obj_t right) {
    unsigned plain = plain_operator(op);
    if (plain >= MP_ARRAY_SIZE(reversed_names) || reversed_names[plain] == 0) return MP_OBJ_NULL;
    return call_method(right, reversed_names[plain], 1, &left);
}

static mp_obj_t array_unary_op(mp_unary_op_t op, mp_obj_t self) {
    static const uint16_t names[] = {
        [MP_UNARY_OP_POSITIVE] = MP_QSTR___pos__, [MP_UNARY_OP_NEGATIVE] = MP_QSTR___neg__,
        [MP_UNARY_OP_INVERT] = MP_QSTR___invert__, [MP_UNARY_OP_BOOL] = MP_QSTR___bool__,
        [MP_UNARY_OP_LEN] = MP_QSTR___len__, [MP_UNARY_OP_HASH] = MP_QSTR___hash__, [MP_UNARY_OP_ABS] = MP_QSTR___abs__,
        [MP_UNARY_OP_INT_MAYBE] = MP_QSTR___int__, [MP_UNARY_OP_FLOAT_MAYBE] = MP_QSTR___float__,
        [MP_UNARY_OP_COMPLEX_MAYBE] = MP_QSTR___complex__,
    };
    if (op >= MP_ARRAY_SIZE(names) || names[op] == 0) return MP_OBJ_NULL;
    return call_method(self, names[op], 0, NULL);
}

static mp_obj_t array_subscr(mp_obj_t self, mp_obj_t index, mp_obj_t value) {
    if (value == MP_OBJ_SENTINEL) return call_method(self, MP_QSTR___getitem__, 1, &index);
    return call_method(self, MP_QSTR___setitem__, 0, NULL);
}

static mp_obj_t object_finalise(mp_obj_t self) {
    if (!python_is_native(self)) mp_raise_TypeError(MP_ERROR_TEXT("argument has wrong type"));
    native_object *object = MP_OBJ_TO_PTR(self);
    if (object->handle != NULL) python_native_release(object->handle);
    object->handle = NULL;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(object_finalise_object, object_finalise);

static const mp_rom_map_elem_t object_locals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&object_finalise_object) },
};
static MP_DEFINE_CONST_DICT(object_locals, object_locals_table);

// --- iteration over the first axis ---

typedef struct {
    mp_obj_base_t base;
    mp_obj_t array;
    mp_int_t next, count;
} native_iterator;

static mp_obj_t array_iterate(mp_obj_t self, mp_obj_iter_buf_t *buffer) {
    (void)buffer;
    native_iterator *iterator = mp_obj_malloc(native_iterator, &native_iterator_type);
    iterator->array = self;
    iterator->next = 0;
    iterator->count = mp_obj_get_int(call_method(self, MP_QSTR___iter_count__, 0, NULL));
    return MP_OBJ_FROM_PTR(iterator);
}

static mp_obj_t iterator_next(mp_obj_t self) {
    native_iterator *iterator = MP_OBJ_TO_PTR(self);
    if (iterator->next >= iterator->count) return MP_OBJ_STOP_ITERATION;
    mp_obj_t index = MP_OBJ_NEW_SMALL_INT(iterator->next++);
    return call_method(iterator->array, MP_QSTR___getitem__, 1, &index);
}

static MP_DEFINE_CONST_OBJ_TYPE(
    native_iterator_type, MP_QSTR_iterator, MP_TYPE_FLAG_ITER_IS_ITERNEXT,
    iter, iterator_next
    );

MP_DEFINE_CONST_OBJ_TYPE(
    python_type_array, MP_QSTR_Array,
    MP_TYPE_FLAG_EQ_NOT_REFLEXIVE | MP_TYPE_FLAG_EQ_CHECKS_OTHER_TYPE | MP_TYPE_FLAG_EQ_HAS_NEQ_TEST | MP_TYPE_FLAG_ITER_IS_GETITER
    | MP_TYPE_FLAG_HAS_SPECIAL_ACCESSORS,
    print, object_print,
    unary_op, array_unary_op,
    binary_op, array_binary_op,
    attr, object_attr,
    subscr, array_subscr,
    iter, array_iterate,
    locals_dict, &object_locals
    );

/// `export.call(…)`, `dtype == dtype`: methods by name, calls by `__call__`, equality and hash by the class's own.
static mp_obj_t object_call(mp_obj_t self, size_t count, size_t keyword_count, const mp_obj_t *arguments) {
    mp_map_elem_t *element = find_attribute(MP_OBJ_TO_PTR(self), MP_QSTR___call__);
    if (element == NULL) {
        mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("'%s' object isn't callable"),
                          ((native_object *)MP_OBJ_TO_PTR(self))->class_name);
    }
    mp_obj_t *all = m_new(mp_obj_t, count + 2 * keyword_count + 1);
    all[0] = self;
    memcpy(all + 1, arguments, (count + 2 * keyword_count) * sizeof *all);
    return mp_call_function_n_kw(element->value, count + 1, keyword_count, all);
}

static mp_obj_t object_binary_op(mp_binary_op_t op, mp_obj_t left, mp_obj_t right) {
    if (op != MP_BINARY_OP_EQUAL && op != MP_BINARY_OP_NOT_EQUAL) return MP_OBJ_NULL;
    mp_obj_t equal = call_method(left, MP_QSTR___eq__, 1, &right);
    if (equal == MP_OBJ_NULL) equal = mp_obj_new_bool(left == right);
    return op == MP_BINARY_OP_EQUAL ? equal : mp_obj_new_bool(!mp_obj_is_true(equal));
}

static mp_obj_t object_unary_op(mp_unary_op_t op, mp_obj_t self) {
    if (op == MP_UNARY_OP_BOOL) return mp_const_true;
    if (op != MP_UNARY_OP_HASH) return MP_OBJ_NULL;
    mp_obj_t hash = call_method(self, MP_QSTR___hash__, 0, NULL);
    return hash != MP_OBJ_NULL ? hash : MP_OBJ_NEW_SMALL_INT((mp_uint_t)self >> 4);
}

static MP_DEFINE_CONST_OBJ_TYPE(
    native_object_type, MP_QSTR_object,
    MP_TYPE_FLAG_EQ_CHECKS_OTHER_TYPE | MP_TYPE_FLAG_EQ_HAS_NEQ_TEST | MP_TYPE_FLAG_HAS_SPECIAL_ACCESSORS,
    print, object_print,
    unary_op, object_unary_op,
    binary_op, object_binary_op,
    attr, object_attr,
    call, object_call,
    locals_dict, &object_locals
    );
