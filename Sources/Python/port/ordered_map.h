// MicroPython's maps, with entries in the order of their insertion: included by py/map.c in place of its own.
//
// A map that can grow keeps its entries in a dense table, oldest first; a removed one leaves a gap (MP_OBJ_SENTINEL) until
// the table is made anew. Behind a table of more than `linear_limit` entries, in the same block, lie their hashes and an
// index of entry numbers. Fixed maps (`is_fixed`: module tables, keyword arguments) are plain arrays, as before.
//
// `__hash__` and `__eq__` of a key may be Python code, which may change the very map: a search that has called it goes on
// only where the table is still the same one, and a table is made anew without calling any.

enum { linear_limit = 8 };

/// Slots of the index behind a table of `alloc` entries; a power of two, at most two thirds full.
static size_t index_size(size_t alloc) {
    if (alloc <= linear_limit) return 0;
    size_t size = 16;
    while (2 * size < 3 * alloc) size *= 2;
    return size;
}

/// Entries, hashes and index together; SIZE_MAX for more than there can be.
static size_t table_bytes(size_t alloc) {
    if (alloc > (size_t)1 << 30) return SIZE_MAX;
    return alloc * sizeof(mp_map_elem_t) + (alloc <= linear_limit ? 0 : (alloc + index_size(alloc)) * sizeof(uint32_t));
}

static mp_map_elem_t *new_table(size_t alloc) { return (mp_map_elem_t *)m_malloc0(table_bytes(alloc)); }

static void free_table(mp_map_elem_t *table, size_t alloc) { m_del(byte, (byte *)table, table_bytes(alloc)); }

static uint32_t *map_hashes(const mp_map_t *map) { return (uint32_t *)(map->table + map->alloc); }
static uint32_t *map_index(const mp_map_t *map) { return map_hashes(map) + map->alloc; }

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

static uint32_t key_hash(mp_obj_t key) {
    mp_uint_t hash = mp_obj_is_qstr(key) ? qstr_hash(MP_OBJ_QSTR_VALUE(key))
        : (mp_uint_t)MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, key));
    // Small integers hash to themselves: spread them.
    return (uint32_t)((uint64_t)hash * 0x9e3779b97f4a7c15u >> 24);
}

/// Appends an entry; there is room for it. `hash` is looked at only where there is an index.
static mp_map_elem_t *append(mp_map_t *map, mp_obj_t key, mp_obj_t value, uint32_t hash) {
    size_t number = map->filled++, size = index_size(map->alloc);
    map->table[number] = (mp_map_elem_t){ key, value };
    if (size > 0) {
        map_hashes(map)[number] = hash;
        uint32_t *index = map_index(map);
        size_t slot = hash & (size - 1);
        while (index[slot] != 0) slot = (slot + 1) & (size - 1);
        index[slot] = (uint32_t)number + 1;
    }
    return &map->table[number];
}

/// Makes room: a larger table, or the same without its gaps. A table that gets its first index calls for the keys' hashes;
/// its keys are taken out first, and whoever looks at the map meanwhile sees the old table.
static void grow(mp_map_t *map) {
    size_t alloc = map->used < 4 ? 4 : map->used + map->used / 2 + 1;
    bool has_hashes = index_size(map->alloc) > 0, wants_hashes = index_size(alloc) > 0;
    uint32_t first_hashes[linear_limit];
    if (wants_hashes && !has_hashes) {
        for (size_t i = 0; i < map->filled; i++) {
            if (!mp_map_slot_is_filled(map, i)) continue;
            const mp_map_elem_t *table = map->table;
            uint32_t hash = key_hash(table[i].key);
            // Python code in a hash has changed the map: there is another table, which the caller looks at again.
            if (map->table != table || map->alloc > linear_limit || i >= map->filled) return;
            first_hashes[i] = hash;
        }
    }
    mp_map_t fresh = *map;
    fresh.alloc = alloc;
    fresh.filled = 0;
    fresh.table = new_table(alloc);
    for (size_t i = 0; i < map->filled; i++) {
        if (!mp_map_slot_is_filled(map, i)) continue;
        append(&fresh, map->table[i].key, map->table[i].value, !wants_hashes ? 0 : has_hashes ? map_hashes(map)[i] : first_hashes[i]);
    }
    fresh.used = fresh.filled;
    mp_map_elem_t *old = map->table;
    size_t old_alloc = map->alloc;
    *map = fresh;
    free_table(old, old_alloc);
}

/// What a search has come to.
typedef enum { is_found, is_not_there, is_changed } finding;

/// Compares one entry with the key; `is_changed` where Python code that compares has changed the map.
static finding compare(const mp_map_t *map, size_t number, mp_obj_t key, bool compare_only_pointers) {
    mp_obj_t candidate = map->table[number].key;
    if (candidate == key) return is_found;
    if (compare_only_pointers || candidate == MP_OBJ_SENTINEL || candidate == MP_OBJ_NULL) return is_not_there;
    const mp_map_elem_t *table = map->table;
    size_t alloc = map->alloc, filled = map->filled;
    bool is_equal = mp_obj_equal(candidate, key);
    if (map->table != table || map->alloc != alloc || map->filled < filled || table[number].key != candidate) return is_changed;
    return is_equal ? is_found : is_not_there;
}

/// Looks for the entry of `key`; its number goes to `*number`.
static finding find(const mp_map_t *map, mp_obj_t key, uint32_t hash, bool compare_only_pointers, size_t *number) {
    size_t size = map->is_fixed ? 0 : index_size(map->alloc);
    if (size == 0) {
        size_t count = map->is_fixed ? map->used : map->filled;
        for (*number = 0; *number < count; ++*number) {
            finding result = compare(map, *number, key, compare_only_pointers);
            if (result != is_not_there) return result;
        }
        return is_not_there;
    }
    for (size_t slot = hash & (size - 1); map_index(map)[slot] != 0; slot = (slot + 1) & (size - 1)) {
        *number = map_index(map)[slot] - 1;
        if (map_hashes(map)[*number] != hash) continue;
        finding result = compare(map, *number, key, compare_only_pointers);
        if (result != is_not_there) return result;
    }
    return is_not_there;
}

mp_map_elem_t *mp_map_lookup(mp_map_t *map, mp_obj_t key, mp_map_lookup_kind_t kind) {
    assert(!map->is_fixed || kind == MP_MAP_LOOKUP);
    #if MICROPY_OPT_MAP_LOOKUP_CACHE
    if (kind != MP_MAP_LOOKUP_REMOVE_IF_FOUND && map->alloc) {
        mp_map_elem_t *slot = MAP_CACHE_GET(map, key);
        if (slot->key == key) return slot;
    }
    #endif
    // Refuses what cannot be hashed, too. Python code may run here, before the map is looked at.
    bool is_name = mp_obj_is_qstr(key);
    uint32_t hash = is_name || map->is_fixed ? 0 : key_hash(key);
    for (;;) {
        bool compare_only_pointers = map->all_keys_are_qstrs;
        if (compare_only_pointers && !is_name) {
            // A string that is not interned may equal one that is; nothing else does.
            if (mp_obj_is_exact_type(key, &mp_type_str)) {
                compare_only_pointers = false;
            } else if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND) {
                return NULL;
            }
        }
        if (is_name && !map->is_fixed && index_size(map->alloc) > 0) hash = key_hash(key);
        size_t number = 0;
        finding result = map->alloc == 0 ? is_not_there : find(map, key, hash, compare_only_pointers, &number);
        if (result == is_found) {
            mp_map_elem_t *element = &map->table[number];
            if (kind == MP_MAP_LOOKUP_REMOVE_IF_FOUND) {
                element->key = MP_OBJ_SENTINEL;  // the value stays for the caller
                map->used--;
            } else {
                MAP_CACHE_SET(key, number);
            }
            return element;
        }
        if (result == is_not_there) {
            if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND) return NULL;
            if (map->filled < map->alloc) {
                map->used++;
                if (!is_name) map->all_keys_are_qstrs = 0;
                return append(map, key, MP_OBJ_NULL, hash);
            }
            grow(map);
        }
        // Once more: in the larger table, or in what Python code has made of the map.
        #ifdef PYTHON_PORT
        python_poll();
        #endif
    }
}
