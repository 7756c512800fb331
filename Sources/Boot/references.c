// Reference counting of Swift objects, under the names that compiled code calls (weak symbols of the embedded standard
// library, which these replace), and what running jobs hold of objects that are not their own.
//
// The frames of a job that is ended in the middle never give back their references. The job's own objects are freed whole;
// those of the kernel, of the JAX layer and of a job that it runs within would stay for ever. So while a job runs, its
// references to such objects are noted, and a job that was ended by force gives back what is noted. Objects of programs are
// not noted: a program's memory is released whole too (Session.swift).
#include <stdbool.h>
#include <stddef.h>
#include "include/references.h"

void *heap_allocate(size_t byteCount, size_t alignment);
void heap_free(void *pointer);
// The object's header: metadata, then the count. The highest bit says that the memory is not the heap's.
#define COUNT_MASK 0x7FFFFFFFFFFFFFFFull
#define LAST_SHARED_OWNER 1

// Where the heap's blocks tell their owners (Kernel/Memory/Heap.swift): the states of page frames, and headers of magic, owner.
static const uint8_t *frame_states;
static uint64_t direct_map, frame_count;
enum { HEADER_BYTES = 64, SLAB_BYTES = 16384, STATE_BITS = 0x7F, SLAB_STATE = 0x41, LARGE_STATE = 0x42 };

void references_start(const uint8_t *states, uint64_t count, uint64_t map) {
    frame_states = states;
    frame_count = count;
    direct_map = map;
}

/// The owner of a live object's block, which stands still without a lock; UINT32_MAX for what does not lie in the heap.
static uint32_t owner_of(const void *object) {
    uint64_t offset = (uint64_t)object - HEADER_BYTES - direct_map;
    if (offset >> 12 >= frame_count) return UINT32_MAX;
    if ((frame_states[offset >> 12] & STATE_BITS) != LARGE_STATE) {
        offset &= ~(uint64_t)(SLAB_BYTES - 1);
        if ((frame_states[offset >> 12] & STATE_BITS) != SLAB_STATE) return UINT32_MAX;
    }
    return ((const uint32_t *)(direct_map + offset))[1];
}

static uint64_t *count_of(void *object) { return (uint64_t *)object + 1; }

static bool is_immortal(void *object) {
    return (__atomic_load_n(count_of(object), __ATOMIC_RELAXED) & COUNT_MASK) == COUNT_MASK;
}

/// The table in which the running code's references to `object` are noted; null where they are not.
static foreign_references *table_for(const void *object) {
    task_context *task = cpu_current_task();
    foreign_references *table = task->references;
    if (table == NULL || task->owner != table->owner || cpu_interrupt_depth() != 0) return NULL;
    uint32_t owner = owner_of(object);
    return owner <= LAST_SHARED_OWNER || owner == table->outer ? table : NULL;
}

static uint32_t slot_of(const void *object, uint32_t capacity) {
    return (uint32_t)(((uintptr_t)object >> 4) * 0x9E3779B97F4A7C15ull >> 40) & (capacity - 1);
}

/// The entry of `object`, or the free one where it belongs.
static foreign_reference *find(foreign_references *table, const void *object) {
    uint32_t slot = slot_of(object, table->capacity);
    while (table->entries[slot].object != NULL && table->entries[slot].object != object) slot = (slot + 1) & (table->capacity - 1);
    return &table->entries[slot];
}

/// Takes an entry out and moves those behind it up, so that no search ends early.
static void removeEntry(foreign_references *table, foreign_reference *entry) {
    uint32_t mask = table->capacity - 1, hole = (uint32_t)(entry - table->entries), slot = hole;
    while (true) {
        slot = (slot + 1) & mask;
        if (table->entries[slot].object == NULL) break;
        uint32_t home = slot_of(table->entries[slot].object, table->capacity);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            table->entries[hole] = table->entries[slot];
            hole = slot;
        }
    }
    table->entries[hole].object = NULL;
    table->used--;
}

static void clear(foreign_reference *entries, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) entries[i] = (foreign_reference){0};
}

/// Doubles the table. The memory is asked for without the lock: where there is none, the job ends there.
static void grow(foreign_references *table, uint32_t capacity) {
    foreign_reference *larger = heap_allocate(2 * capacity * sizeof(foreign_reference), 16);
    foreign_reference *unused = larger;
    clear(larger, 2 * capacity);
    uint64_t flags = spin_acquire(&table->lock);
    if (table->capacity == capacity) {
        foreign_reference *old = table->entries;
        table->entries = larger;
        table->capacity = 2 * capacity;
        for (uint32_t i = 0; i < capacity; i++) {
            if (old[i].object != NULL) *find(table, old[i].object) = old[i];
        }
        unused = old == table->inline_entries ? NULL : old;
    }
    spin_release(&table->lock, flags);
    if (unused != NULL) heap_free(unused);
}

// Most code runs outside of what is noted: that is told apart first, by functions that need no frame.
#define APART __attribute__((noinline))

static APART void retain_in_job(void *object, uint32_t count) {
    foreign_references *table = table_for(object);
    if (table == NULL) {
        __atomic_fetch_add(count_of(object), count, __ATOMIC_RELAXED);
        return;
    }
    while (4 * table->used >= 3 * table->capacity) grow(table, table->capacity);
    uint64_t flags = spin_acquire(&table->lock);
    foreign_reference *entry = find(table, object);
    if (entry->object == NULL) {
        *entry = (foreign_reference){ object, 0 };
        table->used++;
    }
    entry->count += count;
    __atomic_fetch_add(count_of(object), count, __ATOMIC_RELAXED);
    spin_release(&table->lock, flags);
}

void *swift_retain_n(void *object, uint32_t count) {
    if ((intptr_t)object <= 0 || is_immortal(object)) return object;
    if (cpu_current_task()->references == NULL) {
        __atomic_fetch_add(count_of(object), count, __ATOMIC_RELAXED);
    } else {
        retain_in_job(object, count);
    }
    return object;
}

typedef __attribute__((swiftcall)) void (*destroyer)(__attribute__((swift_context)) void *);

/// After the last release: `left` is the count, which must not have fallen below 0.
static APART void destroy(void *object, uint64_t left) {
    if ((int64_t)(left << 1) < 0) __builtin_trap();
    // From here on nobody counts any more.
    __atomic_store_n(count_of(object), left | COUNT_MASK, __ATOMIC_RELAXED);
    (*(destroyer **)object)[1](object);
}

static APART void release_in_job(void *object, uint32_t count) {
    uint64_t flags = 0, left;
    foreign_references *table = table_for(object);
    if (table != NULL) {
        flags = spin_acquire(&table->lock);
        foreign_reference *entry = find(table, object);
        if (entry->object != NULL && (entry->count -= count) <= 0) removeEntry(table, entry);
    }
    left = __atomic_sub_fetch(count_of(object), count, __ATOMIC_ACQ_REL);
    // The last reference: until the object is destroyed the job is not ended in the middle.
    bool isShielded = table != NULL && (left & COUNT_MASK) == 0;
    if (isShielded) cpu_current_task()->keep_alive++;
    if (table != NULL) spin_release(&table->lock, flags);
    if ((int64_t)(left << 1) <= 0) destroy(object, left);
    if (isShielded) cpu_current_task()->keep_alive--;
}

void swift_release_n(void *object, uint32_t count) {
    if ((intptr_t)object <= 0 || is_immortal(object)) return;
    if (cpu_current_task()->references != NULL) {
        release_in_job(object, count);
        return;
    }
    uint64_t left = __atomic_sub_fetch(count_of(object), count, __ATOMIC_ACQ_REL);
    if ((int64_t)(left << 1) <= 0) destroy(object, left);
}

void *swift_retain(void *object) { return swift_retain_n(object, 1); }
void swift_release(void *object) { swift_release_n(object, 1); }

// Bridge objects carry tags in the bits outside of this mask; a set sign means that there is no object.
static void *untagged(void *object) {
    return (intptr_t)object < 0 ? NULL : (void *)((uintptr_t)object & 0x8FFFFFFFFFFFFFF8ull);
}

void *swift_bridgeObjectRetain_n(void *object, uint32_t count) { swift_retain_n(untagged(object), count); return object; }
void swift_bridgeObjectRelease_n(void *object, uint32_t count) { swift_release_n(untagged(object), count); }
void *swift_bridgeObjectRetain(void *object) { return swift_bridgeObjectRetain_n(object, 1); }
void swift_bridgeObjectRelease(void *object) { swift_bridgeObjectRelease_n(object, 1); }

void foreign_references_begin(foreign_references *table, uint32_t owner, uint32_t outer) {
    table->lock = (spin_lock){0};
    table->owner = owner;
    table->outer = outer;
    table->used = 0;
    table->capacity = FOREIGN_REFERENCES_INLINE;
    table->entries = table->inline_entries;
    clear(table->entries, table->capacity);
}

uint64_t foreign_references_give_back(foreign_references *table) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < table->capacity; i++) {
        foreign_reference entry = table->entries[i];
        if (entry.object == NULL) continue;
        total += (uint64_t)entry.count;
        swift_release_n(entry.object, (uint32_t)entry.count);
    }
    return total;
}

void foreign_references_end(foreign_references *table) {
    if (table->entries != table->inline_entries) heap_free(table->entries);
}
