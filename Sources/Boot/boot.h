// What the two boot paths share: the record, the processor's features, and the first lines on COM1.
#pragma once
#include "boot_info.h"

/// The one hand-off record.
extern boot_info boot_record;

/// Enables SSE, AVX and, where the processor has it, AVX-512 state (CR4, XCR0). Without AVX2 and its companions says so in one
/// line on COM1 and halts. Runs before the first Swift function, because Swift code is compiled for AVX2.
void boot_enable_processor_features(void);

/// Bytes that XSAVE needs for the state just enabled (CPUID leaf 0xD), a multiple of 64; traps.S makes room for it.
extern uint64_t xsave_area_bytes;

/// Sends a line to COM1, polling; works with no kernel at all.
void boot_say(const char *line);

/// Says the line and halts for ever.
_Noreturn void boot_fail(const char *line);

void boot_add_range(uint64_t base, uint64_t byte_count, boot_memory_kind kind);
void boot_copy_string(char *to, const char *from, uint32_t capacity);

/// The kernel's Swift entry (Sources/Main/Start.swift).
_Noreturn void kernel_main(const boot_info *info);
