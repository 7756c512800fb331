// Fills the trampoline page and the tables that application processors start on.
#include "include/processors.h"
#include <stddef.h>

extern const uint8_t ap_trampoline_start[], ap_trampoline_end[], ap_trampoline_entry[], ap_trampoline_page_map[];
extern void ap_entry(void);
extern uint64_t ap_page_map[512], ap_pointers[512], ap_directories[4 * 512], ap_kernel_page_map;
extern uint32_t ap_next_slot, ap_slot_count;
extern const uint64_t *ap_stacks;
void *memcpy(void *, const void *, size_t);

enum { PRESENT_WRITABLE = 3, LARGE_PAGE = 0x83 };

int boot_prepare_processors(void *page, uint64_t (*physical)(const void *), uint64_t kernel_page_map,
                            const uint64_t *stacks, uint32_t count) {
    uint64_t map = physical(ap_page_map), pointers = physical(ap_pointers);
    if (map >> 32 || kernel_page_map == 0) return 0;
    ap_page_map[0] = pointers | PRESENT_WRITABLE;
    for (uint64_t i = 0; i < 4; i++) ap_pointers[i] = physical(&ap_directories[512 * i]) | PRESENT_WRITABLE;
    for (uint64_t i = 0; i < 4 * 512; i++) ap_directories[i] = i << 21 | LARGE_PAGE;
    ap_kernel_page_map = kernel_page_map;
    ap_stacks = stacks;
    ap_next_slot = 0;
    ap_slot_count = count;

    memcpy(page, ap_trampoline_start, (size_t)(ap_trampoline_end - ap_trampoline_start));
    uint64_t entry = (uint64_t)ap_entry;
    memcpy((uint8_t *)page + (ap_trampoline_entry - ap_trampoline_start), &entry, 8);
    memcpy((uint8_t *)page + (ap_trampoline_page_map - ap_trampoline_start), &map, 8);
    return 1;
}

uint32_t boot_processors_arrived(void) { return *(volatile uint32_t *)&ap_next_slot; }
