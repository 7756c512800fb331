// What a running job holds of objects that are not its own (references.c).
#pragma once
#include <stdint.h>
#include "../../CPU/include/cpu_local.h"

typedef struct foreign_reference {
    void *object;
    int64_t count;
} foreign_reference;

enum { FOREIGN_REFERENCES_INLINE = 32 };

/// References by object: a hash table with open addressing, at first in `inline_entries`.
typedef struct foreign_references {
    spin_lock lock;
    /// The job's owner of memory; objects of the kernel, of the JAX layer and of `outer` are noted while it is the one charged.
    uint32_t owner;
    /// Whoever was charged where the job began: the one that it runs within.
    uint32_t outer;
    uint32_t used, capacity;
    foreign_reference *entries;
    foreign_reference inline_entries[FOREIGN_REFERENCES_INLINE];
} foreign_references;

/// How owners of blocks are found: the states of `count` page frames, and where physical memory is mapped.
void references_start(const uint8_t *states, uint64_t count, uint64_t map);

/// Makes the table empty. It must not move from then on.
void foreign_references_begin(foreign_references *table, uint32_t owner, uint32_t outer);

/// Releases what is still noted: for a job whose frames are gone. Returns how many references there were.
uint64_t foreign_references_give_back(foreign_references *table);

/// Gives back the table's memory; what is noted is forgotten.
void foreign_references_end(foreign_references *table);
