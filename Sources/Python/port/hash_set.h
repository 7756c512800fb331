// MicroPython's sets: included by py/map.c in place of its own. Open addressing as there, but `__hash__` and `__eq__` of an
// element may be Python code that changes the very set: a search that has called it starts again where the table has been
// replaced, and a table is made anew without calling any (the hashes lie behind the elements, in the same block).

static mp_obj_t *new_set_table(size_t alloc) {
    return (mp_obj_t *)m_malloc0(alloc > (size_t)1 << 30 ? SIZE_MAX : alloc * (sizeof(mp_obj_t) + sizeof(uint32_t)));
}

static void free_set_table(mp_obj_t *table, size_t alloc) { m_del(byte, (byte *)table, alloc * (sizeof(mp_obj_t) + sizeof(uint32_t))); }

static uint32_t *set_hashes(const mp_set_t *set) { return (uint32_t *)(set->table + set->alloc); }

void mp_set_init(mp_set_t *set, size_t n) {
    set->alloc = n;
    set->used = 0;
    set->table = new_set_table(n);
}

/// The slots after `pos` up to an empty one may hold elements that belong further up: only there a removed one must be marked.
static void remove_from_set(mp_set_t *set, size_t pos) {
    set->used--;
    set->table[pos] = set->table[(pos + 1) % set->alloc] == MP_OBJ_NULL ? MP_OBJ_NULL : MP_OBJ_SENTINEL;
}

static void enlarge_set(mp_set_t *set) {
    mp_set_t larger = { .alloc = get_hash_alloc_greater_or_equal_to(set->alloc + 1), .used = set->used };
    larger.table = new_set_table(larger.alloc);
    for (size_t i = 0; i < set->alloc; i++) {
        if (!mp_set_slot_is_filled(set, i)) continue;
        size_t pos = set_hashes(set)[i] % larger.alloc;
        while (larger.table[pos] != MP_OBJ_NULL) pos = (pos + 1) % larger.alloc;
        larger.table[pos] = set->table[i];
        set_hashes(&larger)[pos] = set_hashes(set)[i];
    }
    mp_obj_t *old = set->table;
    size_t old_alloc = set->alloc;
    *set = larger;
    free_set_table(old, old_alloc);
}

mp_obj_t mp_set_lookup(mp_set_t *set, mp_obj_t index, mp_map_lookup_kind_t lookup_kind) {
    // lookup_kind may be MP_MAP_LOOKUP_ADD_IF_NOT_FOUND_OR_REMOVE_IF_FOUND: its bits are looked at one by one
    uint32_t hash = (uint32_t)MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, index));
again:
    #ifdef PYTHON_PORT
    python_poll();
    #endif
    if (set->alloc == 0) {
        if (!(lookup_kind & MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)) return MP_OBJ_NULL;
        enlarge_set(set);
    }
    size_t available = SIZE_MAX, pos = hash % set->alloc;
    bool has_gap = false;
    for (size_t searched = 0; searched < set->alloc && !has_gap; searched++, pos = (pos + 1) % set->alloc) {
        mp_obj_t element = set->table[pos];
        if (element == MP_OBJ_NULL || element == MP_OBJ_SENTINEL) {
            if (available == SIZE_MAX) available = pos;
            has_gap = element == MP_OBJ_NULL;
            continue;
        }
        if (set_hashes(set)[pos] != hash) continue;
        const mp_obj_t *table = set->table;
        size_t alloc = set->alloc;
        bool is_equal = mp_obj_equal(element, index);
        if (set->table != table || set->alloc != alloc || table[pos] != element) goto again;
        if (!is_equal) continue;
        if (lookup_kind & MP_MAP_LOOKUP_REMOVE_IF_FOUND) remove_from_set(set, pos);
        return element;
    }
    if (!(lookup_kind & MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)) return MP_OBJ_NULL;
    // Without gaps, or with few, each search would be a long one.
    if (!has_gap || 4 * set->used >= 3 * set->alloc) {
        enlarge_set(set);
        goto again;
    }
    set->table[available] = index;
    set_hashes(set)[available] = hash;
    set->used++;
    return index;
}

mp_obj_t mp_set_remove_first(mp_set_t *set) {
    for (size_t pos = 0; pos < set->alloc; pos++) {
        if (!mp_set_slot_is_filled(set, pos)) continue;
        mp_obj_t element = set->table[pos];
        remove_from_set(set, pos);
        return element;
    }
    return MP_OBJ_NULL;
}

void mp_set_clear(mp_set_t *set) {
    free_set_table(set->table, set->alloc);
    set->alloc = 0;
    set->used = 0;
    set->table = NULL;
}
