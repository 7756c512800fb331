// The hand-off record and the few steps that both boot paths share.
#include "boot.h"
#include "../CPU/include/cpu.h"

boot_info boot_record;

enum { COM1 = 0x3f8 };

void boot_say(const char *line) {
    cpu_out8(COM1 + 1, 0);
    cpu_out8(COM1 + 3, 0x80);
    cpu_out8(COM1 + 0, 1);
    cpu_out8(COM1 + 1, 0);
    cpu_out8(COM1 + 3, 3);
    cpu_out8(COM1 + 2, 7);
    for (const char *c = line;; c++) {
        for (uint32_t i = 0; i < 100000 && !(cpu_in8(COM1 + 5) & 0x20); i++) {}
        if (*c == 0) break;
        if (*c == '\n') cpu_out8(COM1, '\r');
        cpu_out8(COM1, (uint8_t)*c);
    }
    cpu_out8(COM1, '\r');
    cpu_out8(COM1, '\n');
}

_Noreturn void boot_fail(const char *line) {
    boot_say(line);
    for (;;) { cpu_disable_interrupts(); cpu_halt(); }
}

void boot_add_range(uint64_t base, uint64_t byte_count, boot_memory_kind kind) {
    if (byte_count == 0) return;
    if (boot_record.memory_range_count > 0) {
        boot_memory_range *last = &boot_record.memory_ranges[boot_record.memory_range_count - 1];
        if (last->kind == (uint32_t)kind && last->base + last->byte_count == base) {
            last->byte_count += byte_count;
            return;
        }
    }
    if (boot_record.memory_range_count == BOOT_MAX_MEMORY_RANGES) {
        boot_record.memory_ranges_dropped = 1;
        return;
    }
    boot_memory_range *range = &boot_record.memory_ranges[boot_record.memory_range_count++];
    range->base = base;
    range->byte_count = byte_count;
    range->kind = (uint32_t)kind;
}

void boot_copy_string(char *to, const char *from, uint32_t capacity) {
    uint32_t i = 0;
    for (; i + 1 < capacity && from[i] != 0; i++) to[i] = from[i];
    to[i] = 0;
}

extern char image_text_start[], image_text_end[], image_constants_start[], image_constants_end[];
extern char image_data_start[], image_data_end[];

boot_image_layout boot_get_image_layout(void) {
    return (boot_image_layout){
        (uint64_t)image_text_start, (uint64_t)image_text_end,
        (uint64_t)image_constants_start, (uint64_t)image_constants_end,
        (uint64_t)image_data_start, (uint64_t)image_data_end,
    };
}

extern const uint8_t image_symbols_start[], image_symbols_end[];

const uint8_t *boot_symbol_table(uint64_t *byte_count) {
    *byte_count = (uint64_t)(image_symbols_end - image_symbols_start);
    return image_symbols_start;
}
