// Turns on the processor features that compiled Swift relies on. Every processor runs this before its first Swift
// function. Intel SDM vol. 1, 13.2 (XSAVE) and 14.3 (detection of AVX).
#include "boot.h"
#include "../CPU/include/cpu.h"

enum {
    CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR0_NE = 1 << 5, CR0_WP = 1 << 16,
    CR4_MCE = 1 << 6, CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10, CR4_OSXSAVE = 1 << 18,
    XCR0_X87_SSE_AVX = 7,
    EFER = 0xc0000080, EFER_NXE = 1 << 11,
};

// Leaf 1: FMA, SSE4.2, MOVBE, POPCNT, XSAVE, AVX, F16C. Leaf 7: BMI1, AVX2, BMI2. Leaf 0x80000001: LZCNT.
static const uint32_t leaf1_ecx = 1u << 12 | 1u << 20 | 1u << 22 | 1u << 23 | 1u << 26 | 1u << 28 | 1u << 29;
static const uint32_t leaf7_ebx = 1u << 3 | 1u << 5 | 1u << 8;
static const uint32_t extended_ecx = 1u << 5;

void boot_enable_processor_features(void) {
    uint32_t highest = cpu_cpuid(0, 0).eax;
    bool complete = highest >= 7
        && (cpu_cpuid(1, 0).ecx & leaf1_ecx) == leaf1_ecx
        && (cpu_cpuid(7, 0).ebx & leaf7_ebx) == leaf7_ebx
        && (cpu_cpuid(0x80000001, 0).ecx & extended_ecx) == extended_ecx;
    if (!complete) boot_fail("BareJAX needs a processor with AVX2, FMA, F16C, BMI2 and LZCNT; this one lacks them. Halted.");

    cpu_write_cr0((cpu_read_cr0() & ~(uint64_t)(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_WP);
    cpu_write_cr4(cpu_read_cr4() | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
    __asm__ volatile("xsetbv" :: "c"(0), "a"(XCR0_X87_SSE_AVX), "d"(0));
    cpu_write_msr(EFER, cpu_read_msr(EFER) | EFER_NXE);
}
