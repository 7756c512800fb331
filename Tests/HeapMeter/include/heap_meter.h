// Counts the C heap of a test program: all of its allocations go through here.
#pragma once
#include <stddef.h>

/// Bytes allocated and not freed.
size_t heap_live(void);
/// The most that `heap_live` has been since `heap_reset_peak`.
size_t heap_peak(void);
void heap_reset_peak(void);
