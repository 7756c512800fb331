// MicroPython's maps, with entries in the order of their insertion: included by py/map.c in place of its own.
//
// A map that can grow keeps its entries in a dense table, oldest first; a removed one leaves a gap (MP_OBJ_SENTINEL) until
// the table is made anew. Behind a table of more than `linear_limit` entries, in the same block, lies a hash index of
// entry numbers. Fixed maps (`is_fixed`: module tables, keyword arguments) are plain arrays, as before.

enum { linear_limit = 8 };

/// Slots of the index behind a table of `alloc` entries; a power of two, at most two thirds full.
static size_t index_size(size_t alloc) {
    if (alloc <= linear_limit) return 0;
    size_t size = 16;
    while (2 * size < 3 * alloc) size *= 2;
    return size;
}

static mp_map_elem_t *new_table(size_t alloc) {
    return (mp_map_elem_t *)m_new0(byte, alloc * sizeof(mp_map_elem_t) + index_size(alloc) * sizeof(uint32_t));
}

static void free_table(mp_map_elem_t *table, size_t alloc) {
    m_del(byte, (byte *)table, alloc * sizeof(mp_map_elem_t) + index_size(alloc) * sizeof(uint32_t));
}

void mp_map_init(mp_map_t *map, size_t n) {
    map->alloc = n;
    map->table = n == 0 ? NULL : new_table(n);
    map->used = 0;
    map->filled = 0;
    map->all_keys_are_qstrs = 1;
    map->is_fixed = 0;
    map->is_ordered = 0;
}

void mp_map_init_fixed_table(mp_map_t *map, size_t n, const mp_obj_t *table) {
    map->alloc = n;
    map->used = n;
    map->filled = n;
    map->all_keys_are_qstrs = 1;
    map->is_fixed = 1;
    map->is_ordered = 1;
    map->table = (mp_map_elem_t *)table;
}

void mp_map_deinit(mp_map_t *map) {
    if (!map->is_fixed) free_table(map->table, map->alloc);
    map->used = map->alloc = map->filled = 0;
}

void mp_map_clear(mp_map_t *map) {
    if (!map->is_fixed) free_table(map->table, map->alloc);
    map->alloc = 0;
    map->used = 0;
    map->filled = 0;
    map->all_keys_are_qstrs = 1;
    map->is_fixed = 0;
    map->table = NULL;
}

static mp_uint_t key_hash(mp_obj_t key) {
    mp_uint_t hash = mp_obj_is_qstr(key) ? qstr_hash(MP_OBJ_QSTR_VALUE(key)) : (mp_uint_t)MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, key));
    // Small integers hash to themselves: spread them.
    return (mp_uint_t)((uint64_t)hash * 0x9e3779b97f4a7c15u >> 24);
}

static uint32_t *map_index(const mp_map_t *map) { return (uint32_t *)(map->table + map->alloc); }

/// Enters entry `number` into the index under `hash`.
static void enter(mp_map_t *map, mp_uint_t hash, size_t number) {
    size_t mask = index_size(map->alloc) - 1, slot = hash & mask;
    uint32_t *index = map_index(map);
    while (index[slot] != 0) slot = (slot + 1) & mask;
    index[slot] = (uint32_t)number + 1;
}

/// Makes room: a larger table, or the same without its gaps.
static void grow(mp_map_t *map) {
    size_t alloc = map->used < 4 ? 4 : map->used + map->used / 2 + 1;
    mp_map_t fresh = *map;
    fresh.alloc = alloc;
    fresh.table = new_table(alloc);
    fresh.filled = 0;
    bool has_index = index_size(alloc) > 0;
    for (size_t i = 0; i < map->filled; i++) {
        if (!mp_map_slot_is_filled(map, i)) continue;
        if (has_index) enter(&fresh, key_hash(map->table[i].key), fresh.filled);
        fresh.table[fresh.filled++] = map->table[i];
    }
    fresh.used = fresh.filled;
    mp_map_elem_t *old = map->table;
    size_t old_alloc = map->alloc;
    *map = fresh;
    free_table(old, old_alloc);
}

static bool is_key(const mp_map_elem_t *element, mp_obj_t key, bool compare_only_pointers) {
    return element->key == key || (!compare_only_pointers && element->key != MP_OBJ_SENTINEL && mp_obj_equal(element->key, key));
}

/// The entry of `key`, or NULL. `hash` is used where there is an index.
static mp_map_elem_t *find(mp_map_t *map, mp_obj_t key, mp_uint_t hash, bool compare_only_pointers) {
    size_t size = map->is_fixed ? 0 : index_size(map->alloc);
    if (size == 0) {
        size_t count = map->is_fixed ? map->used : map->filled;
        for (mp_map_elem_t *element = map->table, *end = element + count; element < end; element++) {
            if (is_key(element, key, compare_only_pointers)) return element;
        }
        return NULL;
    }
    const uint32_t *index = map_index(map);
    for (size_t slot = hash & (size - 1); index[slot] != 0; slot = (slot + 1) & (size - 1)) {
        mp_map_elem_t *element = &map->table[index[slot] - 1];
        if (is_key(element, key, compare_only_pointers)) return element;
    }
    return NULL;
}

mp_map_elem_t *mp_map_lookup(mp_map_t *map, mp_obj_t key, mp_map_lookup_kind_t kind) {
    assert(!map->is_fixed || kind == MP_MAP_LOOKUP);
    #if MICROPY_OPT_MAP_LOOKUP_CACHE
    if (kind != MP_MAP_LOOKUP_REMOVE_IF_FOUND && map->alloc) {
        mp_map_elem_t *slot = MAP_CACHE_GET(map, key);
        if (slot->key == key) return slot;
    }
    #endif
    bool compare_only_pointers = map->all_keys_are_qstrs;
    if (compare_only_pointers && !mp_obj_is_qstr(key)) {
        // A string that is not interned may equal one that is; nothing else does.
        if (mp_obj_is_exact_type(key, &mp_type_str)) {
            compare_only_pointers = false;
        } else if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND) {
            return NULL;
        }
    }
    mp_uint_t hash = 0;
    if (!map->is_fixed && (index_size(map->alloc) > 0 || !mp_obj_is_qstr(key))) hash = key_hash(key);  // also refuses what cannot be hashed
    mp_map_elem_t *element = map->alloc == 0 ? NULL : find(map, key, hash, compare_only_pointers);
    if (element != NULL) {
        if (kind == MP_MAP_LOOKUP_REMOVE_IF_FOUND) {
            element->key = MP_OBJ_SENTINEL;  // the value stays for the caller
            map->used--;
        } else {
            MAP_CACHE_SET(key, element - map->table);
        }
        return element;
    }
    if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND) return NULL;
    if (map->filled == map->alloc) {
        grow(map);
        hash = index_size(map->alloc) > 0 ? key_hash(key) : 0;
    }
    if (index_size(map->alloc) > 0) enter(map, hash, map->filled);
    element = &map->table[map->filled++];
    map->used++;
    element->key = key;
    element->value = MP_OBJ_NULL;
    if (!mp_obj_is_qstr(key)) map->all_keys_are_qstrs = 0;
    return element;
}
