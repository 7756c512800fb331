// list.sort: a stable merge sort. It works on memory of its own, so that a comparison which changes the list, or never
// returns, does no harm; the caller keeps the items out of reach meanwhile (changes/aliasing.py).
#include <string.h>
#include "py/runtime.h"
#include "hooks.h"

typedef struct {
    mp_obj_t key, item;
} entry;

static bool is_less(mp_obj_t left, mp_obj_t right) {
    python_poll();
    return mp_obj_is_true(mp_binary_op(MP_BINARY_OP_LESS, left, right));
}

/// Merges [0, middle) and [middle, count) of `from` to `to`. Of equals the left one comes first; reversed order keeps that.
static void merge(const entry *from, size_t middle, size_t count, entry *to, bool is_reversed) {
    size_t left = 0, right = middle;
    for (size_t place = 0; place < count; place++) {
        bool takes_right = left == middle
            || (right < count && (is_reversed ? is_less(from[left].key, from[right].key) : is_less(from[right].key, from[left].key)));
        to[place] = takes_right ? from[right++] : from[left++];
    }
}

void python_sort(mp_obj_t *items, size_t count, mp_obj_t key_function, bool is_reversed) {
    if (count < 2) return;
    entry *from = m_new0(entry, count), *to = m_new0(entry, count);
    for (size_t i = 0; i < count; i++) {
        from[i].item = items[i];
        from[i].key = key_function == MP_OBJ_NULL ? items[i] : mp_call_function_1(key_function, items[i]);
    }
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t length = count - start < 2 * width ? count - start : 2 * width;
            if (length <= width) {
                memcpy(to + start, from + start, length * sizeof *to);
            } else {
                merge(from + start, width, length, to + start, is_reversed);
            }
        }
        entry *other = from;
        from = to;
        to = other;
    }
    for (size_t i = 0; i < count; i++) items[i] = from[i].item;
    m_del(entry, from, count);
    m_del(entry, to, count);
}
