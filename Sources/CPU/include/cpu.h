// The processor instructions that Swift cannot express: ports, model-specific and control registers, fences, and
// memory-mapped registers. Nothing else of the tree touches hardware except through these.
#pragma once
#include <stdint.h>
#include <stdbool.h>

#define CPU_INLINE static inline __attribute__((always_inline))

CPU_INLINE uint8_t cpu_in8(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
CPU_INLINE uint16_t cpu_in16(uint16_t port) { uint16_t v; __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port)); return v; }
CPU_INLINE uint32_t cpu_in32(uint16_t port) { uint32_t v; __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port)); return v; }
CPU_INLINE void cpu_out8(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" :: "a"(v), "Nd"(port)); }
CPU_INLINE void cpu_out16(uint16_t port, uint16_t v) { __asm__ volatile("outw %0, %1" :: "a"(v), "Nd"(port)); }
CPU_INLINE void cpu_out32(uint16_t port, uint32_t v) { __asm__ volatile("outl %0, %1" :: "a"(v), "Nd"(port)); }

CPU_INLINE uint64_t cpu_read_msr(uint32_t msr) {
    uint32_t lo, hi; __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr)); return (uint64_t)hi << 32 | lo;
}
CPU_INLINE void cpu_write_msr(uint32_t msr, uint64_t v) {
    __asm__ volatile("wrmsr" :: "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
CPU_INLINE uint64_t cpu_read_cr0(void) { uint64_t v; __asm__ volatile("mov %%cr0, %0" : "=r"(v)); return v; }
CPU_INLINE uint64_t cpu_read_cr2(void) { uint64_t v; __asm__ volatile("mov %%cr2, %0" : "=r"(v)); return v; }
CPU_INLINE uint64_t cpu_read_cr3(void) { uint64_t v; __asm__ volatile("mov %%cr3, %0" : "=r"(v)); return v; }
CPU_INLINE uint64_t cpu_read_cr4(void) { uint64_t v; __asm__ volatile("mov %%cr4, %0" : "=r"(v)); return v; }
CPU_INLINE void cpu_write_cr0(uint64_t v) { __asm__ volatile("mov %0, %%cr0" :: "r"(v) : "memory"); }
CPU_INLINE void cpu_write_cr3(uint64_t v) { __asm__ volatile("mov %0, %%cr3" :: "r"(v) : "memory"); }
CPU_INLINE void cpu_write_cr4(uint64_t v) { __asm__ volatile("mov %0, %%cr4" :: "r"(v) : "memory"); }

/// Extended control register 0: which parts of the processor's state are saved. Needs CR4.OSXSAVE.
CPU_INLINE uint64_t cpu_read_xcr0(void) {
    uint32_t lo, hi; __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0)); return (uint64_t)hi << 32 | lo;
}

typedef struct { uint32_t eax, ebx, ecx, edx; } cpu_cpuid_result;
CPU_INLINE cpu_cpuid_result cpu_cpuid(uint32_t leaf, uint32_t subleaf) {
    cpu_cpuid_result r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}
CPU_INLINE uint64_t cpu_tsc(void) {
    uint32_t lo, hi; __asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)); return (uint64_t)hi << 32 | lo;
}
CPU_INLINE void cpu_invalidate_page(uintptr_t address) { __asm__ volatile("invlpg (%0)" :: "r"(address) : "memory"); }
CPU_INLINE void cpu_pause(void) { __asm__ volatile("pause" ::: "memory"); }
CPU_INLINE void cpu_halt(void) { __asm__ volatile("hlt" ::: "memory"); }
/// Enables interrupts and halts with no window between the two (Intel SDM vol. 2, STI).
CPU_INLINE void cpu_enable_interrupts_and_halt(void) { __asm__ volatile("sti; hlt" ::: "memory"); }
CPU_INLINE void cpu_enable_interrupts(void) { __asm__ volatile("sti" ::: "memory"); }
CPU_INLINE void cpu_disable_interrupts(void) { __asm__ volatile("cli" ::: "memory"); }
CPU_INLINE uint64_t cpu_flags(void) { uint64_t v; __asm__ volatile("pushfq; popq %0" : "=r"(v)); return v; }
CPU_INLINE void cpu_fence(void) { __asm__ volatile("mfence" ::: "memory"); }
CPU_INLINE void cpu_breakpoint(void) { __asm__ volatile("int3"); }

// Memory-mapped registers and memory shared with devices: accesses of exactly this width, never moved or merged.
CPU_INLINE uint8_t mmio_read8(uintptr_t a) { return *(volatile uint8_t *)a; }
CPU_INLINE uint16_t mmio_read16(uintptr_t a) { return *(volatile uint16_t *)a; }
CPU_INLINE uint32_t mmio_read32(uintptr_t a) { return *(volatile uint32_t *)a; }
CPU_INLINE uint64_t mmio_read64(uintptr_t a) { return *(volatile uint64_t *)a; }
CPU_INLINE void mmio_write8(uintptr_t a, uint8_t v) { *(volatile uint8_t *)a = v; }
CPU_INLINE void mmio_write16(uintptr_t a, uint16_t v) { *(volatile uint16_t *)a = v; }
CPU_INLINE void mmio_write32(uintptr_t a, uint32_t v) { *(volatile uint32_t *)a = v; }
CPU_INLINE void mmio_write64(uintptr_t a, uint64_t v) { *(volatile uint64_t *)a = v; }

// CRC-32C (Castagnoli), SSE4.2: one step over a byte or eight.
CPU_INLINE uint32_t cpu_crc32c_8(uint32_t crc, uint8_t v) { __asm__("crc32b %1, %0" : "+r"(crc) : "rm"(v)); return crc; }
CPU_INLINE uint64_t cpu_crc32c_64(uint64_t crc, uint64_t v) { __asm__("crc32q %1, %0" : "+r"(crc) : "rm"(v)); return crc; }

// Instructions that fault, for tests of the exception manager.
CPU_INLINE void cpu_test_divide_by_zero(void) { __asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx"); }
/// A division error whose frame cannot be pushed.
CPU_INLINE void cpu_test_double_fault(void) {
    __asm__ volatile("movabsq $0x8000000000000000, %%rsp; xorl %%ecx, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx", "memory");
}
/// The gate of machine checks, by an instruction.
CPU_INLINE void cpu_test_machine_check(void) { __asm__ volatile("int $18" ::: "memory"); }
CPU_INLINE void cpu_test_invalid_instruction(void) { __asm__ volatile("ud2"); }
