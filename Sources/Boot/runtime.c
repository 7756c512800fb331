// C library symbols that compiled Swift and C code call without being asked. Memory comes from the kernel's heap
// (Sources/Kernel/Memory/HeapSymbols.swift); this file has the rest.
#include <stddef.h>
#include <stdint.h>
#include "../CPU/include/cpu.h"

#define PLAIN __attribute__((no_builtin))

typedef uint64_t __attribute__((aligned(1), may_alias)) word;
typedef struct { uint64_t a, b, c, d; } __attribute__((packed, may_alias)) line;

PLAIN void *memcpy(void *to, const void *from, size_t count) {
    uint8_t *t = to;
    const uint8_t *f = from;
    while (count >= 32) {
        uint64_t a = ((const word *)f)[0], b = ((const word *)f)[1], c = ((const word *)f)[2], d = ((const word *)f)[3];
        ((word *)t)[0] = a; ((word *)t)[1] = b; ((word *)t)[2] = c; ((word *)t)[3] = d;
        t += 32; f += 32; count -= 32;
    }
    while (count >= 8) { *(word *)t = *(const word *)f; t += 8; f += 8; count -= 8; }
    while (count > 0) { *t++ = *f++; count--; }
    return to;
}

PLAIN void *memmove(void *to, const void *from, size_t count) {
    uint8_t *t = to;
    const uint8_t *f = from;
    if (t == f || count == 0) return to;
    if (t < f || t >= f + count) return memcpy(to, from, count);
    t += count;
    f += count;
    while (count >= 32) {
        t -= 32; f -= 32; count -= 32;
        uint64_t a = ((const word *)f)[0], b = ((const word *)f)[1], c = ((const word *)f)[2], d = ((const word *)f)[3];
        ((word *)t)[3] = d; ((word *)t)[2] = c; ((word *)t)[1] = b; ((word *)t)[0] = a;
    }
    while (count >= 8) { t -= 8; f -= 8; count -= 8; *(word *)t = *(const word *)f; }
    while (count > 0) { *--t = *--f; count--; }
    return to;
}

PLAIN void *memset(void *to, int value, size_t count) {
    uint8_t *t = to;
    uint64_t pattern = 0x0101010101010101u * (uint8_t)value;
    while (count >= 32) {
        ((word *)t)[0] = pattern; ((word *)t)[1] = pattern; ((word *)t)[2] = pattern; ((word *)t)[3] = pattern;
        t += 32; count -= 32;
    }
    while (count >= 8) { *(word *)t = pattern; t += 8; count -= 8; }
    while (count > 0) { *t++ = (uint8_t)value; count--; }
    return to;
}

PLAIN int memcmp(const void *left, const void *right, size_t count) {
    const uint8_t *l = left, *r = right;
    while (count >= 8 && *(const word *)l == *(const word *)r) { l += 8; r += 8; count -= 8; }
    for (; count > 0; l++, r++, count--) {
        if (*l != *r) return *l < *r ? -1 : 1;
    }
    return 0;
}

PLAIN size_t strlen(const char *text) {
    size_t n = 0;
    while (text[n] != 0) n++;
    return n;
}

/// Bytes for hash seeds. RDRAND where the processor has it, else a mix of the time-stamp counter; not for keys.
void arc4random_buf(void *buffer, size_t count) {
    static uint64_t state;
    bool hasRandom = cpu_cpuid(1, 0).ecx & (1u << 30);
    uint8_t *bytes = buffer;
    for (size_t i = 0; i < count; i++) {
        if (i % 8 == 0) {
            uint64_t value = 0;
            if (hasRandom) __asm__ volatile("rdrand %0" : "=r"(value) :: "cc");
            state = (state ^ value ^ cpu_tsc()) * 0x9e3779b97f4a7c15u;
            state ^= state >> 29;
        }
        bytes[i] = (uint8_t)(state >> (8 * (i % 8)));
    }
}

// The kernel's heap (Sources/Kernel/Memory/HeapSymbols.swift).
void *heap_allocate(size_t byteCount, size_t alignment);
void heap_free(void *pointer);

int posix_memalign(void **out, size_t alignment, size_t byteCount) {
    *out = heap_allocate(byteCount, alignment);
    return *out == NULL ? 12 : 0;
}

void free(void *pointer) {
    if (pointer != NULL) heap_free(pointer);
}

// Lazy globals. Whoever touches one first, it belongs to the JAX layer: initialised within a job it would be freed with the
// job.
#include "../CPU/include/cpu_local.h"

void swift_once(intptr_t *predicate, void (*initialise)(void *), void *context) {
    enum { FREE = 0, RUNNING = 1, DONE = -1 };
    if (__atomic_load_n(predicate, __ATOMIC_ACQUIRE) == DONE) return;
    intptr_t expected = FREE;
    while (!__atomic_compare_exchange_n(predicate, &expected, RUNNING, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
        if (expected == DONE) return;
        expected = FREE;
        cpu_pause();
    }
    uint32_t owner = cpu_current_task()->owner;
    if (owner != 0) cpu_current_task()->owner = 1;
    // Ended in the middle it would stay RUNNING: others would wait for ever.
    cpu_current_task()->keep_alive++;
    initialise(context);
    cpu_current_task()->keep_alive--;
    cpu_current_task()->owner = owner;
    __atomic_store_n(predicate, DONE, __ATOMIC_RELEASE);
}
