"""Memory that several hold: C code that has called Python code looks at containers anew, what it was given on loan is not kept,
and an object is used as what it is only once that has been checked. Else memory that is freed, or another's, would be written."""
from .change import change, section

# --- isolation: the typecodes whose value is a pointer ---

for size in ("size = sizeof(void *);", "align = alignof(void *);\n                    size = sizeof(void *);"):
    change("py/binary.c", f"""                case 'P':
                case 'O':
                case 'S':
                    {size}
                    break;
""", "")

# --- sets and maps: port/hash_set.h, port/ordered_map.h (values.py) ---

section("py/map.c", "void mp_set_init(mp_set_t *set, size_t n) {", "#endif // MICROPY_PY_BUILTINS_SET", "hash_set.h")
change("py/objset.c", """    mp_set_init(&other->set, self->set.alloc);
    other->set.used = self->set.used;
    memcpy(other->set.table, self->set.table, self->set.alloc * sizeof(mp_obj_t));
""", """    mp_set_init(&other->set, self->set.alloc);
    other->set.used = self->set.used;
    // The hashes lie behind the elements.
    memcpy(other->set.table, self->set.table, self->set.alloc * (sizeof(mp_obj_t) + sizeof(uint32_t)));
""")
change("py/objdict.c", """        mp_obj_print_helper(print, next->key, kind);
        if (add_quote) {
            mp_print_str(print, "\\"");
        }
        mp_print_str(print, key_separator);
        mp_obj_print_helper(print, next->value, kind);
""", """        mp_obj_t value = next->value;
        mp_obj_print_helper(print, next->key, kind);
        if (add_quote) {
            mp_print_str(print, "\\"");
        }
        mp_print_str(print, key_separator);
        mp_obj_print_helper(print, value, kind);
""")
change("py/objdict.c", """                    if (!mp_obj_equal(e1->key, e2->key) || !mp_obj_equal(e1->value, e2->value)) {
""", """                    mp_obj_t v1 = e1->value, v2 = e2->value;
                    if (!mp_obj_equal(e1->key, e2->key) || !mp_obj_equal(v1, v2)) {
""")
change("py/objdict.c", """                    mp_map_elem_t *elem = mp_map_lookup(&rhs->map, next->key, MP_MAP_LOOKUP);
                    if (elem == NULL || !mp_obj_equal(next->value, elem->value)) {
""", """                    mp_obj_t value = next->value;
                    mp_map_elem_t *elem = mp_map_lookup(&rhs->map, next->key, MP_MAP_LOOKUP);
                    if (elem == NULL || !mp_obj_equal(value, elem->value)) {
""")
change("py/objdict.c", """                    mp_map_lookup(&self->map, elem->key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = elem->value;
""", """                    mp_obj_t value = elem->value;
                    mp_map_lookup(&self->map, elem->key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = value;
""")
change("py/objdict.c", "        self_out = mp_obj_new_dict(MP_OBJ_SMALL_INT_VALUE(len));\n", "        self_out = mp_obj_new_dict(0);\n")
# A copy of distinct keys needs no `__hash__`.
change("py/objdict.c", """    for (size_t i = 0; i < self->map.alloc; i++) {
        if (!mp_map_slot_is_filled(&self->map, i)) {
            continue;
        }
        mp_map_lookup(&other->map, self->map.table[i].key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = self->map.table[i].value;
    }
""", """    for (size_t i = 0; i < self->map.alloc; i++) {
        if (!mp_map_slot_is_filled(&self->map, i)) {
            continue;
        }
        mp_obj_t value = self->map.table[i].value;
        mp_map_lookup(&other->map, self->map.table[i].key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = value;
    }
""")

# --- lists: compared and searched by index, sorted out of reach ---

change("py/objlist.c", """            bool res = mp_seq_cmp_objs(op, o->items, o->len, another->items, another->len);
            return mp_obj_new_bool(res);
""", """            // By index: Python code in a comparison may change either list.
            size_t n = MIN(o->len, another->len), i = 0;
            if (op == MP_BINARY_OP_EQUAL && o->len != another->len) {
                return mp_const_false;
            }
            for (; i < n && i < o->len && i < another->len; i++) {
                mp_obj_t left = o->items[i], right = another->items[i];
                #ifdef PYTHON_PORT
                python_poll();
                #endif
                if (!mp_obj_equal(left, right)) {
                    return op == MP_BINARY_OP_EQUAL ? mp_const_false : mp_obj_new_bool(mp_obj_is_true(mp_binary_op(op, left, right)));
                }
            }
            switch (op) {
                case MP_BINARY_OP_EQUAL: return mp_obj_new_bool(o->len == another->len);
                case MP_BINARY_OP_LESS: return mp_obj_new_bool(o->len < another->len);
                case MP_BINARY_OP_LESS_EQUAL: return mp_obj_new_bool(o->len <= another->len);
                case MP_BINARY_OP_MORE: return mp_obj_new_bool(o->len > another->len);
                default: return mp_obj_new_bool(o->len >= another->len);
            }
""")
change("py/objlist.c", """    return mp_seq_count_obj(self->items, self->len, value);
}

static mp_obj_t list_index""", """    size_t count = 0;
    for (size_t i = 0; i < self->len; i++) {
        #ifdef PYTHON_PORT
        python_poll();
        #endif
        count += mp_obj_equal(self->items[i], value);
    }
    return MP_OBJ_NEW_SMALL_INT(count);
}

static mp_obj_t list_index""")
change("py/objlist.c", """    return mp_seq_index_obj(self->items, self->len, n_args, args);
""", """    size_t start = n_args >= 3 ? mp_get_index(self->base.type, self->len, args[2], true) : 0;
    size_t stop = n_args >= 4 ? mp_get_index(self->base.type, self->len, args[3], true) : self->len;
    for (size_t i = start; i < stop && i < self->len; i++) {
        #ifdef PYTHON_PORT
        python_poll();
        #endif
        if (mp_obj_equal(self->items[i], args[1])) {
            return MP_OBJ_NEW_SMALL_INT(i);
        }
    }
    mp_raise_ValueError(MP_ERROR_TEXT("object not in sequence"));
""")
change("py/objlist.c", """    mp_int_t index = MP_OBJ_SMALL_INT_VALUE(idx);
    if (index < 0) {
""", """    mp_int_t index = mp_get_index(self->base.type, self->len, idx, true);
    if (index < 0) {
""")
change("py/objlist.c", """            mp_obj_get_array(value, &value_len, &value_items);
            mp_bound_slice_t slice_out;
            if (!mp_seq_get_fast_slice_indexes(self->len, index, &slice_out)) {
                mp_raise_NotImplementedError(NULL);
            }
""", """            mp_bound_slice_t slice_out;
            if (!mp_seq_get_fast_slice_indexes(self->len, index, &slice_out)) {
                mp_raise_NotImplementedError(NULL);
            }
            if (value == self_in) {
                value = mp_obj_new_list(self->len, self->items);
            }
            mp_obj_get_array(value, &value_len, &value_items);
""")
change("py/objlist.c", """    if (self->len > 1) {
        mp_quicksort(self->items, self->items + self->len - 1,
            args.key.u_obj == mp_const_none ? MP_OBJ_NULL : args.key.u_obj,
            args.reverse.u_bool ? mp_const_false : mp_const_true);
    }
""", """    #ifdef PYTHON_PORT
    // Meanwhile the list is empty: whatever `key` and `__lt__` do to it, they do not touch the items.
    sorted_list sorted = { .list = self, .items = self->items, .len = self->len, .alloc = self->alloc };
    mp_obj_list_init(self, 0);
    nlr_push_jump_callback(&sorted.callback, restore_sorted_list);
    python_sort(sorted.items, sorted.len, args.key.u_obj == mp_const_none ? MP_OBJ_NULL : args.key.u_obj, args.reverse.u_bool);
    bool was_changed = self->len != 0;
    nlr_pop_jump_callback(true);
    if (was_changed) {
        mp_raise_ValueError(MP_ERROR_TEXT("list modified during sort"));
    }
    #endif
""")
change("py/objlist.c", """// TODO Python defines sort to be stable but ours is not
""", """#ifdef PYTHON_PORT
typedef struct {
    nlr_jump_callback_node_t callback;
    mp_obj_list_t *list;
    mp_obj_t *items;
    size_t len, alloc;
} sorted_list;

static void restore_sorted_list(void *callback) {
    sorted_list *sorted = callback;
    sorted->list->items = sorted->items;
    sorted->list->len = sorted->len;
    sorted->list->alloc = sorted->alloc;
}
#endif

""")
change("py/objlist.c", """static void mp_quicksort(mp_obj_t *head""", """#ifndef PYTHON_PORT
static void mp_quicksort(mp_obj_t *head""")
change("py/objlist.c", """            mp_quicksort(h + 1, tail, key_fn, binop_less_result);
            tail = t;
        }
    }
}
""", """            mp_quicksort(h + 1, tail, key_fn, binop_less_result);
            tail = t;
        }
    }
}
#endif
""")
change("extmod/modheapq.c", """        mp_obj_t parent = heap->items[parent_pos];
        if (mp_binary_op(MP_BINARY_OP_LESS, item, parent) == mp_const_true) {
            heap->items[pos] = parent;
            pos = parent_pos;
        } else {
            break;
        }
    }
    heap->items[pos] = item;
""", """        mp_obj_t parent = heap->items[parent_pos];
        bool is_less = mp_binary_op(MP_BINARY_OP_LESS, item, parent) == mp_const_true;
        check_heap(heap, pos);
        if (is_less) {
            heap->items[pos] = parent;
            pos = parent_pos;
        } else {
            break;
        }
    }
    heap->items[pos] = item;
""")
change("extmod/modheapq.c", """static void heapq_heap_siftdown""", """// Python code in a comparison may have made the list shorter.
static void check_heap(mp_obj_list_t *heap, mp_uint_t pos) {
    #ifdef PYTHON_PORT
    python_poll();
    #endif
    if (pos >= heap->len) {
        mp_raise_ValueError(MP_ERROR_TEXT("list modified during comparison"));
    }
}

static void heapq_heap_siftdown""")
change("extmod/modheapq.c", """        // bubble up the smaller child
""", """        check_heap(heap, MAX(child_pos, pos));
        // bubble up the smaller child
""")
change("extmod/modheapq.c", """    for (mp_uint_t i = heap->len / 2; i > 0;) {
        heapq_heap_siftup(heap, --i);
    }
""", """    for (mp_uint_t i = heap->len / 2; i > 0;) {
        check_heap(heap, --i);
        heapq_heap_siftup(heap, i);
    }
""")

# --- indices: an instance's `__int__` would be Python code between a length and its use ---

change("py/obj.c", """    mp_int_t i;
    if (mp_obj_is_small_int(index)) {
        i = MP_OBJ_SMALL_INT_VALUE(index);
    } else if (!mp_obj_get_int_maybe(index, &i)) {
        #if MICROPY_ERROR_REPORTING""", """    mp_int_t i;
    if (mp_obj_is_small_int(index)) {
        i = MP_OBJ_SMALL_INT_VALUE(index);
    } else if (mp_obj_is_instance_type(mp_obj_get_type(index)) || !mp_obj_get_int_maybe(index, &i)) {
        #if MICROPY_ERROR_REPORTING""")
change("py/objslice.c", """    mp_obj_slice_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t start, stop, step;
""", """    mp_obj_slice_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t start, stop, step;
    if (mp_obj_is_instance_type(mp_obj_get_type(self->start)) || mp_obj_is_instance_type(mp_obj_get_type(self->stop))
        || mp_obj_is_instance_type(mp_obj_get_type(self->step))) {
        mp_raise_TypeError(MP_ERROR_TEXT("slice indices must be integers or None"));
    }
""")
change("py/objstrunicode.c", "    } else if (!mp_obj_get_int_maybe(index, &i)) {\n",
       "    } else if (mp_obj_is_instance_type(mp_obj_get_type(index)) || !mp_obj_get_int_maybe(index, &i)) {\n")
change("py/objstrunicode.c", """#include "py/objlist.h"
""", """#include "py/objlist.h"
#include "py/objtype.h"
""")
change("py/objslice.c", """#include "py/objint.h"
""", """#include "py/objint.h"
#include "py/objtype.h"
""")

# --- arrays: an area that a memoryview may look at is never freed while it grows, and a value is made before its place is ---

change("py/objarray.c", """    if (self->free == 0) {
        size_t item_sz = mp_binary_get_size('@', self->typecode, NULL);
        // TODO: alloc policy
        size_t add_cnt = 8;
        self->items = m_renew(byte, self->items, item_sz * self->len, item_sz * (self->len + add_cnt));
        self->free = add_cnt;
        mp_seq_clear(self->items, self->len + 1, self->len + self->free, item_sz);
    }
""", """    arg = array_value(self->typecode, arg);
    if (self->free == 0) {
        array_reserve(self, 8 + self->len / 2);
    }
""")
change("py/objarray.c", """static mp_obj_t array_append(mp_obj_t self_in, mp_obj_t arg) {
    // self is not a memoryview, so we don't need to use (& TYPECODE_MASK)
    assert((MICROPY_PY_BUILTINS_BYTEARRAY && mp_obj_is_type(self_in, &mp_type_bytearray))
        || (MICROPY_PY_ARRAY && mp_obj_is_type(self_in, &mp_type_array)));
""", """// Makes room for so many more items, in new memory: a memoryview, or C code that has called Python code, may still use the old.
static void array_reserve(mp_obj_array_t *self, size_t count) {
    size_t item_sz = mp_binary_get_size('@', self->typecode, NULL), len = self->len;
    byte *items = m_new0(byte, mp_size_times(item_sz, mp_size_plus(len, count)));
    if (len > 0) {
        memcpy(items, self->items, item_sz * len);
    }
    self->items = items;
    self->free = count;
}

// What is to be stored, as a number: its `__int__` or `__float__` may be Python code that changes the very array.
static mp_obj_t array_value(char typecode, mp_obj_t value) {
    if (typecode == 'f' || typecode == 'd') {
        return mp_obj_new_float(mp_obj_get_float(value));
    }
    return mp_obj_is_int(value) ? value : mp_obj_new_int(mp_obj_get_int(value));
}

static mp_obj_t array_append(mp_obj_t self_in, mp_obj_t arg) {
    // self is not a memoryview, so we don't need to use (& TYPECODE_MASK)
    mp_check_self((MICROPY_PY_BUILTINS_BYTEARRAY && mp_obj_is_type(self_in, &mp_type_bytearray))
        || (MICROPY_PY_ARRAY && mp_obj_is_type(self_in, &mp_type_array)));
""")
change("py/objarray.c", """    // self is not a memoryview, so we don't need to use (& TYPECODE_MASK)
    assert((MICROPY_PY_BUILTINS_BYTEARRAY""", """    // self is not a memoryview, so we don't need to use (& TYPECODE_MASK)
    mp_check_self((MICROPY_PY_BUILTINS_BYTEARRAY""")
change("py/objarray.c", """    if (self->free < len) {
        self->items = m_renew(byte, self->items, (self->len + self->free) * sz, (self->len + len) * sz);
        self->free = 0;

        if (self_in == arg_in) {
            // Get arg_bufinfo again in case self->items has moved
            //
            // (Note not possible to handle case that arg_in is a memoryview into self)
            mp_get_buffer_raise(arg_in, &arg_bufinfo, MP_BUFFER_READ);
        }
    } else {
        self->free -= len;
    }
""", """    if (self->free < len) {
        array_reserve(self, len + self->len / 2);
    }
    self->free -= len;
""")
change("py/objarray.c", """                        // TODO: alloc policy; at the moment we go conservative
                        o->items = m_renew(byte, o->items, (o->len + o->free) * item_sz, (o->len + len_adj) * item_sz);
                        o->free = len_adj;
                        // m_renew may have moved o->items
                        if (src_items == dest_items) {
                            src_items = o->items;
                        }
                        dest_items = o->items;
                    }
""", """                        array_reserve(o, len_adj);
                        dest_items = o->items;
                    }
                    if (o->base.type != &mp_type_memoryview && src_items + src_offs >= dest_items && src_items <= dest_items + o->len * item_sz) {
                        // part of the very array, which is about to be moved
                        src_items = memcpy(m_new(byte, src_len * item_sz), src_items + src_offs, src_len * item_sz);
                        src_offs = 0;
                    }
""")
change("py/objarray.c", """    size_t len;
    // Try to create array of exact len if initializer len is known
    mp_obj_t len_in = mp_obj_len_maybe(initializer);
    if (len_in == MP_OBJ_NULL) {
        len = 0;
    } else {
        len = MP_OBJ_SMALL_INT_VALUE(len_in);
    }

    mp_obj_array_t *array = array_new(typecode, len);

    mp_obj_t iterable = mp_getiter(initializer, NULL);
    mp_obj_t item;
    size_t i = 0;
    while ((item = mp_iternext(iterable)) != MP_OBJ_STOP_ITERATION) {
        if (len == 0) {
            array_append(MP_OBJ_FROM_PTR(array), item);
        } else {
            mp_binary_set_val_array(typecode, array->items, i++, item);
        }
    }
""", """    // A length that `__len__` gives may be wrong.
    mp_obj_array_t *array = array_new(typecode, 0);
    if (mp_obj_is_type(initializer, &mp_type_list) || mp_obj_is_type(initializer, &mp_type_tuple)) {
        array_reserve(array, MP_OBJ_SMALL_INT_VALUE(mp_obj_len(initializer)));
    }
    mp_obj_t iterable = mp_getiter(initializer, NULL);
    mp_obj_t item;
    while ((item = mp_iternext(iterable)) != MP_OBJ_STOP_ITERATION) {
        array_append(MP_OBJ_FROM_PTR(array), item);
    }
""")
change("py/objarray.c", """static mp_obj_t array_append(mp_obj_t self_in, mp_obj_t arg);
""", """static mp_obj_t array_append(mp_obj_t self_in, mp_obj_t arg);
static void array_reserve(mp_obj_array_t *self, size_t count);
""")
change("py/objarray.c", """                // store
                mp_binary_set_val_array(o->typecode & TYPECODE_MASK, o->items, index, value);
""", """                // store
                char typecode = o->typecode & TYPECODE_MASK;
                void *items = o->items;
                mp_binary_set_val_array(typecode, items, index, value);
""")
change("py/objstr.c", """    // Try to create array of exact len if initializer len is known
    mp_obj_t len_in = mp_obj_len_maybe(args[0]);
    if (len_in == MP_OBJ_NULL) {
        vstr_init(&vstr, 16);
    } else {
        mp_int_t len = MP_OBJ_SMALL_INT_VALUE(len_in);
        vstr_init(&vstr, len);
    }
""", """    vstr_init(&vstr, 16);
""")

# --- streams in Python code get a copy of what C code reads or writes, which they may keep ---

change("py/modio.c", """    mp_obj_array_t ar = {{&mp_type_bytearray}, BYTEARRAY_TYPECODE, 0, size, buf};
    dest[2] = MP_OBJ_FROM_PTR(&ar);
    mp_obj_t ret_obj = mp_call_method_n_kw(1, 0, dest);
""", """    dest[2] = mp_obj_new_bytearray(size, buf);
    const byte *copy = ((mp_obj_array_t *)MP_OBJ_TO_PTR(dest[2]))->items;
    mp_obj_t ret_obj = mp_call_method_n_kw(1, 0, dest);
""")
change("py/modio.c", """    mp_int_t ret = mp_obj_get_int(ret_obj);
    if (ret >= 0) {
        return ret;
    } else {
        *errcode = -ret;
        return MP_STREAM_ERROR;
    }
}
static mp_uint_t iobase_read""", """    mp_int_t ret = mp_obj_get_int(ret_obj);
    if (ret >= 0) {
        if ((mp_uint_t)ret > size) {
            mp_raise_ValueError(MP_ERROR_TEXT("a stream returned more than it was asked for"));
        }
        if (qst == MP_QSTR_readinto) {
            memcpy(buf, copy, ret);
        }
        return ret;
    } else {
        *errcode = -ret;
        return MP_STREAM_ERROR;
    }
}
static mp_uint_t iobase_read""")
change("py/modio.c", """    dest[3] = mp_obj_new_int_from_uint(arg);
""", """    // The argument may be an address.
    (void)arg;
    dest[3] = MP_OBJ_NEW_SMALL_INT(0);
""")
# A class gets the C functions of a stream only where they know how to handle its instances.
change("py/objtype.c", """    if (bases_len > 0) {
        base_protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(((mp_obj_type_t *)MP_OBJ_TO_PTR(bases_items[0])), protocol);
    }
""", """    if (bases_len > 0) {
        const mp_obj_type_t *base = MP_OBJ_TO_PTR(bases_items[0]);
        if (mp_obj_is_instance_type(base) || base->name == MP_QSTR_IOBase) {
            base_protocol = MP_OBJ_TYPE_GET_SLOT_OR_NULL(base, protocol);
        }
    }
""")

# --- regular expressions: the match that a function is called with is an object like any other ---

change("extmod/modre.c", """    mp_obj_match_t *match = mp_local_alloc(sizeof(mp_obj_match_t) + caps_num * sizeof(char *));
    match->base.type = (mp_obj_type_t *)&match_type;
    match->num_matches = caps_num / 2; // caps_num counts start and end pointers
    match->str = where;

    for (;;) {
""", """    mp_obj_match_t *match;

    for (;;) {
        match = m_new_obj_var(mp_obj_match_t, caps, char *, caps_num);
        match->base.type = (mp_obj_type_t *)&match_type;
        match->num_matches = caps_num / 2; // caps_num counts start and end pointers
        match->str = where;
""")
change("extmod/modre.c", """    mp_local_free(match);

""", "")
change("lib/re1.5/compilecode.c", """                if (re[1] == '-' && re[2] != ']') {
""", """                if (re[1] == '-' && !re[2]) return NULL;
                if (re[1] == '-' && re[2] != ']') {
""")
change("lib/re1.5/compilecode.c", """    char *code = sizecode ? NULL : prog->insts;
""", """    re1_5_stack_chk();
    char *code = sizecode ? NULL : prog->insts;
""")

# --- calls with * and **: the arguments are counted while they are copied ---

change("py/runtime.c", """                    // copy the items
                    assert(args2_len + len <= args2_alloc);
""", """                    // copy the items
                    args2 = need_arguments(args2, &args2_alloc, args2_len + len);
""")
change("py/runtime.c", """                        if (args2_len + (n_args - i) >= args2_alloc) {
                            args2 = mp_nonlocal_realloc(args2, args2_alloc * sizeof(mp_obj_t),
                                args2_alloc * 2 * sizeof(mp_obj_t));
                            args2_alloc *= 2;
                        }
""", """                        args2 = need_arguments(args2, &args2_alloc, args2_len + (n_args - i) + 1);
""")
change("py/runtime.c", """                assert(args2_len < args2_alloc);
                args2[args2_len++] = arg;
""", """                args2 = need_arguments(args2, &args2_alloc, args2_len + 1);
                args2[args2_len++] = arg;
""")
change("py/runtime.c", """                assert(args2_len + 2 * map->used <= args2_alloc);
""", """                args2 = need_arguments(args2, &args2_alloc, args2_len + 2 * map->used);
""")
change("py/runtime.c", """                    // expand size of args array if needed
                    if (args2_len + 1 >= args2_alloc) {
                        size_t new_alloc = args2_alloc * 2;
                        args2 = mp_nonlocal_realloc(args2, args2_alloc * sizeof(mp_obj_t), new_alloc * sizeof(mp_obj_t));
                        args2_alloc = new_alloc;
                    }
""", """                    args2 = need_arguments(args2, &args2_alloc, args2_len + 2);
""")
change("py/runtime.c", """            assert(args2_len + 2 <= args2_alloc);
            args2[args2_len++] = kw_key;
""", """            args2 = need_arguments(args2, &args2_alloc, args2_len + 2);
            args2[args2_len++] = kw_key;
""")
change("py/runtime.c", """                mp_obj_t len = mp_obj_len_maybe(args[i]);
                if (len != MP_OBJ_NULL) {
                    // -1 accounts for 1 of n_args occupied by this arg
                    list_len += mp_obj_get_int(len) - 1;
                }
""", """                if (mp_obj_is_type(args[i], &mp_type_tuple) || mp_obj_is_type(args[i], &mp_type_list)) {
                    list_len += MP_OBJ_SMALL_INT_VALUE(mp_obj_len(args[i]));
                }
""")
change("py/runtime.c", "            if ((star_args >> i) & 1) {\n", "            if (i < MP_SMALL_INT_BITS && ((star_args >> i) & 1)) {\n", 2)
change("py/runtime.c", """                // -1 accounts for 1 of n_kw occupied by this arg
            kw_dict_len += mp_obj_dict_len(value) - 1;
""".replace("                //", "            //"), """            kw_dict_len += mp_obj_dict_len(value);
""")
change("py/runtime.c", """// This function only needs to be exposed externally when in stackless mode.
#if !MICROPY_STACKLESS
static
#endif
void mp_call_prepare_args""", """// Room for so many arguments, in the array or in a larger one: Python code that runs while they are collected may bring more
// than was foreseen.
static mp_obj_t *need_arguments(mp_obj_t *args, size_t *alloc, size_t count) {
    if (count <= *alloc) {
        return args;
    }
    size_t larger = MAX(count, *alloc + *alloc / 2);
    args = m_renew(mp_obj_t, args, *alloc, larger);
    *alloc = larger;
    return args;
}

// This function only needs to be exposed externally when in stackless mode.
#if !MICROPY_STACKLESS
static
#endif
void mp_call_prepare_args""")

# --- the C stack: nothing on it has a size that Python code decides ---

change("py/pystack.h", "#define mp_local_alloc(n_bytes) alloca(n_bytes)", "#define mp_local_alloc(n_bytes) m_malloc(n_bytes)")
change("py/objfun.c", """        code_state = m_new_obj_var_maybe(mp_code_state_t, state, byte, state_size);
        #if MICROPY_DEBUG_VM_STACK_OVERFLOW
""", """        code_state = m_new_obj_var(mp_code_state_t, state, byte, state_size);
        #if MICROPY_DEBUG_VM_STACK_OVERFLOW
""")
change("py/objboundmeth.c", "        args2 = m_new_maybe(mp_obj_t, 1 + n_total);\n", "        args2 = m_new(mp_obj_t, 1 + n_total);\n")
