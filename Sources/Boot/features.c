// Turns on the processor features that compiled Swift relies on. Every processor runs this before its first Swift
// function. Intel SDM vol. 1, 13.2 (XSAVE), 14.3 (detection of AVX) and 15.2 (detection of AVX-512).
#include "boot.h"
#include "../CPU/include/cpu.h"

enum {
    CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR0_NE = 1 << 5, CR0_WP = 1 << 16,
    CR4_MCE = 1 << 6, CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10, CR4_OSXSAVE = 1 << 18,
    XCR0_X87_SSE_AVX = 7,
    XCR0_AVX512 = 7 << 5,               // mask registers, the upper halves of ZMM0-15, ZMM16-31: all or none
    EFER = 0xc0000080, EFER_NXE = 1 << 11,
};

// Leaf 1: FMA, SSE4.2, MOVBE, POPCNT, XSAVE, AVX, F16C. Leaf 7: BMI1, AVX2, BMI2. Leaf 0x80000001: LZCNT.
static const uint32_t leaf1_ecx = 1u << 12 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 26 | 1u << 28 | 1u << 29;
static const uint32_t leaf7_ebx = 1u << 3 | 1u << 5 | 1u << 8;
static const uint32_t extended_ecx = 1u << 5;

uint64_t xsave_area_bytes;

// What the processor has of the state that an interrupted task must find again.
static uint32_t vector_state(void) {
    bool has_avx512 = cpu_cpuid(7, 0).ebx & 1u << 16;
    bool can_save = (cpu_cpuid(0xD, 0).eax & XCR0_AVX512) == XCR0_AVX512;
    return XCR0_X87_SSE_AVX | (has_avx512 && can_save ? XCR0_AVX512 : 0);
}

void boot_enable_processor_features(void) {
    uint32_t highest = cpu_cpuid(0, 0).eax;
    bool complete = highest >= 7
        && (cpu_cpuid(1, 0).ecx & leaf1_ecx) == leaf1_ecx
        && (cpu_cpuid(7, 0).ebx & leaf7_ebx) == leaf7_ebx
        && (cpu_cpuid(0x80000001, 0).ecx & extended_ecx) == extended_ecx;
    if (!complete) boot_fail("BareJAX needs a processor with AVX2, FMA, F16C, BMI2 and LZCNT; this one lacks them. Halted.");

    cpu_write_cr0((cpu_read_cr0() & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP);
    cpu_write_cr4(cpu_read_cr4() | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
    __asm__ volatile("xsetbv" :: "c"(0), "a"(vector_state()), "d"(0));
    // What XSAVE writes of the state just enabled; the same on all processors, which store it one after the other.
    xsave_area_bytes = (cpu_cpuid(0xD, 0).ebx + 63u) & ~63u;
    cpu_write_msr(EFER, cpu_read_msr(EFER) | EFER_NXE);
}
