// Starting the other processors.
#pragma once
#include <stdint.h>

/// The page that application processors start at, in real mode. Never given to the page allocator.
enum { BOOT_TRAMPOLINE_PAGE = 8 };

/// Copies the trampoline to `page` (the mapping of physical page 8) and prepares the way from there into the kernel: each
/// processor that arrives takes the next of `count` stacks (their upper ends) and calls processor_main with its number.
/// `physical` translates an address inside the image. Returns 0 where the image lies beyond 4 GiB.
int boot_prepare_processors(void *page, uint64_t (*physical)(const void *), uint64_t kernel_page_map,
                            const uint64_t *stacks, uint32_t count);

/// Processors that have taken a stack.
uint32_t boot_processors_arrived(void);

/// Enables SSE and AVX on the processor that calls it.
void boot_enable_processor_features(void);
