// Atomic operations on plain memory, for records that processors share. Sequentially consistent.
#pragma once
#include <stdint.h>
#include <stdbool.h>

#define ATOMIC_INLINE static inline __attribute__((always_inline))

ATOMIC_INLINE uint32_t atomic_load32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
ATOMIC_INLINE uint64_t atomic_load64(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
ATOMIC_INLINE void atomic_store32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }
ATOMIC_INLINE void atomic_store64(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }
/// Returns the value from before.
ATOMIC_INLINE uint32_t atomic_add32(uint32_t *p, uint32_t v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
ATOMIC_INLINE uint64_t atomic_add64(uint64_t *p, uint64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
ATOMIC_INLINE uint64_t atomic_or64(uint64_t *p, uint64_t v) { return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); }
ATOMIC_INLINE uint64_t atomic_and64(uint64_t *p, uint64_t v) { return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST); }
/// True when `*p` was `expected` and is `desired` now.
ATOMIC_INLINE bool atomic_replace32(uint32_t *p, uint32_t expected, uint32_t desired) {
    return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
