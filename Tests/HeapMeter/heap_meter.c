// Stands before glibc's allocator, under its public names. Only for programs with one busy thread.
#include "heap_meter.h"
#include <errno.h>
#include <malloc.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static size_t live, peak;

static void *counted(void *pointer) {
    if (pointer) {
        size_t now = __atomic_add_fetch(&live, malloc_usable_size(pointer), __ATOMIC_RELAXED);
        if (now > __atomic_load_n(&peak, __ATOMIC_RELAXED)) __atomic_store_n(&peak, now, __ATOMIC_RELAXED);
    }
    return pointer;
}

static void discounted(void *pointer) {
    if (pointer) __atomic_sub_fetch(&live, malloc_usable_size(pointer), __ATOMIC_RELAXED);
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *pointer = counted(__libc_memalign(alignment, size));
    if (!pointer) return ENOMEM;
    *result = pointer;
    return 0;
}

void *realloc(void *pointer, size_t size) {
    size_t before = pointer ? malloc_usable_size(pointer) : 0;
    void *moved = __libc_realloc(pointer, size);
    if (!moved && size) return 0;
    __atomic_sub_fetch(&live, before, __ATOMIC_RELAXED);
    return counted(moved);
}

void free(void *pointer) {
    discounted(pointer);
    __libc_free(pointer);
}

size_t heap_live(void) { return __atomic_load_n(&live, __ATOMIC_RELAXED); }
size_t heap_peak(void) { return __atomic_load_n(&peak, __ATOMIC_RELAXED); }
void heap_reset_peak(void) { __atomic_store_n(&peak, heap_live(), __ATOMIC_RELAXED); }
